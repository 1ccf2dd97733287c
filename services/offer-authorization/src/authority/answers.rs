//! What policies answered, kept by what they looked at: two questions that look alike to them have one answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::offer::OfferRefusal;

use super::question::PolicyName;

/// Most answers that are kept for one remedy of one role. All are forgotten at once when there are more: what is asked often
/// is soon there again.
const MOST_KEPT: usize = 2_048;

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
pub(super) struct Answers(Mutex<HashMap<Vec<u8>, Arc<Answer>>>);

impl Answers {
    pub(super) fn get(&self, look: &[u8]) -> Option<Arc<Answer>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(look).map(Arc::clone)
    }

    pub(super) fn keep(&self, look: Vec<u8>, answer: &Arc<Answer>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(look, Arc::clone(answer));
    }
}
