//! Decisions on offers, append-only.

use domain::id::{InterventionId, OfferId, TenantId};
use sea_orm::{
    ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use storage::column::{self, Row};
use storage::{StoreError, TenantScoped, Tx, rows};

use super::entities::decisions::{ActiveModel, Column, Entity};
use crate::decision::{Decision, Period, StoredDecision};

const TABLE: &str = "decisions";

/// A decision that is to be stored.
#[derive(Debug, Clone)]
pub(crate) struct NewDecision {
    pub(crate) tenant: TenantId,
    pub(crate) intervention: InterventionId,
    /// Absent when nothing came of it.
    pub(crate) offer: Option<OfferId>,
    pub(crate) decision: Decision,
}

/// Stores decisions, in their order.
pub(crate) async fn insert(tx: &Tx, decisions: &[NewDecision]) -> Result<(), StoreError> {
    let new = decisions.iter().map(row);
    rows::insert(tx, new.collect::<Result<_, _>>()?).await
}

fn row(new: &NewDecision) -> Result<ActiveModel, StoreError> {
    let NewDecision {
        tenant,
        intervention,
        offer,
        decision,
    } = new;
    Ok(ActiveModel {
        seq: NotSet,
        tenant: Set(tenant.to_string()),
        intervention_id: Set(intervention.to_string()),
        offer_id: Set(offer.map(|offer| offer.to_string())),
        outcome: Set(decision.outcome.to_string()),
        decision: Set(column::json(decision)?),
        decided_at: Set(column::millis(decision.decided_at)),
    })
}

/// Decisions of a period, the oldest first, after the one of `after`.
pub(crate) async fn list<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    period: Period,
    after: i64,
    limit: u64,
) -> Result<Vec<StoredDecision>, StoreError> {
    let mut query = Entity::find_in(tenant).filter(Column::Seq.gt(after));
    if let Some(from) = period.from {
        query = query.filter(Column::DecidedAt.gte(column::millis(from)));
    }
    if let Some(until) = period.until {
        query = query.filter(Column::DecidedAt.lt(column::millis(until)));
    }
    let models = query
        .order_by_asc(Column::Seq)
        .limit(limit)
        .all(connection)
        .await?;
    let parsed = models.iter().map(|model| {
        let id = model.seq.to_string();
        let row = Row::of(TABLE, &id);
        Ok(StoredDecision {
            seq: model.seq,
            intervention: row.parse("intervention_id", &model.intervention_id)?,
            offer: row.parse_optional("offer_id", model.offer_id.as_deref())?,
            decision: row.json("decision", &model.decision)?,
        })
    });
    parsed.collect()
}
