//! How long to wait before the next attempt.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);
/// Long enough to spare a destination that is down, short enough to go on at once when it is back.
const LONGEST: Duration = Duration::from_secs(2);

/// 100 ms after the first attempt in vain, twice as long after each further one, 2 s at most; then 20 % more or less, so
/// that senders who failed together do not come back together.
pub(super) fn pause_after(attempts: u32) -> Duration {
    let doublings = attempts.saturating_sub(1).min(16);
    let pause = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    pause.mul_f64(rand::random_range(0.8..1.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_bounded() {
        assert!(pause_after(1) <= Duration::from_millis(120));
        assert!(pause_after(3) >= Duration::from_millis(320));
        for attempts in [0, 7, 100, u32::MAX] {
            assert!(pause_after(attempts) <= Duration::from_secs(3));
        }
    }
}
