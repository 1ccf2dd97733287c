//! Authority policies: versions, and the one that decides. Version 0 is nobody's row: it is compiled in.

use std::collections::BTreeMap;

use domain::id::TenantId;
use domain::time::Timestamp;
use sea_orm::{
    ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, Statement,
};
use storage::column::{self, Row};
use storage::{StoreError, TenantScoped, Tx};

use super::entities::activations;
use super::entities::policies::{ActiveModel, Column, Entity, Model};
use crate::authority::Policy;

const TABLE: &str = "policies";
const ACTIVATIONS: &str = "policy_activations";

/// All activations. `active_policies` is where the release before this one keeps and looks for what is active: both are
/// written and read for as long as the two may run beside each other.
const ALL: &str = "
    SELECT version, starts_at, seq, at_once FROM policy_activations WHERE tenant = $1
    UNION ALL
    SELECT version, activated_at, 0, 1 FROM active_policies WHERE tenant = $1
    ORDER BY 2 DESC, 3 DESC";
const TELL_OTHERS: &str = "
    INSERT INTO active_policies (tenant, version, activated_at) VALUES ($1, $2, $3)
    ON CONFLICT (tenant) DO UPDATE SET version = excluded.version, activated_at = excluded.activated_at";

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

/// When a version begins to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// With the commit.
    AtOnce,
    /// At an instant to come.
    At(Timestamp),
}

/// Which version decides when, that which counts before others first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Activations(Vec<Activated>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Activated {
    version: u32,
    start: Start,
}

impl Activations {
    /// The number of the version that decides at an instant; 0 when none was activated by then.
    ///
    /// What was activated at once has come, whatever the clock of this process says. Of two that begin at one instant, the one
    /// that was activated later decides.
    pub(crate) fn at(&self, now: Timestamp) -> u32 {
        let has_come = |activated: &&Activated| match activated.start {
            Start::AtOnce => true,
            Start::At(instant) => instant <= now,
        };
        let found = self.0.iter().find(has_come);
        found.map_or(0, |activated| activated.version)
    }

    /// The versions that will decide, each with the first instant at which it does. Of several for one instant, the one that
    /// was activated last takes the place of the others.
    pub(crate) fn scheduled(&self, now: Timestamp) -> BTreeMap<u32, Timestamp> {
        let mut by_instant = BTreeMap::new();
        for activated in &self.0 {
            if let Start::At(instant) = activated.start
                && instant > now
            {
                by_instant.entry(instant).or_insert(activated.version);
            }
        }
        let mut scheduled = BTreeMap::new();
        for (instant, version) in by_instant {
            scheduled.entry(version).or_insert(instant);
        }
        scheduled
    }
}

/// When which version decides.
pub(crate) async fn activations<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
) -> Result<Activations, StoreError> {
    let values = [tenant.as_str().into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), ALL, values);
    let row = Row::of(ACTIVATIONS, tenant.as_str());
    let mut all = Vec::new();
    for found in connection.query_all_raw(statement).await? {
        let at_once: Option<i64> = found.try_get("", "at_once")?;
        let start = match at_once {
            Some(_) => Start::AtOnce,
            None => Start::At(row.instant("starts_at", found.try_get("", "starts_at")?)?),
        };
        let version: i64 = found.try_get("", "version")?;
        all.push(Activated {
            version: row.count("version", version)?,
            start,
        });
    }
    Ok(Activations(all))
}

/// Makes a version decide.
///
/// INVARIANT: what is activated at once begins no earlier than what was so before it, so that the order is that of activating
/// also when the clocks of two replicas differ.
pub(crate) async fn activate(
    tx: &Tx,
    tenant: &TenantId,
    version: u32,
    start: Start,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (starts_at, at_once) = match start {
        Start::At(instant) => (column::millis(instant), None),
        Start::AtOnce => {
            let newest = activations::Entity::find_in(tenant)
                .filter(activations::Column::AtOnce.eq(1))
                .order_by_desc(activations::Column::StartsAt)
                .one(tx)
                .await?;
            let newest = newest.map_or(i64::MIN, |model| model.starts_at);
            (newest.max(column::millis(now)), Some(1))
        }
    };
    let row = activations::ActiveModel {
        seq: NotSet,
        tenant: Set(tenant.to_string()),
        version: Set(i64::from(version)),
        starts_at: Set(starts_at),
        at_once: Set(at_once),
    };
    activations::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    if start == Start::AtOnce {
        let values = [
            tenant.as_str().into(),
            i64::from(version).into(),
            starts_at.into(),
        ];
        let backend = tx.get_database_backend();
        let told = Statement::from_sql_and_values(backend, TELL_OTHERS, values);
        tx.execute_raw(told).await?;
    }
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
