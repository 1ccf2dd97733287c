//! Cases: the newest record of each intervention.

use std::collections::{HashMap, HashSet};

use domain::id::{InterventionId, TenantId};
use domain::time::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, TryInsertResult,
};
use storage::column::{self, Row};
use storage::{StoreError, TenantScoped, Tx};

use super::entities::cases::{ActiveModel, Column, Entity, Model};
use crate::case::{Case, CaseAgent};

const TABLE: &str = "cases";

/// Stores a case unless a record of the same or a newer revision is there, and answers the revision that counts. The
/// trace stays that of the first record, in which the intervention was decided.
pub(crate) async fn record(
    tx: &Tx,
    tenant: &TenantId,
    case: &Case,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let newer = OnConflict::columns([Column::Tenant, Column::InterventionId])
        .update_columns([
            Column::Revision,
            Column::SessionId,
            Column::PersonId,
            Column::Cause,
            Column::Cart,
            Column::PartnerId,
            Column::AgentId,
            Column::RecordedAt,
            Column::Channel,
        ])
        .action_and_where(
            Expr::col((Entity, Column::Revision)).lt(Expr::col(("excluded", Column::Revision))),
        )
        .to_owned();
    let outcome = Entity::insert(row(tenant, case, now)?)
        .on_conflict(newer)
        .try_insert()
        .exec_without_returning(tx)
        .await?;
    if matches!(outcome, TryInsertResult::Inserted(1)) {
        return Ok(case.revision);
    }
    let stored = find(tx, tenant, case.intervention).await?;
    Ok(stored.map_or(case.revision, |stored| stored.revision))
}

/// The case of an intervention.
pub(crate) async fn find<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    intervention: InterventionId,
) -> Result<Option<Case>, StoreError> {
    let query = Entity::find_in(tenant).filter(Column::InterventionId.eq(intervention.to_string()));
    let model = query.one(connection).await?;
    model.map(|model| parse(&model)).transpose()
}

/// The case, locked as by [`lock_all`].
pub(crate) async fn lock(
    tx: &Tx,
    tenant: &TenantId,
    intervention: InterventionId,
) -> Result<Option<Case>, StoreError> {
    let found = lock_all(tx, &[(tenant, intervention)]).await?;
    Ok(found.into_values().next())
}

/// These cases, locked until the end of the transaction together with all others of their sessions, in the order of their
/// ids: decisions on one cart come one after the other, in whatever intervention.
pub(crate) async fn lock_all(
    tx: &Tx,
    wanted: &[(&TenantId, InterventionId)],
) -> Result<HashMap<(TenantId, InterventionId), Case>, StoreError> {
    let keys: Vec<_> = wanted
        .iter()
        .map(|(tenant, intervention)| (*tenant, [intervention.to_string()]))
        .collect();
    let found = Entity::find_among([Column::InterventionId], &keys);
    let found = found.all(tx).await?;
    let tenants = found
        .iter()
        .map(|model| Row::of(TABLE, &model.tenant).parse("tenant", &model.tenant));
    let tenants: Vec<TenantId> = tenants.collect::<Result<_, _>>()?;
    let sessions: Vec<_> = tenants
        .iter()
        .zip(&found)
        .map(|(tenant, model)| (tenant, [model.session_id.clone()]))
        .collect();
    let wanted: HashSet<_> = wanted.iter().copied().collect();
    let mut cases = HashMap::with_capacity(wanted.len());
    if sessions.is_empty() {
        return Ok(cases);
    }
    let locked = Entity::find_among([Column::SessionId], &sessions)
        .order_by_asc(Column::InterventionId)
        .lock_exclusive()
        .all(tx)
        .await?;
    for model in &locked {
        let tenant: TenantId = Row::of(TABLE, &model.tenant).parse("tenant", &model.tenant)?;
        let case = parse(model)?;
        if wanted.contains(&(&tenant, case.intervention)) {
            cases.insert((tenant, case.intervention), case);
        }
    }
    Ok(cases)
}

fn row(tenant: &TenantId, case: &Case, now: Timestamp) -> Result<ActiveModel, StoreError> {
    let agent = case.agent.as_ref();
    Ok(ActiveModel {
        tenant: Set(tenant.to_string()),
        intervention_id: Set(case.intervention.to_string()),
        revision: Set(i64::try_from(case.revision).unwrap_or(i64::MAX)),
        session_id: Set(case.session.to_string()),
        person_id: Set(case.person.to_string()),
        cause: Set(case.cause.to_string()),
        cart: Set(column::json(&case.cart)?),
        partner_id: Set(agent.map(|agent| agent.partner.to_string())),
        agent_id: Set(agent.map(|agent| agent.agent.to_string())),
        traceparent: Set(case.traceparent.clone()),
        recorded_at: Set(column::millis(now)),
        channel: Set(case.channel.map(|channel| channel.to_string())),
    })
}

fn parse(model: &Model) -> Result<Case, StoreError> {
    let row = Row::of(TABLE, &model.intervention_id);
    let partner = row.parse_optional("partner_id", model.partner_id.as_deref())?;
    let agent = row.parse_optional("agent_id", model.agent_id.as_deref())?;
    let agent = match (partner, agent) {
        (Some(partner), Some(agent)) => Some(CaseAgent { partner, agent }),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => return Err(row.corrupt("agent_id")),
    };
    Ok(Case {
        intervention: row.parse("intervention_id", &model.intervention_id)?,
        revision: row.count("revision", model.revision)?,
        session: row.parse("session_id", &model.session_id)?,
        person: row.parse("person_id", &model.person_id)?,
        cause: row.parse("cause", &model.cause)?,
        cart: row.json("cart", &model.cart)?,
        channel: row.parse_optional("channel", model.channel.as_deref())?,
        agent,
        traceparent: model.traceparent.clone(),
    })
}
