//! What was decided on a moment, and all that it was decided on.

use domain::assessment::Assessment;
use domain::id::{DecisionId, InterventionId, MomentId, SessionId};
use domain::moment::Moment;
use domain::time::Timestamp;
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

/// What came out of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// No play matched.
    NotQualified,
    /// The plays that match have qualified in this session before.
    Duplicate,
    /// The person is held out.
    HeldOut,
    /// A reason forbids it.
    Blocked,
    /// Help is on its way.
    Scheduled,
    /// The order is placed.
    Ordered,
}

impl Outcome {
    /// Every outcome.
    pub(crate) const ALL: [Self; 6] = [
        Self::NotQualified,
        Self::Duplicate,
        Self::HeldOut,
        Self::Blocked,
        Self::Scheduled,
        Self::Ordered,
    ];

    /// The outcome as it is stored.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::NotQualified => "not_qualified",
            Self::Duplicate => "duplicate",
            Self::HeldOut => "held_out",
            Self::Blocked => "blocked",
            Self::Scheduled => "scheduled",
            Self::Ordered => "ordered",
        }
    }
}
