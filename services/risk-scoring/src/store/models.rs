//! Registered models and the champion.

use std::sync::Arc;

use domain::id::TenantId;
use domain::time::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select,
};
use storage::column::{self, Row, millis};
use storage::{StoreError, TenantScoped, Tx};

use super::Store;
use super::cache::Known;
use super::entities::{champion, model};
use crate::evaluator::{Checked, Evaluator, EvaluatorParts, ModelKind};
use crate::features;
use crate::model::{Description, Lineup, Model, ModelCard, ModelKey, ModelName, ModelState};

/// A row without what it evaluates, which may be large: name, version, kind, description and time.
type CardRow = (String, i64, Option<String>, String, i64);

impl Store {
    /// The champion, and at most `shadows` others: the built-in model, then those that were registered last.
    ///
    /// Whoever cannot be used any more, such as a model made of features that this release does not know, runs in no shadow;
    /// if it is the champion, the built-in model stands in: a moment is assessed in any case.
    pub(crate) async fn lineup(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        shadows: u64,
    ) -> Result<Lineup, StoreError> {
        let (champion, others) = self.chosen(tx, tenant, shadows).await?;
        let champion = match self.model(tx, tenant, champion).await? {
            Some(champion) => champion,
            None => self.built_in.model.clone(),
        };
        let mut shadows = Vec::with_capacity(others.len());
        for key in others {
            if key != champion.key {
                shadows.extend(self.model(tx, tenant, key).await?);
            }
        }
        Ok(Lineup { champion, shadows })
    }

    /// Reads the models of a tenant into memory, unless they are there: outside of any transaction, and once however many ask
    /// at the same time. What is registered later comes there by itself.
    pub(crate) async fn warm(&self, tenant: &TenantId, shadows: u64) -> Result<(), StoreError> {
        if self.cache.is_warm(tenant) {
            return Ok(());
        }
        let _one_at_a_time = self.warming.lock().await;
        if self.cache.is_warm(tenant) {
            return Ok(());
        }
        let reader = self.database.read();
        let (champion, others) = self.chosen(reader, tenant, shadows).await?;
        for key in std::iter::once(champion).chain(others) {
            if key != self.built_in.model.key {
                self.committed(tenant, key).await?;
            }
        }
        self.cache.note_warm(tenant.clone());
        Ok(())
    }

    /// The names of all that score a tenant's moments, the champion first.
    pub(crate) async fn running(
        &self,
        tenant: &TenantId,
        shadows: u64,
    ) -> Result<Vec<ModelKey>, StoreError> {
        let (champion, others) = self.chosen(self.database.read(), tenant, shadows).await?;
        Ok(std::iter::once(champion).chain(others).collect())
    }

