//! A clock that moves only when a test says so. Rules about time are tested at the millisecond before and after,
//! never by waiting.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use domain::time::{Timestamp, from_millis, later};
use platform::clock::Clock;

/// 2026-03-02T10:00:00Z, a Monday morning: inside opening hours in most zones and far from a change of clocks.
const START_MILLIS: i64 = 1_772_445_600_000;

/// Time as a test decides it. Clones share one time, so a test keeps a handle to the clock that it gave away.
#[derive(Debug, Clone)]
pub struct FakeClock {
    now: Arc<Mutex<Timestamp>>,
}

impl FakeClock {
    /// A clock that stands at 2026-03-02T10:00:00Z.
    pub fn new() -> Self {
        Self::at(start())
    }

    pub fn at(now: Timestamp) -> Self {
        Self {
            now: Arc::new(Mutex::new(now)),
        }
    }

    /// Moves forward and returns the time reached.
    pub fn advance(&self, by: Duration) -> Timestamp {
        let mut now = self.lock();
        *now = later(*now, by);
        *now
    }

    /// Jumps, also backwards: services must survive a clock that is set.
    pub fn set(&self, to: Timestamp) {
        *self.lock() = to;
    }

    /// The form that services take.
    pub fn shared(&self) -> Arc<dyn Clock> {
        Arc::new(self.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Timestamp> {
        self.now.lock().expect("no test panicked in the clock")
    }
}

impl Default for FakeClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        *self.lock()
    }
}

/// Where a new [`FakeClock`] stands; the builders date their values by it.
pub fn start() -> Timestamp {
    from_millis(START_MILLIS).expect("a valid instant")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_one_time() {
        let clock = FakeClock::new();
        let service = clock.shared();

        clock.advance(Duration::from_millis(1_500));

        assert_eq!(service.now().to_string(), "2026-03-02T10:00:01.5Z");
    }
}
