//! What policies answered, kept by what they looked at: two questions that look alike to them have one answer.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use domain::offer::OfferRefusal;

use super::question::PolicyName;

/// Most answers that are kept for one remedy of one role. All are forgotten at once when there are more: what is asked often
/// is soon there again.
const MOST_KEPT: usize = 2_048;
/// Most answers that all policies of the process keep together, at some hundred bytes each. Beyond that a policy keeps only in
/// the place of what it kept before.
const MOST_IN_ALL: usize = 131_072;

/// How many are kept by all policies.
static KEPT: AtomicUsize = AtomicUsize::new(0);

/// What Cedar says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) is_allowed: bool,
    pub(super) decided_by: Vec<PolicyName>,
    /// Whether the policies that decided are some that cannot be worked out.
    pub(super) is_unsound: bool,
    /// What the policies that forbid it say to that.
    pub(super) refusals: Vec<OfferRefusal>,
}

/// Answers by everything that they depend on.
#[derive(Debug, Default)]
pub(super) struct Answers(Mutex<Kept>);

type Kept = HashMap<Vec<u8>, Arc<Answer>>;

impl Answers {
    pub(super) fn get(&self, look: &[u8]) -> Option<Arc<Answer>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(look).map(Arc::clone)
    }

    pub(super) fn keep(&self, look: Vec<u8>, answer: &Arc<Answer>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_KEPT || KEPT.load(Ordering::Relaxed) >= MOST_IN_ALL {
            forget(&mut kept);
        }
        if KEPT.load(Ordering::Relaxed) < MOST_IN_ALL
            && kept.insert(look, Arc::clone(answer)).is_none()
        {
            KEPT.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        forget(self.0.get_mut().unwrap_or_else(PoisonError::into_inner));
    }
}

fn forget(kept: &mut Kept) {
    KEPT.fetch_sub(kept.len(), Ordering::Relaxed);
    kept.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_and_given_back() {
        let answer = Arc::new(Answer::default());
        let answers = Answers::default();
        for number in 0..=MOST_KEPT {
            answers.keep(number.to_be_bytes().to_vec(), &answer);
        }

        let kept = answers.0.lock().unwrap().len();
        assert_eq!(kept, 1, "all are forgotten when there are too many");
        answers.keep(MOST_KEPT.to_be_bytes().to_vec(), &answer);
        assert_eq!(answers.0.lock().unwrap().len(), 1, "it was there");
        assert!(answers.get(&MOST_KEPT.to_be_bytes()).is_some());
        drop(answers);
        assert!(KEPT.load(Ordering::Relaxed) < MOST_IN_ALL);
    }
}
