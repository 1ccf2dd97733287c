//! Assessments: how likely a session ends without an order, and why.
//!
//! The numbers here are floats because a model made them. They are carried and compared, never calculated with; the
//! arithmetic lives in risk-scoring.

mod name;
mod score;

use serde::{Deserialize, Serialize};

use crate::cause::Cause;
use crate::id::{AssessmentId, ModelId, MomentId, SessionId};
use crate::moment::Progress;
use crate::money::Money;
use crate::phase::RiskPhase;
use crate::signal::SignalKind;
use crate::time::Timestamp;

pub use name::FactorName;
pub use score::{InvalidScore, LogOdds, Probability};

/// One possible cause, with what speaks for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CauseFinding {
    /// The cause.
    pub cause: Cause,
    /// How sure the model is.
    pub confidence: Probability,
    /// The signs it rests on.
    pub evidence: Vec<SignalKind>,
}

/// What one feature added to the risk.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Factor {
    /// The feature.
    pub name: FactorName,
    /// What it added; negative when it speaks for an order.
    pub log_odds: LogOdds,
}

/// What a model says about a moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Assessment {
    /// Names the assessment.
    pub id: AssessmentId,
    /// The moment assessed.
    pub moment: MomentId,
    /// Its session.
    pub session: SessionId,
    /// The model that assessed.
    pub model: ModelId,
    /// Its version.
    pub model_version: u32,
    /// How likely the session ends without an order.
    pub abandonment: Probability,
    /// The phase at risk.
    pub phase: RiskPhase,
    /// Possible causes; see [`strongest_first`].
    pub causes: Vec<CauseFinding>,
    /// The version of the table of causes; `None` in what was made before tables had one.
    #[serde(default)]
    pub cause_table_version: Option<u32>,
    /// What moved the risk most.
    pub factors: Vec<Factor>,
    /// The risk before any factor.
    pub baseline_log_odds: LogOdds,
    /// The margin that is lost without an order, when known.
    pub margin_at_risk: Option<Money>,
    /// Whether the shopper gets on.
    pub progress: Progress,
    /// When it was assessed.
    pub assessed_at: Timestamp,
}

impl Assessment {
    /// The cause the model is surest of, [`Cause::Unknown`] when it names none. Of two equally sure, the one that
    /// stands first in the taxonomy, so that a replay gives the same answer.
    pub fn likely_cause(&self) -> Cause {
        self.causes
            .iter()
            .min_by_key(|finding| by_strength(finding))
            .map_or(Cause::Unknown, |finding| finding.cause)
    }
}

/// Sorts findings by confidence, the surest first; equals stand in the order of the taxonomy.
pub fn strongest_first(mut findings: Vec<CauseFinding>) -> Vec<CauseFinding> {
    findings.sort_by_key(by_strength);
    findings
}

fn by_strength(finding: &CauseFinding) -> (std::cmp::Reverse<Probability>, Cause) {
    (std::cmp::Reverse(finding.confidence), finding.cause)
}

#[cfg(test)]
mod tests;
