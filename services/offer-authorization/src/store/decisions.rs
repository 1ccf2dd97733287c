//! Decisions on offers, append-only.

use domain::id::{InterventionId, OfferId, TenantId};
use domain::time::Timestamp;
use sea_orm::{
    ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use storage::column::{self, Row};
use storage::{StoreError, TenantScoped, Tx};

use super::entities::decisions::{ActiveModel, Column, Entity};
use crate::decision::Decision;

const TABLE: &str = "decisions";

/// Stores a decision.
pub(crate) async fn insert(
    tx: &Tx,
    tenant: &TenantId,
    decision: &Decision,
    intervention: InterventionId,
    offer: Option<OfferId>,
) -> Result<(), StoreError> {
    let row = ActiveModel {
        seq: NotSet,
        tenant: Set(tenant.to_string()),
        intervention_id: Set(intervention.to_string()),
        offer_id: Set(offer.map(|offer| offer.to_string())),
        outcome: Set(decision.outcome.to_string()),
        decision: Set(column::json(decision)?),
        decided_at: Set(column::millis(decision.decided_at)),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Decisions from an instant on, the oldest first, after the one of `after`; each with its place.
pub(crate) async fn list<C: ConnectionTrait>(
    connection: &C,
    tenant: &TenantId,
    from: Option<Timestamp>,
    after: i64,
    limit: u64,
) -> Result<Vec<(i64, Decision)>, StoreError> {
    let mut query = Entity::find_in(tenant).filter(Column::Seq.gt(after));
    if let Some(from) = from {
        query = query.filter(Column::DecidedAt.gte(column::millis(from)));
    }
    let models = query
        .order_by_asc(Column::Seq)
        .limit(limit)
        .all(connection)
        .await?;
    let parsed = models.iter().map(|model| {
        let id = model.seq.to_string();
        let decision = Row::of(TABLE, &id).json("decision", &model.decision)?;
        Ok((model.seq, decision))
    });
    parsed.collect()
}
