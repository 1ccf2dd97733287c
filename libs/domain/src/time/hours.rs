//! Windows of local hours: opening hours, and the hours outside the quiet ones.

use serde::{Deserialize, Serialize};

use super::{InvalidTime, Timestamp, Zone};

/// Hours in a day.
const DAY: u8 = 24;

/// A daily window of whole local hours, from the first (inclusive) until the last (exclusive).
///
/// `08–20` is daytime, `20–08` wraps midnight, `00–24` is always. The clock on the wall decides: an hour that
/// daylight saving skips is never inside, one that it repeats is inside both times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawHours", into = "RawHours")]
pub struct LocalHours {
    from: u8,
    until: u8,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHours {
    from: u8,
    until: u8,
}

impl LocalHours {
    /// Every hour of the day.
    pub const ALWAYS: Self = Self {
        from: 0,
        until: DAY,
    };

    /// A window from one hour (0 to 23) until another (1 to 24; 0 is written as 24).
    ///
    /// # Errors
    ///
    /// [`InvalidTime::Hours`] out of range, or when both are the same: nobody could say whether that means always or
    /// never.
    pub const fn new(from: u8, until: u8) -> Result<Self, InvalidTime> {
        if from >= DAY || until == 0 || until > DAY || from == until {
            return Err(InvalidTime::Hours);
        }
        Ok(Self { from, until })
    }

    /// First hour inside, 0 to 23.
    pub const fn from(self) -> u8 {
        self.from
    }

    /// First hour after, 1 to 24.
    pub const fn until(self) -> u8 {
        self.until
    }

    /// Whether the instant falls into the window, by the clock on the wall of the zone.
    pub fn contains(self, zone: &Zone, instant: Timestamp) -> bool {
        let hour = zone.hour(instant);
        if self.from < self.until {
            self.from <= hour && hour < self.until
        } else {
            self.from <= hour || hour < self.until
        }
    }
}

impl TryFrom<RawHours> for LocalHours {
    type Error = InvalidTime;

    fn try_from(raw: RawHours) -> Result<Self, InvalidTime> {
        let RawHours { from, until } = raw;
        Self::new(from, until)
    }
}

impl From<LocalHours> for RawHours {
    fn from(hours: LocalHours) -> Self {
        let LocalHours { from, until } = hours;
        Self { from, until }
    }
}
