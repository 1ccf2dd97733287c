//! What was decided on a moment, and all that it was decided on.

use domain::assessment::Assessment;
use domain::id::{DecisionId, InterventionId, MomentId, SessionId};
use domain::moment::Moment;
use domain::time::Timestamp;
use domain::word::closed_enum;
use serde::{Deserialize, Serialize};

use crate::decide::Step;

/// What was decided on one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Decision {
    pub(crate) id: DecisionId,
    pub(crate) moment: MomentId,
    pub(crate) session: SessionId,
    pub(crate) outcome: Outcome,
    /// The intervention that it concerns; `None` when no play qualified.
    pub(crate) intervention: Option<InterventionId>,
    pub(crate) decided_at: Timestamp,
}

/// A decision with all that it saw: enough to tell why, and to run it again through another play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Explanation {
    pub(crate) decision: Decision,
    pub(crate) steps: Vec<Step>,
    pub(crate) moment: Moment,
    pub(crate) assessment: Assessment,
}

closed_enum! {
    /// What came out of a decision.
    pub enum Outcome {
        /// No play matched.
        NotQualified = "not_qualified",
        /// The plays that match have qualified in this session before.
        Duplicate = "duplicate",
        /// The person is held out.
        HeldOut = "held_out",
        /// A reason forbids it.
        Blocked = "blocked",
        /// Help is on its way.
        Scheduled = "scheduled",
        /// The order is placed.
        Ordered = "ordered",
    }
}
