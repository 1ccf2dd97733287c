//! Budgets by period: when a period ends, and what of its money the next one has too.
//!
//! Periods follow each other without gaps, from midnight to midnight in UTC. Which one is open is stored and not worked out
//! from the clock: a period lasts until its end is booked, so that all replicas draw on the same one.

use domain::closed_enum;
use domain::money::Money;
use domain::time::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::day::Day;

/// From the first of any month, this many days later is in the next month and not in the one after it.
const LONGEST_MONTH: i64 = 31;
const WEEK: i64 = 7;
/// Days from a Monday to 1970-01-01, which was a Thursday.
const FROM_MONDAY: i64 = 3;

closed_enum! {
    /// How long a period is.
    pub enum PeriodLength {
        /// A day.
        Day = "day",
        /// Seven days, from a Monday on.
        Week = "week",
        /// A calendar month.
        Month = "month",
    }
}

/// What the next period has of the room that is left when one ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CarryOver {
    /// Nothing: it lapses.
    Nothing,
    /// All of it.
    All,
    /// At most so much; the rest lapses.
    AtMost(Money),
}

/// The periods of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BudgetPeriods {
    pub(crate) length: PeriodLength,
    pub(crate) carry_over: CarryOver,
    /// What each period begins with, beside what is carried into it.
    pub(crate) allowance: Money,
    /// The first day of the period that is open.
    pub(crate) open: Day,
}

/// What becomes of room that a period has no use for any more, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rest {
    pub(crate) carried: i64,
    pub(crate) lapsed: i64,
}

impl PeriodLength {
    /// The first day of the period that a day is in.
    pub(crate) fn first_day(self, day: Day) -> Day {
        let days_in = match self {
            Self::Day => 0,
            Self::Week => day.number().saturating_add(FROM_MONDAY).rem_euclid(WEEK),
            Self::Month => {
                let date = day.start().to_zoned(TimeZone::UTC).date();
                i64::from(date.day()).saturating_sub(1)
            }
        };
        day.plus(days_in.saturating_neg())
    }

    /// The first day after the period that begins on a day.
    fn after(self, first: Day) -> Day {
        match self {
            Self::Day => first.plus(1),
            Self::Week => first.plus(WEEK),
            Self::Month => self.first_day(first.plus(LONGEST_MONTH)),
        }
    }
}

impl BudgetPeriods {
    /// The first instant of the open period.
    pub(crate) fn starts_at(&self) -> Timestamp {
        self.open.start()
    }

    /// The first instant after the open period.
    pub(crate) fn ends_at(&self) -> Timestamp {
        self.length.after(self.open).start()
    }

    /// The same, with the next period open.
    #[must_use]
    pub(crate) fn next(self) -> Self {
        Self {
            open: self.length.after(self.open),
            ..self
        }
    }

    /// What becomes of minor units of room that a period has left after its end, when so much was carried out of it before.
    pub(crate) fn rest(&self, room: i64, carried_before: i64) -> Rest {
        let carried = match self.carry_over {
            CarryOver::Nothing => 0,
            CarryOver::All => room,
            CarryOver::AtMost(most) => {
                let left = most.minor_units().saturating_sub(carried_before).max(0);
                room.min(left)
            }
        };
        Rest {
            carried,
            lapsed: room.saturating_sub(carried),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use testkit::builders::usd;

    use super::*;

    fn day(date: &str) -> Day {
        Day::of(format!("{date}T12:00:00Z").parse().unwrap())
    }

    fn periods(carry_over: CarryOver) -> BudgetPeriods {
        BudgetPeriods {
            length: PeriodLength::Month,
            carry_over,
            allowance: usd(1_000),
            open: day("2026-03-01"),
        }
    }

    #[test]
    fn periods_begin_at_midnight_on_mondays_and_on_the_first() {
        for (length, of, first, next) in [
            (PeriodLength::Day, "2026-03-04", "2026-03-04", "2026-03-05"),
            (PeriodLength::Week, "2026-03-04", "2026-03-02", "2026-03-09"),
            (PeriodLength::Week, "2026-03-02", "2026-03-02", "2026-03-09"),
            (PeriodLength::Week, "2026-03-01", "2026-02-23", "2026-03-02"),
            (
                PeriodLength::Month,
                "2026-01-31",
                "2026-01-01",
                "2026-02-01",
            ),
            (
                PeriodLength::Month,
                "2028-02-29",
                "2028-02-01",
                "2028-03-01",
            ),
            (
                PeriodLength::Month,
                "2026-12-31",
                "2026-12-01",
                "2027-01-01",
            ),
        ] {
            assert_eq!(length.first_day(day(of)), day(first), "{length} of {of}");
            assert_eq!(
                length.after(day(first)),
                day(next),
                "{length} after {first}"
            );
        }
    }

    #[test]
    fn a_month_ends_where_the_next_one_starts() {
        let march = periods(CarryOver::All);

        assert_eq!(march.starts_at(), "2026-03-01T00:00:00Z".parse().unwrap());
        assert_eq!(march.ends_at(), march.next().starts_at());
    }

    #[test]
    fn room_is_carried_as_the_setting_says() {
        let rest = |carried, lapsed| Rest { carried, lapsed };
        let capped = CarryOver::AtMost(usd(300));
        for (carry_over, before, expected) in [
            (CarryOver::Nothing, 0, rest(0, 500)),
            (CarryOver::All, 900, rest(500, 0)),
            (capped, 0, rest(300, 200)),
            (capped, 250, rest(50, 450)),
            (capped, 400, rest(0, 500)),
        ] {
            assert_eq!(
                periods(carry_over).rest(500, before),
                expected,
                "{carry_over:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn every_day_is_in_one_period(number in -100_000_i64..1_000_000) {
            let day = Day::from_number(number).unwrap();
            for length in PeriodLength::ALL {
                let first = length.first_day(day);
                let after = length.after(first);

                prop_assert!(first <= day && day < after, "{length}");
                prop_assert_eq!(length.first_day(after), after);
            }
        }
    }
}
