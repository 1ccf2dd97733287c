//! Assessments, the findings and factors in them.

use domain::assessment::{Assessment, CauseFinding, Factor, strongest_first};

use super::record::record;
use crate::assessment::v1 as pb;
use crate::cause::v1::CauseFinding as WireFinding;
use crate::error::v1::ErrorReason;
use crate::field::{self, InvalidField};

record! {
    WireFinding => CauseFinding {
        cause: cause,
        confidence: confidence,
        evidence: evidence,
    }
}

record! {
    pb::Factor => Factor {
        name: name,
        log_odds: log_odds,
    }
}

record! {
    pb::Assessment => Assessment {
        assessment_id: id,
        moment_id: moment,
        session_id: session,
        model_id: model,
        model_version: model_version,
        abandonment: abandonment,
        phase: phase,
        causes: causes,
        cause_table_version: cause_table_version,
        factors: factors,
        baseline_log_odds: baseline_log_odds,
        margin_at_risk: margin_at_risk,
        progress: progress,
        assessed_at: assessed_at,
    } checked by consistent
}

/// Puts the causes in order rather than refuse another one: the order follows from what they say.
fn consistent(mut assessment: Assessment) -> Result<Assessment, InvalidField> {
    if assessment.model_version == 0 {
        let reason = ErrorReason::OutOfRange;
        return Err(InvalidField::new(
            "model_version",
            reason,
            "must be 1 or more",
        ));
    }
    let causes = assessment.causes.iter().map(|finding| finding.cause);
    field::distinct("causes", causes)?;
    assessment.causes = strongest_first(assessment.causes);
    Ok(assessment)
}
