//! Purses as they are set. What is used of them is counted by the ledger.

use domain::id::{AgentId, PartnerId, TenantId};
use domain::money::Money;
use domain::time::Timestamp;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
};
use storage::column::{self, Row};
use storage::{StoreError, TenantScoped, Tx};

use super::entities::purses::{ActiveModel, Column, Entity, Model};
use super::ledger::{Counter, counters};
use super::people::{self, PersonCursor};
use crate::day::Day;
use crate::ledger::LimitKey;
use crate::programme::{Purse, PurseOwner, PurseReport};

const TABLE: &str = "purses";

/// Stores a purse, in place of an earlier one of this owner.
pub(crate) async fn set(
    tx: &Tx,
    tenant: &TenantId,
    purse: &Purse,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = ActiveModel {
        tenant: Set(tenant.to_string()),
        partner_id: Set(purse.owner.partner.to_string()),
        agent_id: Set(agent_column(&purse.owner)),
        daily_limit_minor: Set(purse.daily_limit.minor_units()),
        daily_limit_currency: Set(purse.daily_limit.currency().to_string()),
        set_at: Set(column::millis(now)),
    };
    let replace = OnConflict::columns([Column::Tenant, Column::PartnerId, Column::AgentId])
        .update_columns([
            Column::DailyLimitMinor,
            Column::DailyLimitCurrency,
            Column::SetAt,
        ])
        .to_owned();
    Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// The daily limits of these owners, in their order; absent where none is set.
pub(crate) async fn limits_of<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    owners: &[PurseOwner],
) -> Result<Vec<Option<Money>>, StoreError> {
    if owners.is_empty() {
        return Ok(Vec::new());
    }
    let partners = owners.iter().map(|owner| owner.partner.as_str());
    let models = Entity::find_in(tenant)
        .filter(Column::PartnerId.is_in(partners))
        .filter(Column::AgentId.is_in(owners.iter().map(agent_column)))
        .all(connection)
        .await?;
    let mut purses = Vec::with_capacity(models.len());
    for model in &models {
        purses.push(parse(model)?);
    }
    let limit = |owner: &PurseOwner| {
        let purse = purses.iter().find(|purse| purse.owner == *owner);
        purse.map(|purse| purse.daily_limit)
    };
    Ok(owners.iter().map(limit).collect())
}

/// Lists purses by partner and agent.
pub(crate) async fn list<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    partner: Option<&PartnerId>,
    after: Option<&PersonCursor>,
    limit: u64,
) -> Result<Vec<Purse>, StoreError> {
    let columns = [Column::PartnerId, Column::AgentId];
    let rows = people::page(Entity::find_in(tenant), columns, partner, after);
    let models = rows.limit(limit).all(connection).await?;
    models.iter().map(parse).collect()
}

/// A purse with what is used of it on a day.
pub(crate) async fn report<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    purse: Purse,
    day: Day,
) -> Result<PurseReport, StoreError> {
    let key = LimitKey::purse(&purse.owner, day, purse.daily_limit.currency());
    let counter = counters(connection, tenant, &[key]).await?.pop().flatten();
    with_use(purse, counter)
}

/// Purses with what is used of them on a day.
pub(crate) async fn reports<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    purses: Vec<Purse>,
    day: Day,
) -> Result<Vec<PurseReport>, StoreError> {
    let keys: Vec<LimitKey> = purses
        .iter()
        .map(|purse| LimitKey::purse(&purse.owner, day, purse.daily_limit.currency()))
        .collect();
    let counters = counters(connection, tenant, &keys).await?;
    let pairs = purses.into_iter().zip(counters);
    pairs
        .map(|(purse, counter)| with_use(purse, counter))
        .collect()
}

fn with_use(purse: Purse, counter: Option<Counter>) -> Result<PurseReport, StoreError> {
    let used = counter.map_or(0, Counter::used);
    let owner = purse.owner.partner.to_string();
    let used_today = Money::new(used, purse.daily_limit.currency());
    let used_today = Row::of("limits", &owner).valid("held", used_today)?;
    Ok(PurseReport { purse, used_today })
}

fn agent_column(owner: &PurseOwner) -> String {
    owner
        .agent
        .as_ref()
        .map_or_else(String::new, AgentId::to_string)
}

fn parse(model: &Model) -> Result<Purse, StoreError> {
    let row = Row::of(TABLE, &model.partner_id);
    let agent = Some(model.agent_id.as_str()).filter(|agent| !agent.is_empty());
    Ok(Purse {
        owner: PurseOwner {
            partner: row.parse("partner_id", &model.partner_id)?,
            agent: row.parse_optional("agent_id", agent)?,
        },
        daily_limit: row.money(
            "daily_limit",
            model.daily_limit_minor,
            &model.daily_limit_currency,
        )?,
    })
}
