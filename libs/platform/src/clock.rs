//! The time of day as a dependency, so that expiry, caps and quiet hours can be tested.
//!
//! Durations of work are measured with the monotonic clock where they happen; this is wall time only.

use jiff::Timestamp;

/// Tells the time of day. Every decision reads it once and judges everything by that instant.
pub trait Clock: Send + Sync + 'static {
    /// The present instant, in whole milliseconds: what is stored reads back equal.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where time comes from")]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_time_has_whole_milliseconds() {
        let now = SystemClock.now();
        assert_eq!(now.as_nanosecond() % 1_000_000, 0);
    }
}
