//! Answers as messages.

use domain::assessment::{CauseFinding, Factor};
use proto::field::WireField;
use proto::risk::v1 as pb;

use crate::cause;
use crate::features::{Feature, Features, Tongue};
use crate::model::{ModelCard, ModelState};
use crate::service::Health;
use crate::statistics::Quality;
use crate::store::StoredAssessment;

pub(super) fn explained(stored: StoredAssessment, tongue: Tongue) -> pb::ExplainAssessmentResponse {
    let StoredAssessment { assessment, moment } = stored;
    let features = Features::of(&moment);
    let factors = assessment
        .factors
        .iter()
        .map(|factor| explained_factor(factor, &features, tongue));
    let causes = assessment
        .causes
        .iter()
        .map(|finding| explained_cause(finding, tongue));
    pb::ExplainAssessmentResponse {
        factors: factors.collect(),
        causes: causes.collect(),
        assessment: Some(assessment.into()),
        moment: Some(moment.into()),
    }
}

/// A factor of a model that knew more than this release does keeps its bare name.
fn explained_factor(factor: &Factor, features: &Features, tongue: Tongue) -> pb::FactorExplanation {
    let name = factor.name.as_str();
    let text = Feature::parse(name).map_or_else(
        |_| name.to_owned(),
        |feature| feature.in_words(features.get(feature), tongue),
    );
    pb::FactorExplanation {
        name: name.to_owned(),
        text,
        log_odds: factor.log_odds.get(),
    }
}

fn explained_cause(finding: &CauseFinding, tongue: Tongue) -> pb::CauseExplanation {
    pb::CauseExplanation {
        finding: Some(finding.clone().into()),
        text: cause::meaning(finding.cause, tongue).to_owned(),
    }
}

pub(super) fn model(card: ModelCard) -> pb::Model {
    let state = match card.state {
        ModelState::Champion => pb::ModelState::Champion,
        ModelState::Shadow => pb::ModelState::Shadow,
    };
    pb::Model {
        model_id: card.key.id.into(),
        version: card.key.version,
        kind: pb::ModelKind::Scorecard.into(),
        state: state.into(),
        description: card.description.into(),
        registered_at: card.registered_at.into_wire(),
    }
}

pub(super) fn quality(quality: Quality) -> pb::EvaluateModelResponse {
    let Quality {
        n,
        base_rate,
        auc,
        log_loss,
        brier,
        calibration_error,
        calibration_gap: _,
    } = quality;
    pb::EvaluateModelResponse {
        n: count(n),
        base_rate,
        auc,
        log_loss,
        brier,
        expected_calibration_error: calibration_error,
    }
}

pub(super) fn health(health: Health) -> pb::GetModelHealthResponse {
    let Health {
        n,
        stability_index,
        known,
    } = health;
    pb::GetModelHealthResponse {
        n: count(n),
        score_psi: stability_index,
        n_known: known.map_or(0, |quality| count(quality.n)),
        calibration_gap: known.map(|quality| quality.calibration_gap),
    }
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
