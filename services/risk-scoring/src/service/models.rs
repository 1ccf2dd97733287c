//! Registering and activating models.

use std::sync::Arc;

use domain::id::{ModelId, TenantId};
use futures::FutureExt;
use platform::paging::{Page, PageRequest};
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;
use storage::RequestKey;

use super::{Service, Unit};
use crate::error::RiskError;
use crate::evaluator::Checked;
use crate::features::SessionFeatures;
use crate::model::{Description, ModelCard, ModelKey, ModelName, ModelState};
use crate::score::Evaluate;

/// A model to register.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NewModel {
    pub(crate) id: ModelId,
    pub(crate) description: Description,
    pub(crate) model: Checked,
    /// How far a sample row may be off: a file of single-precision leaves is not exact.
    pub(crate) tolerance: f64,
    pub(crate) samples: Vec<Sample>,
}

/// Values, and the probability that the model must give them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sample {
    pub(crate) features: SessionFeatures,
    pub(crate) expected: f64,
}

impl Service {
    /// Models: the champion first, then by name, the newest version first.
    pub(crate) async fn models(
        &self,
        tenant: &TenantId,
        page: &PageRequest<ModelKey>,
    ) -> Result<Page<ModelCard>, RiskError> {
        let cards = self.inner.store.models(tenant).await?;
        // There are few: a tenant may register so many and no more.
        let seen = page.after().map_or(0, |last| {
            let place = cards.iter().position(|card| card.key == *last);
            place.map_or(cards.len(), |place| place + 1)
        });
        let rest = cards.into_iter().skip(seen).collect();
        Ok(page.page(rest, |card| card.key.clone()))
    }

    /// Registers a model in the shadow of the champion, once it has given its samples their scores.
    pub(crate) async fn register(
        &self,
        key: RequestKey,
        model: NewModel,
    ) -> Result<ModelCard, RiskError> {
        self.refuse_built_in(&model.id)?;
        try_samples(&model)?;
        self.once(key, Arc::new(model), |unit, model| {
            async move { unit.register(&model).await }.boxed()
        })
        .await
    }

    /// Makes a model the champion.
    pub(crate) async fn activate(
        &self,
        key: RequestKey,
        model: ModelName,
    ) -> Result<ModelCard, RiskError> {
        self.once(key, model, |unit, model| {
            async move { unit.activate(&model).await }.boxed()
        })
        .await
    }

    fn refuse_built_in(&self, id: &ModelId) -> Result<(), InvalidField> {
        if *id != self.inner.built_in.model.key.id {
            return Ok(());
        }
        let reason = ErrorReason::DuplicateItem;
        Err(InvalidField::new(
            "model_id",
            reason,
            "must not be that of the built-in model",
        ))
    }
}

impl Unit<'_> {
    async fn register(&self, model: &NewModel) -> Result<ModelCard, RiskError> {
        let (store, tx, tenant) = (self.store(), self.tx, &self.tenant);
        let limit = self.service.inner.settings.models.max_versions;
        if store.count_models(tx, tenant).await? >= limit {
            return Err(RiskError::TooManyModels { limit });
        }
        let newest = ModelName {
            id: model.id.clone(),
            version: None,
        };
        let newest = store.find_model(tx, tenant, &newest).await?;
        let version = newest.map_or(1, |newest| newest.key.version.saturating_add(1));
        let card = ModelCard {
            key: ModelKey {
                id: model.id.clone(),
                version,
            },
            kind: model.model.evaluator().kind(),
            description: model.description.clone(),
            registered_at: Some(self.now),
            state: ModelState::Shadow,
        };
        store.insert_model(tx, tenant, &card, &model.model).await?;
        Ok(card)
    }

    async fn activate(&self, model: &ModelName) -> Result<ModelCard, RiskError> {
        let (store, tx, tenant) = (self.store(), self.tx, &self.tenant);
        let found = store.find_model(tx, tenant, model).await?;
        let chosen = found.ok_or(RiskError::ModelUnknown)?;
        let usable = store.model(tx, tenant, chosen.key.clone()).await?;
        usable.ok_or(RiskError::ModelOutdated)?;
        store
            .set_champion(tx, tenant, &chosen.key, self.now)
            .await?;
        Ok(ModelCard {
            state: ModelState::Champion,
            ..chosen
        })
    }
}

/// Whoever registers a table says what it must say: a slip in a number or a name is found before it scores anybody.
fn try_samples(model: &NewModel) -> Result<(), InvalidField> {
    let off = |sample: &Sample| {
        let score = model.model.evaluator().score(&sample.features);
        let scored = score.abandonment.get();
        (scored - sample.expected).abs() > model.tolerance
    };
    match model.samples.iter().position(off) {
        None => Ok(()),
        Some(index) => {
            let fault = InvalidField::new(
                "expected_abandonment",
                ErrorReason::InvalidField,
                "must be what the model gives these values",
            );
            Err(fault.within_index("samples", index))
        }
    }
}
