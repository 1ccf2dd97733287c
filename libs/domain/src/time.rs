//! Instants, spans and local hours.
//!
//! An instant is a `Timestamp`; what is stored or sent is its whole milliseconds. Local time exists for one purpose,
//! to ask whether an instant falls into local hours; the zone rules are bundled, so that every host answers alike.

mod hours;
mod zone;

use std::time::Duration;

pub use hours::LocalHours;
pub use jiff::Timestamp;
pub use zone::Zone;

/// Why a value is not a time, a zone or a window of hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTime {
    /// The instant is not between the years -9999 and 9999.
    #[error("must be an instant between the years -9999 and 9999")]
    Instant,
    /// The name is not in the time zone database.
    #[error("must be an iana time zone name such as `Europe/Madrid`")]
    Zone,
    /// The window of hours is empty, whole days too many, or beyond the day.
    #[error("must be two different hours, from 0 to 23 and until 1 to 24")]
    Hours,
}

/// The instant so many milliseconds after 1970-01-01T00:00Z.
///
/// # Errors
///
/// [`InvalidTime::Instant`] outside the years -9999 to 9999.
pub fn from_millis(millis: i64) -> Result<Timestamp, InvalidTime> {
    Timestamp::from_millisecond(millis).map_err(|_| InvalidTime::Instant)
}

/// Whole milliseconds since 1970-01-01T00:00Z, rounded down, also before 1970.
pub fn to_millis(instant: Timestamp) -> i64 {
    let towards_zero = instant.as_millisecond();
    if instant.subsec_nanosecond() % 1_000_000 < 0 {
        towards_zero.saturating_sub(1)
    } else {
        towards_zero
    }
}

/// The instant rounded down to a whole millisecond: what is left of it after it was stored.
pub fn truncate_to_millis(instant: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(to_millis(instant)).unwrap_or(Timestamp::MIN)
}

/// The time from one instant to another; zero when they are reversed, as clocks of two hosts may be.
pub fn elapsed(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// The instant so much later; stops at the end of time.
pub fn later(instant: Timestamp, by: Duration) -> Timestamp {
    instant.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// The instant so much earlier; stops at the beginning of time.
pub fn earlier(instant: Timestamp, by: Duration) -> Timestamp {
    instant.checked_sub(by).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests;
