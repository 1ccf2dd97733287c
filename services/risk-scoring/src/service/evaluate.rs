//! Judging models by what happened, beside one another and over time.

use std::collections::HashMap;

use domain::fact::Ending;
use domain::id::{AssessmentId, TenantId};
use domain::time::Timestamp;

use super::Service;
use crate::config::Alert;
use crate::drift::{self, DayFigures, FeatureDrift};
use crate::error::RiskError;
use crate::features::{SessionFeatures, Snapshot};
use crate::model::{ModelKey, ModelName};
use crate::statistics::{
    Comparison, Figures, Happened, Judged, Pair, compare, figures, stability_index,
};
use crate::store::{Endings, ScoreQuery, Scored};

/// How many of its last scores tell the health of a model.
const HEALTH_SCORES: u64 = 10_000;
/// How many of the last assessments tell the drift of features: each is read with its moment.
const DRIFT_ASSESSMENTS: u64 = 2_000;
/// Days that are told.
const MAX_DAYS: u64 = 30;

/// Drift and calibration of a model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Health {
    /// Scores looked at.
    pub(crate) n: usize,
    /// Drift of the newer half against the older; `None` while there are too few.
    pub(crate) stability_index: Option<f64>,
    /// Figures of those whose session is over; `None` when there are none.
    pub(crate) known: Option<Figures>,
    /// Drift of what models look at, the most drifted first.
    pub(crate) features: Vec<FeatureDrift>,
    /// What was found day by day, the newest first.
    pub(crate) days: Vec<WatchedDay>,
}

/// What was found of a model on a day.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WatchedDay {
    /// The beginning of the day, which ends what was looked at.
    pub(crate) until: Timestamp,
    pub(crate) figures: DayFigures,
    /// What lies beyond its limit, as the limits are now.
    pub(crate) alerts: Vec<Alert>,
}

impl Service {
    /// Judges a model on sessions whose end is known.
    pub(crate) async fn evaluate(
        &self,
        tenant: &TenantId,
        model: &ModelName,
        from: Option<Timestamp>,
    ) -> Result<Figures, RiskError> {
        let scores = self.known_scores(tenant, model, from).await?;
        figures(judged(&scores)).ok_or(RiskError::NoOutcome)
    }

    /// Reads the health of a model off its last scores.
    pub(crate) async fn health(
        &self,
        tenant: &TenantId,
        model: &ModelName,
    ) -> Result<Health, RiskError> {
        let key = self.model_key(tenant, model).await?;
        let wanted = ScoreQuery {
            from: None,
            until: None,
            endings: Endings::Any,
            limit: HEALTH_SCORES,
        };
        let scores = self.inner.store.scores(tenant, &key, wanted).await?;
        let (newer, older) = scores.split_at(scores.len() / 2);
        Ok(Health {
            n: scores.len(),
            stability_index: stability_index(&probabilities(older), &probabilities(newer)),
            known: figures(judged(&scores)),
            features: self.feature_drift(tenant).await?,
            days: self.watched_days(tenant, &key).await?,
        })
    }

    async fn watched_days(
        &self,
        tenant: &TenantId,
        model: &ModelKey,
    ) -> Result<Vec<WatchedDay>, RiskError> {
        let days = self.inner.store.model_days(tenant, model, MAX_DAYS).await?;
        let drift = self.inner.settings.drift;
        days.into_iter()
            .map(|(day, figures)| {
                Ok(WatchedDay {
                    until: day.start().map_err(|_| RiskError::NoSuchDay)?,
                    alerts: drift.alerts(&figures),
                    figures,
                })
            })
            .collect()
    }

    async fn feature_drift(&self, tenant: &TenantId) -> Result<Vec<FeatureDrift>, RiskError> {
        let store = &self.inner.store;
        let moments = store.newest_moments(tenant, DRIFT_ASSESSMENTS).await?;
        let features: Vec<SessionFeatures> = moments
            .iter()
            .map(|moment| SessionFeatures::of(&Snapshot::from(moment)))
            .collect();
        let (newer, older) = features.split_at(features.len() / 2);
        Ok(drift::of_features(older, newer))
    }

    /// Compares two models on the sessions that both have scored and whose end is known.
    pub(crate) async fn compare(
        &self,
        tenant: &TenantId,
        (model, other): (&ModelName, &ModelName),
        from: Option<Timestamp>,
    ) -> Result<Comparison, RiskError> {
        let scores = self.known_scores(tenant, model, from).await?;
        let others = self.known_scores(tenant, other, from).await?;
        compare(&pairs(&scores, &others)).ok_or(RiskError::NoOutcome)
    }

    async fn known_scores(
        &self,
        tenant: &TenantId,
        model: &ModelName,
        from: Option<Timestamp>,
    ) -> Result<Vec<Scored>, RiskError> {
        let key = self.model_key(tenant, model).await?;
        let wanted = ScoreQuery {
            from,
            until: None,
            endings: Endings::Known,
            limit: self.inner.settings.models.max_judged,
        };
        Ok(self.inner.store.scores(tenant, &key, wanted).await?)
    }

    async fn model_key(&self, tenant: &TenantId, model: &ModelName) -> Result<ModelKey, RiskError> {
        let store = &self.inner.store;
        let reader = store.database().read();
        let found = store.find_model(reader, tenant, model).await?;
        found.map(|card| card.key).ok_or(RiskError::ModelUnknown)
    }
}

/// A session that ended without an order was lost, whether anything was left in the cart or not.
fn happened(ending: Ending) -> Happened {
    match ending {
        Ending::Ordered => Happened::Ordered,
        Ending::Abandoned | Ending::NoCart => Happened::Abandoned,
    }
}

/// What both models said of the same assessments.
fn pairs(scores: &[Scored], others: &[Scored]) -> Vec<Pair> {
    let others: HashMap<AssessmentId, &Scored> = others
        .iter()
        .map(|score| (score.assessment, score))
        .collect();
    scores
        .iter()
        .filter_map(|score| {
            Some(Pair {
                session: score.session,
                first: score.abandonment,
                second: others.get(&score.assessment)?.abandonment,
                happened: happened(score.ending?),
            })
        })
        .collect()
}

/// What a model said, where it is known what happened.
pub(super) fn judged(scores: &[Scored]) -> Vec<Judged> {
    scores
        .iter()
        .filter_map(|score| {
            Some(Judged {
                predicted: score.abandonment,
                happened: happened(score.ending?),
            })
        })
        .collect()
}

fn probabilities(scores: &[Scored]) -> Vec<Option<f64>> {
    scores
        .iter()
        .map(|score| Some(score.abandonment.get()))
        .collect()
}
