//! Registered models and the champion. A committed model never changes, so its parsed table may be kept in memory.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use domain::id::{ModelId, TenantId};
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
use super::entities::{champion, model};
use crate::evaluator::{Evaluator, ModelKind};
use crate::model::{Description, Lineup, Model, ModelCard, ModelKey, ModelState};
use crate::scorecard::Scorecard;

/// Tables kept in memory; when there are more, all are forgotten and read again as they are needed.
const MAX_CARDS: usize = 1_024;

type Cards = HashMap<(TenantId, ModelKey), Arc<Evaluator>>;

/// A row without its table, which may be large: name, version, kind, description and time.
type CardRow = (String, i64, Option<String>, String, i64);

/// Parsed tables of registered models.
#[derive(Clone, Default)]
pub(super) struct Cache(Arc<Mutex<Cards>>);

impl Store {
    /// The champion, and at most `shadows` others: the built-in model, then those that were registered last.
    pub(crate) async fn lineup(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        shadows: u64,
    ) -> Result<Lineup, StoreError> {
        let champion = self.champion(tx, tenant).await?;
        // One more than wanted, as the champion may be among them.
        let newest: Vec<(String, i64)> = model::Entity::find_in(tenant)
            .select_only()
            .columns([model::Column::Name, model::Column::Version])
            .order_by_desc(model::Column::RegisteredAt)
            .order_by_desc(model::Column::Name)
            .order_by_desc(model::Column::Version)
            .limit(shadows.saturating_add(1))
            .into_tuple()
            .all(tx)
            .await?;
        let mut keys = vec![self.built_in.model.key.clone()];
        for (id, version) in &newest {
            keys.push(key(id, *version)?);
        }
        keys.retain(|key| *key != champion);
        keys.truncate(usize::try_from(shadows).unwrap_or(usize::MAX));
        let mut shadows = Vec::with_capacity(keys.len());
        for key in keys {
            match self.model(tx, tenant, key).await {
                Ok(shadow) => shadows.push(shadow),
                // Nobody is decided on by a shadow: one that an older version took and this one refuses harms nobody.
                Err(failure @ StoreError::CorruptRow { .. }) => {
                    tracing::warn!(%tenant, %failure, "a model cannot be read and runs in no shadow");
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(Lineup {
            champion: self.model(tx, tenant, champion).await?,
            shadows,
        })
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

    /// The version of a model that is meant, the newest for none; `None` when the tenant has no such model.
    pub(crate) async fn find_model<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        id: &ModelId,
        version: Option<u32>,
    ) -> Result<Option<ModelCard>, StoreError> {
        let champion = self.champion(connection, tenant).await?;
        let built_in = &self.built_in.model.key;
        if *id == built_in.id {
            let known = version.is_none_or(|version| version == built_in.version);
            let card = self.built_in.card(ModelState::beside(&champion, built_in));
            return Ok(known.then_some(card));
        }
        let mut query = model::Entity::find_in(tenant).filter(model::Column::Name.eq(id.as_str()));
        if let Some(version) = version {
            query = query.filter(model::Column::Version.eq(i64::from(version)));
        }
        let newest: Option<CardRow> = without_table(query)
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
        let rows: Vec<CardRow> = without_table(model::Entity::find_in(tenant))
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
        evaluator: &Evaluator,
    ) -> Result<(), StoreError> {
        let row = model::ActiveModel {
            tenant: Set(tenant.as_str().to_owned()),
            name: Set(card.key.id.as_str().to_owned()),
            version: Set(i64::from(card.key.version)),
            description: Set(card.description.as_str().to_owned()),
            scorecard: Set(column::json(evaluator)?),
            kind: Set(Some(column::json(&card.kind)?)),
            registered_at: Set(card.registered_at.map_or(0, millis)),
        };
        model::Entity::insert(row)
            .exec_without_returning(tx)
            .await?;
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

    /// A model whose name was read from the store, with its table.
    async fn model(&self, tx: &Tx, tenant: &TenantId, key: ModelKey) -> Result<Model, StoreError> {
        if key == self.built_in.model.key {
            return Ok(self.built_in.model.clone());
        }
        if let Some(evaluator) = self.cards.get(tenant, &key) {
            return Ok(Model { key, evaluator });
        }
        let found = model::Entity::find_in(tenant)
            .filter(model::Column::Name.eq(key.id.as_str()))
            .filter(model::Column::Version.eq(i64::from(key.version)))
            .one(tx)
            .await?;
        let champions = Row::of("champions", tenant.as_str());
        let row = found.ok_or_else(|| champions.corrupt("name"))?;
        let evaluator = Arc::new(evaluator(&row)?);
        // Works that share a commit see one another's rows before it: a version that is rolled back is given again, to
        // another table.
        let (cards, name) = (self.cards.clone(), (tenant.clone(), key.clone()));
        let kept = Arc::clone(&evaluator);
        tx.after_commit(move || cards.keep(name, kept));
        Ok(Model { key, evaluator })
    }
}

fn key(id: &str, version: i64) -> Result<ModelKey, StoreError> {
    let row = Row::of("models", id);
    Ok(ModelKey {
        id: row.parse("name", id)?,
        version: row.count("version", version)?,
    })
}

/// Reads what a row evaluates. Rows from before there were other kinds hold a bare scorecard.
fn evaluator(row: &model::Model) -> Result<Evaluator, StoreError> {
    let reader = Row::of("models", &row.name);
    if row.kind.is_some() {
        return reader.json("scorecard", &row.scorecard);
    }
    let scorecard: Scorecard = reader.json("scorecard", &row.scorecard)?;
    Ok(Evaluator::Scorecard(scorecard))
}

fn without_table(query: Select<model::Entity>) -> Select<model::Entity> {
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

impl Cache {
    fn get(&self, tenant: &TenantId, key: &ModelKey) -> Option<Arc<Evaluator>> {
        let name = (tenant.clone(), key.clone());
        self.lock().get(&name).cloned()
    }

    fn keep(&self, name: (TenantId, ModelKey), evaluator: Arc<Evaluator>) {
        let mut cards = self.lock();
        if cards.len() >= MAX_CARDS {
            cards.clear();
        }
        cards.insert(name, evaluator);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Cards> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Cache").finish_non_exhaustive()
    }
}
