//! Authority policies: versions, and the one that decides. Version 0 is nobody's row: it is compiled in.

use std::collections::BTreeMap;

use domain::id::TenantId;
use domain::time::Timestamp;
use sea_orm::{
    ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use storage::column::{self, Row};
use storage::{StoreError, TenantScoped, Tx};

use super::entities::activations;
use super::entities::policies::{ActiveModel, Column, Entity, Model};
use crate::authority::Policy;

const TABLE: &str = "policies";
const ACTIVATIONS: &str = "policy_activations";

/// The number of the newest version; 0 when none is stored.
pub(crate) async fn newest_version(tx: &Tx, tenant: &TenantId) -> Result<u32, StoreError> {
    let newest = Entity::find_in(tenant)
        .order_by_desc(Column::Version)
        .one(tx)
        .await?;
    newest.map_or(Ok(0), |model| {
        Row::of(TABLE, &model.tenant).count("version", model.version)
    })
}

/// Stores a version. That somebody else has taken its number meanwhile is a conflict, and worth another try.
pub(crate) async fn insert(tx: &Tx, tenant: &TenantId, policy: &Policy) -> Result<(), StoreError> {
    let row = ActiveModel {
        tenant: Set(tenant.to_string()),
        version: Set(i64::from(policy.version)),
        purpose: Set(policy.purpose.to_string()),
        grants: Set(column::json(&policy.grants)?),
        cedar: Set(Some(policy.cedar.clone())),
        created_at: Set(column::millis(policy.created_at)),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// A stored version.
pub(crate) async fn find<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    version: u32,
) -> Result<Option<Policy>, StoreError> {
    let model = Entity::find_in(tenant)
        .filter(Column::Version.eq(i64::from(version)))
        .one(connection)
        .await?;
    model.map(|model| parse(&model)).transpose()
}

/// Lists stored versions, the newest first, from the one before `before`.
pub(crate) async fn list<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    before: Option<u32>,
    limit: u64,
) -> Result<Vec<Policy>, StoreError> {
    let mut query = Entity::find_in(tenant);
    if let Some(before) = before {
        query = query.filter(Column::Version.lt(i64::from(before)));
    }
    let models = query
        .order_by_desc(Column::Version)
        .limit(limit)
        .all(connection)
        .await?;
    models.iter().map(parse).collect()
}

/// The number of the version that decides at an instant; 0 when none was activated by then. Of two that begin at one
/// instant, the one that was activated later.
pub(crate) async fn active_version<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    now: Timestamp,
) -> Result<u32, StoreError> {
    let active = activations::Entity::find_in(tenant)
        .filter(activations::Column::StartsAt.lte(column::millis(now)))
        .order_by_desc(activations::Column::StartsAt)
        .order_by_desc(activations::Column::Seq)
        .one(connection)
        .await?;
    active.map_or(Ok(0), |model| {
        Row::of(ACTIVATIONS, &model.tenant).count("version", model.version)
    })
}

/// The versions that will decide, each with the first instant at which it does.
pub(crate) async fn scheduled<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    now: Timestamp,
) -> Result<BTreeMap<u32, Timestamp>, StoreError> {
    let models = activations::Entity::find_in(tenant)
        .filter(activations::Column::StartsAt.gt(column::millis(now)))
        .order_by_desc(activations::Column::StartsAt)
        .all(connection)
        .await?;
    let scheduled = models.iter().map(|model| {
        let row = Row::of(ACTIVATIONS, &model.tenant);
        let version = row.count("version", model.version)?;
        Ok((version, row.instant("starts_at", model.starts_at)?))
    });
    scheduled.collect()
}

/// Makes a version decide from an instant on.
pub(crate) async fn activate(
    tx: &Tx,
    tenant: &TenantId,
    version: u32,
    from: Timestamp,
) -> Result<(), StoreError> {
    let row = activations::ActiveModel {
        seq: NotSet,
        tenant: Set(tenant.to_string()),
        version: Set(i64::from(version)),
        starts_at: Set(column::millis(from)),
    };
    activations::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

fn parse(model: &Model) -> Result<Policy, StoreError> {
    let row = Row::of(TABLE, &model.tenant);
    Ok(Policy {
        version: row.count("version", model.version)?,
        purpose: row.parse("purpose", &model.purpose)?,
        grants: row.json("grants", &model.grants)?,
        cedar: model.cedar.clone().unwrap_or_default(),
        created_at: row.instant("created_at", model.created_at)?,
    })
}
