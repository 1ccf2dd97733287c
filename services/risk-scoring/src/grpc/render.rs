//! Answers as messages.

use domain::assessment::{CauseFinding, Factor};
use proto::assessment::v1::Assessment;
use proto::field::WireField;
use proto::risk::v1 as pb;

use crate::assess::Verdict;
use crate::cause;
use crate::config::Alert;
use crate::drift::{DayFigures, FeatureDrift};
use crate::evaluator::ModelKind;
use crate::features::{Feature, SessionFeatures, Snapshot, Tongue};
use crate::model::{ModelCard, ModelState};
use crate::score::Score;
use crate::service::{Active, CauseTableCard, Health, WatchedDay};
use crate::statistics::{Comparison, Difference, Figures, ReliabilityBin};
use crate::store::StoredAssessment;

/// What the assessment of a moment would be: one without an id, so that nobody takes it for one that was stored.
pub(super) fn preview(verdict: Verdict<'_>) -> Assessment {
    let Verdict {
        moment,
        model,
        score,
        causes,
        cause_table_version,
        at,
    } = verdict;
    let Score {
        abandonment,
        baseline,
        factors,
    } = score;
    Assessment {
        assessment_id: String::new(),
        moment_id: moment.id.into_wire(),
        session_id: moment.session.into_wire(),
        model_id: model.id.as_str().to_owned(),
        model_version: model.version,
        abandonment: abandonment.get(),
        phase: moment.phase.into_wire(),
        causes: causes.into_wire(),
        factors: factors.into_wire(),
        baseline_log_odds: baseline.get(),
        margin_at_risk: moment.cart.margin().into_wire(),
        progress: moment.progress.into_wire(),
        assessed_at: at.into_wire(),
        cause_table_version: Some(cause_table_version),
    }
}

pub(super) fn explained(stored: StoredAssessment, tongue: Tongue) -> pb::ExplainAssessmentResponse {
    let StoredAssessment { assessment, moment } = stored;
    let features = SessionFeatures::of(&Snapshot::from(&moment));
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
fn explained_factor(
    factor: &Factor,
    features: &SessionFeatures,
    tongue: Tongue,
) -> pb::FactorExplanation {
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

pub(super) fn cause_table(card: CauseTableCard) -> pb::CauseTable {
    let CauseTableCard {
        version,
        active,
        labels,
        learned_at,
        judged,
        right,
    } = card;
    let share = |right: u32| f64::from(right) / f64::from(judged.max(1));
    pb::CauseTable {
        version,
        active: active == Active::Yes,
        labels,
        learned_at: learned_at.into_wire(),
        judged: u64::from(judged),
        accuracy: (judged > 0).then(|| share(right)),
    }
}

pub(super) fn model(card: ModelCard) -> pb::Model {
    let state = match card.state {
        ModelState::Champion => pb::ModelState::Champion,
        ModelState::Shadow => pb::ModelState::Shadow,
    };
    let kind = match card.kind {
        ModelKind::Scorecard => pb::ModelKind::Scorecard,
        ModelKind::BoostedTrees => pb::ModelKind::BoostedTrees,
        ModelKind::Logistic => pb::ModelKind::Logistic,
    };
    pb::Model {
        model_id: card.key.id.into(),
        version: card.key.version,
        kind: kind.into(),
        state: state.into(),
        description: card.description.into(),
        registered_at: card.registered_at.into_wire(),
    }
}

pub(super) fn figures(figures: Figures) -> pb::EvaluateModelResponse {
    let Figures {
        n,
        base_rate,
        auc,
        log_loss,
        brier,
        average_precision_abandoned,
        average_precision_ordered,
        expected_calibration_error,
        calibration_gap: _,
        reliability,
    } = figures;
    let bin = |bin: ReliabilityBin| pb::ReliabilityBin {
        n: count(bin.n),
        predicted: bin.predicted,
        observed: bin.observed,
    };
    pb::EvaluateModelResponse {
        n: count(n),
        base_rate,
        auc,
        log_loss,
        brier,
        expected_calibration_error,
        average_precision_abandoned,
        average_precision_ordered,
        reliability: reliability.into_iter().map(bin).collect(),
    }
}

pub(super) fn comparison(comparison: Comparison) -> pb::CompareModelsResponse {
    let Comparison {
        n,
        sessions,
        log_loss,
        brier,
        auc,
    } = comparison;
    pb::CompareModelsResponse {
        n: count(n),
        sessions: count(sessions),
        log_loss: Some(difference(log_loss)),
        brier: Some(difference(brier)),
        auc: auc.map(difference),
    }
}

fn difference(difference: Difference) -> pb::FigureDifference {
    let Difference {
        first,
        second,
        low,
        high,
    } = difference;
    pb::FigureDifference {
        model: first,
        other: second,
        low,
        high,
    }
}

pub(super) fn health(health: Health) -> pb::GetModelHealthResponse {
    let Health {
        n,
        stability_index,
        known,
        features,
        days,
    } = health;
    pb::GetModelHealthResponse {
        n: count(n),
        score_psi: stability_index,
        n_known: known.as_ref().map_or(0, |figures| count(figures.n)),
        calibration_gap: known.map(|figures| figures.calibration_gap),
        features: features.into_iter().map(drift).collect(),
        days: days.into_iter().map(watched_day).collect(),
    }
}

fn watched_day(day: WatchedDay) -> pb::ModelDay {
    let WatchedDay {
        until,
        figures,
        alerts,
    } = day;
    let DayFigures {
        n,
        score_psi,
        features,
        held,
    } = figures;
    pb::ModelDay {
        until: until.into_wire(),
        n,
        score_psi,
        features: features.into_iter().map(drift).collect(),
        n_known: held.map_or(0, |held| held.n),
        calibration_gap: held.map(|held| held.gap),
        calibration_slope: held.and_then(|held| held.slope),
        expected_calibration_error: held.map(|held| held.calibration_error),
        log_loss: held.map(|held| held.log_loss),
        alerts: alerts.into_iter().map(alert).collect(),
    }
}

fn drift(drift: FeatureDrift) -> pb::FeatureDrift {
    pb::FeatureDrift {
        feature: drift.feature,
        psi: drift.stability_index,
    }
}

fn alert(alert: Alert) -> i32 {
    let alert = match alert {
        Alert::Scores => pb::ModelAlert::Scores,
        Alert::Features => pb::ModelAlert::Features,
        Alert::Calibration => pb::ModelAlert::Calibration,
    };
    alert.into()
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