    /// The names of the champion and of the others that score beside it.
    async fn chosen<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        shadows: u64,
    ) -> Result<(ModelKey, Vec<ModelKey>), StoreError> {
        let champion = self.champion(connection, tenant).await?;
        // One more than wanted, as the champion may be among them.
        let newest: Vec<(String, i64)> = model::Entity::find_in(tenant)
            .select_only()
            .columns([model::Column::Name, model::Column::Version])
            .order_by_desc(model::Column::RegisteredAt)
            .order_by_desc(model::Column::Name)
            .order_by_desc(model::Column::Version)
            .limit(shadows.saturating_add(1))
            .into_tuple()
            .all(connection)
            .await?;
        let mut keys = vec![self.built_in.model.key.clone()];
        for (id, version) in &newest {
            keys.push(key(id, *version)?);
        }
        keys.retain(|key| *key != champion);
        keys.truncate(usize::try_from(shadows).unwrap_or(usize::MAX));
        Ok((champion, keys))
    }

    /// The name of the champion; the built-in model until another is chosen.
    pub(crate) async fn champion<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
    ) -> Result<ModelKey, StoreError> {
        match champion::Entity::find_in(tenant).one(connection).await? {
            Some(row) => key(&row.name, row.version),
            None => Ok(self.built_in.model.key.clone()),
        }
    }

    /// The version of a model that is meant; `None` when the tenant has no such model.
    pub(crate) async fn find_model<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        model: &ModelName,
    ) -> Result<Option<ModelCard>, StoreError> {
        let ModelName { id, version } = model;
        let champion = self.champion(connection, tenant).await?;
        let built_in = &self.built_in.model.key;
        if *id == built_in.id {
            let known = version.is_none_or(|version| version == built_in.version);
            let card = self.built_in.card(ModelState::beside(&champion, built_in));
            return Ok(known.then_some(card));
        }
        let mut query = model::Entity::find_in(tenant).filter(model::Column::Name.eq(id.as_str()));
        if let Some(version) = version {
            query = query.filter(model::Column::Version.eq(i64::from(*version)));
        }
        let newest: Option<CardRow> = without_parts(query)
            .order_by_desc(model::Column::Version)
            .into_tuple()
            .one(connection)
            .await?;
        newest.map(|row| card(row, &champion)).transpose()
    }

    /// All models of the tenant and the built-in one: the champion first, then by name, the newest version first.
    pub(crate) async fn models(&self, tenant: &TenantId) -> Result<Vec<ModelCard>, StoreError> {
        let reader = self.database.read();
        let champion = self.champion(reader, tenant).await?;
        let built_in = self
            .built_in
            .card(ModelState::beside(&champion, &self.built_in.model.key));
        let mut cards = vec![built_in];
        let rows: Vec<CardRow> = without_parts(model::Entity::find_in(tenant))
            .into_tuple()
            .all(reader)
            .await?;
        for row in rows {
            cards.push(card(row, &champion)?);
        }
        cards.sort_by_key(ModelCard::place);
        Ok(cards)
    }

    /// Number of registered versions.
    pub(crate) async fn count_models(&self, tx: &Tx, tenant: &TenantId) -> Result<u64, StoreError> {
        Ok(model::Entity::find_in(tenant).count(tx).await?)
    }

    /// Adds a version of a model. Two at once are a conflict, and one of them may try again.
    pub(crate) async fn insert_model(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        card: &ModelCard,
        model: &Checked,
    ) -> Result<(), StoreError> {
        let row = model::ActiveModel {
            tenant: Set(tenant.as_str().to_owned()),
            name: Set(card.key.id.as_str().to_owned()),
            version: Set(i64::from(card.key.version)),
            description: Set(card.description.as_str().to_owned()),
            scorecard: Set(column::json(model.parts())?),
            kind: Set(Some(column::json(&card.kind)?)),
            registered_at: Set(card.registered_at.map_or(0, millis)),
            features_version: Set(Some(i64::from(features::VERSION))),
        };
        model::Entity::insert(row)
            .exec_without_returning(tx)
            .await?;
        let (cache, name) = (self.cache.clone(), (tenant.clone(), card.key.clone()));
        let known = Known::Usable(Arc::clone(model.evaluator()));
        tx.after_commit(move || cache.keep(name, known));
        Ok(())
    }

    /// Makes a model the champion. The built-in one needs no row, so that a release may bring a newer version of it.
    pub(crate) async fn set_champion(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        champion: &ModelKey,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.changes_basis(tx, tenant);
        if *champion == self.built_in.model.key {
            champion::Entity::delete_in(tenant).exec(tx).await?;
            return Ok(());
        }
        let row = champion::ActiveModel {
            tenant: Set(tenant.as_str().to_owned()),
            name: Set(champion.id.as_str().to_owned()),
            version: Set(i64::from(champion.version)),
            activated_at: Set(millis(now)),
        };
        let replace = OnConflict::column(champion::Column::Tenant)
            .update_columns([
                champion::Column::Name,
                champion::Column::Version,
                champion::Column::ActivatedAt,
            ])
            .to_owned();
        champion::Entity::insert(row)
            .on_conflict(replace)
            .exec_without_returning(tx)
            .await?;
        Ok(())
    }

    /// A model whose name was read from the store; `None` when it cannot be used.
    pub(crate) async fn model(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        key: ModelKey,
    ) -> Result<Option<Model>, StoreError> {
        if key == self.built_in.model.key {
            return Ok(Some(self.built_in.model.clone()));
        }
        let name = (tenant.clone(), key.clone());
        let known = if let Some(known) = self.cache.get(&name) {
            known
        } else {
            let known = read(tx, tenant, &key).await?;
            let known = known.ok_or_else(|| no_such_model(tenant))?;
            // Works that share a commit see one another's rows before it: a version that is rolled back is given again,
            // to another table.
            let (cache, kept) = (self.cache.clone(), known.clone());
            tx.after_commit(move || cache.keep(name, kept));
            known
        };
        Ok(known.model(key))
    }

    /// [`model`](Self::model), where no transaction is open.
    pub(super) async fn committed_model(
        &self,
        tenant: &TenantId,
        key: ModelKey,
    ) -> Result<Option<Model>, StoreError> {
        if key == self.built_in.model.key {
            return Ok(Some(self.built_in.model.clone()));
        }
        let known = self.committed(tenant, key.clone()).await?;
        let known = known.ok_or_else(|| no_such_model(tenant))?;
        Ok(known.model(key))
    }

    /// What is known of a registered model, which is read into memory unless it is there; `None` where there is no such row.
    async fn committed(
        &self,
        tenant: &TenantId,
        key: ModelKey,
    ) -> Result<Option<Known>, StoreError> {
        let name = (tenant.clone(), key);
        if let Some(known) = self.cache.get(&name) {
            return Ok(Some(known));
        }
        let known = read(self.database.read(), tenant, &name.1).await?;
        // What another connection sees is committed.
        if let Some(known) = &known {
            self.cache.keep(name, known.clone());
        }
        Ok(known)
    }
}

