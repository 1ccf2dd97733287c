//! How many retries a connection may spend: about a tenth of its calls, and none while most of them fail.

use std::sync::atomic::{AtomicI32, Ordering};

/// In tenths of a token.
const FULL: i32 = 100;
const COST_OF_FAILURE: i32 = 10;
const GAIN_OF_SUCCESS: i32 = 1;

/// A token bucket: a failure takes one token, a success gives a tenth of one, retries stop at half.
#[derive(Debug)]
pub(super) struct Budget(AtomicI32);

impl Default for Budget {
    fn default() -> Self {
        Self(AtomicI32::new(FULL))
    }
}

impl Budget {
    pub(super) fn success(&self) {
        self.add(GAIN_OF_SUCCESS);
    }

    /// Notes a failure, and says whether it may be retried.
    pub(super) fn failure(&self) -> bool {
        self.add(-COST_OF_FAILURE) > FULL / 2
    }

    fn add(&self, change: i32) -> i32 {
        let next = |tokens: i32| tokens.saturating_add(change).clamp(0, FULL);
        let before = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| {
                Some(next(tokens))
            });
        next(before.unwrap_or_else(|tokens| tokens))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_stop_while_everything_fails_and_come_back_slowly() {
        let budget = Budget::default();
        let allowed = (0..100).filter(|_| budget.failure()).count();
        assert_eq!(allowed, 4);
        (0..60).for_each(|_| budget.success());
        assert!(!budget.failure());
        (0..60).for_each(|_| budget.success());
        assert!(budget.failure());
    }

    #[test]
    fn at_one_failure_in_three_retries_stay_below_a_tenth_of_calls() {
        let budget = Budget::default();
        let mut retries = 0;
        for call in 0..10_000 {
            if call % 3 == 0 {
                retries += i32::from(budget.failure());
            } else {
                budget.success();
            }
        }
        assert!(retries <= 1_000, "{retries}");
    }
}
