//! The days that purses are good for.

use domain::time::{InvalidTime, Timestamp, from_millis, to_millis};
use serde::{Deserialize, Serialize};

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1_000;

/// A day in UTC, for which a purse is good; counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Day(i64);

impl Day {
    /// The day of an instant.
    pub(crate) fn of(instant: Timestamp) -> Self {
        Self(to_millis(instant).div_euclid(DAY_MILLIS))
    }

    /// Its first instant; for the first day of all time, the first instant of that.
    pub(crate) fn start(self) -> Timestamp {
        from_millis(self.0.saturating_mul(DAY_MILLIS)).unwrap_or(Timestamp::MIN)
    }

    /// The day so many days later, or earlier when it is below zero.
    pub(crate) fn plus(self, days: i64) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Days since 1970-01-01.
    pub(crate) fn number(self) -> i64 {
        self.0
    }

    /// Reads [`number`](Self::number) back.
    ///
    /// # Errors
    /// The day is in no year that an instant can be in.
    pub(crate) fn from_number(number: i64) -> Result<Self, InvalidTime> {
        let start = number.checked_mul(DAY_MILLIS).ok_or(InvalidTime::Instant)?;
        from_millis(start).map(Self::of)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::time::earlier;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_day_turns_at_midnight_in_utc() {
        let midnight = "2026-03-03T00:00:00Z".parse().unwrap();
        let before = earlier(midnight, Duration::from_millis(1));

        assert_eq!(Day::of(before).number() + 1, Day::of(midnight).number());
    }

    proptest! {
        #[test]
        fn days_read_back(millis in -100_000_000_000_000_i64..100_000_000_000_000) {
            let day = Day::of(from_millis(millis).unwrap());

            prop_assert_eq!(Day::from_number(day.number()), Ok(day));
        }
    }
}