impl Known {
    fn model(self, key: ModelKey) -> Option<Model> {
        match self {
            Self::Usable(evaluator) => Some(Model { key, evaluator }),
            Self::Unusable => None,
        }
    }
}

/// A champion must be a model of its tenant.
fn no_such_model(tenant: &TenantId) -> StoreError {
    Row::of("champions", tenant.as_str()).corrupt("name")
}

/// Reads what a model evaluates; `None` where there is no such row.
async fn read<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    key: &ModelKey,
) -> Result<Option<Known>, StoreError> {
    let found = model::Entity::find_in(tenant)
        .filter(model::Column::Name.eq(key.id.as_str()))
        .filter(model::Column::Version.eq(i64::from(key.version)))
        .one(connection)
        .await?;
    Ok(found.map(|row| match evaluator(&row) {
        Ok(evaluator) => Known::Usable(Arc::new(evaluator)),
        Err(failure) => {
            let model = format!("{}@{}", key.id, key.version);
            tracing::error!(%tenant, %model, %failure, "a model cannot be used, the built-in one stands in for it");
            Known::Unusable
        }
    }))
}

fn key(id: &str, version: i64) -> Result<ModelKey, StoreError> {
    let row = Row::of("models", id);
    Ok(ModelKey {
        id: row.parse("name", id)?,
        version: row.count("version", version)?,
    })
}

/// Reads what a row evaluates. Rows from before there were other kinds hold a bare scorecard.
///
/// Rows that do not tell the version of their features are from before version 3, which left features out and changed none:
/// a model that names none of those can be used. One that tells another version than this release's cannot.
fn evaluator(row: &model::Model) -> Result<Evaluator, StoreError> {
    let reader = Row::of("models", &row.name);
    let known = |version: i64| version == i64::from(features::VERSION);
    if !row.features_version.is_none_or(known) {
        return Err(reader.corrupt("features_version"));
    }
    let parts = if row.kind.is_some() {
        reader.json("scorecard", &row.scorecard)?
    } else {
        EvaluatorParts::Scorecard(reader.json("scorecard", &row.scorecard)?)
    };
    reader.valid("scorecard", Evaluator::new(&parts))
}

/// All columns but that with the parts of the model, which is named for what models were first.
fn without_parts(query: Select<model::Entity>) -> Select<model::Entity> {
    query.select_only().columns([
        model::Column::Name,
        model::Column::Version,
        model::Column::Kind,
        model::Column::Description,
        model::Column::RegisteredAt,
    ])
}

fn card(row: CardRow, champion: &ModelKey) -> Result<ModelCard, StoreError> {
    let (name, version, kind, description, registered_at) = row;
    let key = key(&name, version)?;
    let reader = Row::of("models", &name);
    let kind = kind.map(|kind| reader.json("kind", &kind)).transpose()?;
    Ok(ModelCard {
        kind: kind.unwrap_or(ModelKind::Scorecard),
        description: reader.valid("description", Description::parse(&description))?,
        registered_at: Some(reader.instant("registered_at", registered_at)?),
        state: ModelState::beside(champion, &key),
        key,
    })
}
