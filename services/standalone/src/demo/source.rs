//! All that the demo saw, for its checks and its report.

use super::reading::Reading;
use super::stage::Taken;
use crate::replay::{Outcome, Recorded};

/// What was sent, what was played, and what the services said of it.
pub(super) struct Source<'a> {
    pub(super) replayed: Outcome,
    /// The replay of some events for the second time.
    pub(super) again: Outcome,
    pub(super) recording: &'a [Recorded],
    pub(super) taken: &'a Taken,
    pub(super) reading: &'a Reading,
}
