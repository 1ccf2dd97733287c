//! The audit trail as rows. An entry is written in the transaction of what it notes, after all else that the transaction
//! locks, so that trails make no two transactions wait for each other in a circle.

use domain::id::TenantId;
use domain::time::Timestamp;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use storage::column::Row;
use storage::{StoreError, TenantScoped, Tx};

use super::entities::{audit_entries as entries, audit_heads as heads};
use crate::audit::{Entry, Head, Note};

const HEADS: &str = "audit_heads";

/// Writes the next entry of a tenant's trail.
pub(crate) async fn append(
    tx: &Tx,
    tenant: &TenantId,
    note: Note,
    now: Timestamp,
) -> Result<(), StoreError> {
    let head = lock_head(tx, tenant).await?;
    let entry = head.next(tenant, note, now);
    heads::Entity::update_in(tenant)
        .set(heads::ActiveModel {
            number: Set(entry.number),
            hash: Set(entry.hash.clone()),
            ..Default::default()
        })
        .exec(tx)
        .await?;
    entries::Entity::insert(row(tenant, entry))
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Entries in the order of their numbers, after the one of `after`.
pub(crate) async fn list<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    after: i64,
    limit: u64,
) -> Result<Vec<Entry>, StoreError> {
    let models = entries::Entity::find_in(tenant)
        .filter(entries::Column::Number.gt(after))
        .order_by_asc(entries::Column::Number)
        .limit(limit)
        .all(connection)
        .await?;
    Ok(models.into_iter().map(Entry::from).collect())
}

/// Where the trail of a tenant ends.
pub(crate) async fn head<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
) -> Result<Head, StoreError> {
    let model = heads::Entity::find_in(tenant).one(connection).await?;
    Ok(model.map_or_else(Head::none, Head::from))
}

/// Where all trails end. The one read that spans tenants: each end is then signed for its own.
pub(crate) async fn heads<C: ConnectionTrait>(
    connection: &C,
) -> Result<Vec<(TenantId, Head)>, StoreError> {
    let models = heads::Entity::find().all(connection).await?;
    let parsed = models.into_iter().map(|model| {
        let tenant = Row::of(HEADS, &model.tenant).parse("tenant", &model.tenant)?;
        Ok((tenant, Head::from(model)))
    });
    parsed.collect()
}

/// The end of a trail, locked until the end of the transaction. The first entry of a tenant makes it.
async fn lock_head(tx: &Tx, tenant: &TenantId) -> Result<Head, StoreError> {
    let locked = || heads::Entity::find_in(tenant).lock_exclusive().one(tx);
    if let Some(model) = locked().await? {
        return Ok(model.into());
    }
    let Head { number, hash } = Head::none();
    let first = heads::ActiveModel {
        tenant: Set(tenant.to_string()),
        number: Set(number),
        hash: Set(hash),
    };
    let there = OnConflict::column(heads::Column::Tenant)
        .do_nothing()
        .to_owned();
    heads::Entity::insert(first)
        .on_conflict(there)
        .try_insert()
        .exec_without_returning(tx)
        .await?;
    let model = locked().await?;
    model
        .map(Head::from)
        .ok_or_else(|| Row::of(HEADS, tenant.as_str()).corrupt("tenant"))
}

fn row(tenant: &TenantId, entry: Entry) -> entries::ActiveModel {
    let Entry {
        number,
        at_ms,
        kind,
        subject,
        body,
        previous,
        hash,
    } = entry;
    entries::ActiveModel {
        tenant: Set(tenant.to_string()),
        number: Set(number),
        at_ms: Set(at_ms),
        kind: Set(kind),
        subject: Set(subject),
        body: Set(body),
        previous: Set(previous),
        hash: Set(hash),
    }
}

impl From<entries::Model> for Entry {
    fn from(model: entries::Model) -> Self {
        let entries::Model {
            tenant: _,
            number,
            at_ms,
            kind,
            subject,
            body,
            previous,
            hash,
        } = model;
        Self {
            number,
            at_ms,
            kind,
            subject,
            body,
            previous,
            hash,
        }
    }
}

impl From<heads::Model> for Head {
    fn from(model: heads::Model) -> Self {
        let heads::Model {
            tenant: _,
            number,
            hash,
        } = model;
        Self { number, hash }
    }
}
