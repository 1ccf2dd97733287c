//! Judging models by what happened.

use domain::assessment::Probability;
use domain::fact::Ending;
use domain::id::{ModelId, TenantId};
use domain::time::Timestamp;

use super::Service;
use crate::error::RiskError;
use crate::model::ModelKey;
use crate::statistics::{Happened, Judged, Quality, quality, stability_index};
use crate::store::{Endings, ScoreQuery, Scored};

/// How many of its last scores tell the health of a model.
const HEALTH_SCORES: u64 = 10_000;

/// Drift and calibration of a model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Health {
    /// Scores looked at.
    pub(crate) n: usize,
    /// Drift of the newer half against the older; `None` while there are too few.
    pub(crate) stability_index: Option<f64>,
    /// Figures of those whose session is over; `None` when there are none.
    pub(crate) known: Option<Quality>,
}

impl Service {
    /// Judges a model on sessions whose end is known.
    pub(crate) async fn evaluate(
        &self,
        tenant: &TenantId,
        model: &ModelId,
        version: Option<u32>,
        from: Option<Timestamp>,
    ) -> Result<Quality, RiskError> {
        let key = self.model_key(tenant, model, version).await?;
        let wanted = ScoreQuery {
            from,
            endings: Endings::Known,
            limit: self.inner.settings.models.max_judged,
        };
        let scores = self.inner.store.scores(tenant, &key, wanted).await?;
        quality(judged(&scores)).ok_or(RiskError::NoOutcome)
    }

    /// Reads the health of a model off its last scores.
    pub(crate) async fn health(
        &self,
        tenant: &TenantId,
        model: &ModelId,
        version: Option<u32>,
    ) -> Result<Health, RiskError> {
        let key = self.model_key(tenant, model, version).await?;
        let wanted = ScoreQuery {
            from: None,
            endings: Endings::Any,
            limit: HEALTH_SCORES,
        };
        let scores = self.inner.store.scores(tenant, &key, wanted).await?;
        let (newer, older) = scores.split_at(scores.len() / 2);
        Ok(Health {
            n: scores.len(),
            stability_index: stability_index(probabilities(older), &probabilities(newer)),
            known: quality(judged(&scores)),
        })
    }

    async fn model_key(
        &self,
        tenant: &TenantId,
        model: &ModelId,
        version: Option<u32>,
    ) -> Result<ModelKey, RiskError> {
        let store = &self.inner.store;
        let found = store
            .find_model(store.database().read(), tenant, model, version)
            .await?;
        found.map(|card| card.key).ok_or(RiskError::ModelUnknown)
    }
}

/// A session that ended without an order was lost, whether anything was left in the cart or not.
fn judged(scores: &[Scored]) -> Vec<Judged> {
    let happened = |ending| match ending {
        Ending::Ordered => Happened::Ordered,
        Ending::Abandoned | Ending::NoCart => Happened::Abandoned,
    };
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

fn probabilities(scores: &[Scored]) -> Vec<Probability> {
    scores.iter().map(|score| score.abandonment).collect()
}
