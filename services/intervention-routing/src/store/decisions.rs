//! Reading and writing decisions.

use domain::id::{DecisionId, InterventionId, MomentId, SessionId, TenantId};
use domain::time::Timestamp;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use sea_orm::{ConnectionTrait, TryInsertResult};
use storage::column::millis;
use storage::{StoreError, TenantScoped, Tx};

use super::Store;
use super::entities::decision::{self, Column, Entity};
use crate::decision::{Decision, Explanation};

/// What names a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The one that made an intervention.
    Intervention(InterventionId),
    /// Itself.
    Decision(DecisionId),
    /// The one made on a moment.
    Moment(MomentId),
}

impl Store {
    /// Stores a decision; says `false`, and stores nothing, when its moment was decided before.
    pub(crate) async fn insert_decision(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        explained: &Explanation,
    ) -> Result<bool, StoreError> {
        let insert = Entity::insert(decision::row(tenant, explained)?)
            .on_conflict_do_nothing_on([Column::Tenant, Column::MomentId]);
        match insert.exec_without_returning(tx).await? {
            TryInsertResult::Inserted(rows) => Ok(rows == 1),
            TryInsertResult::Empty | TryInsertResult::Conflicted => Ok(false),
        }
    }

    /// The decision on a moment.
    pub(crate) async fn decision_on<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        moment: MomentId,
    ) -> Result<Option<Decision>, StoreError> {
        let row = Entity::find_in(tenant)
            .filter(Column::MomentId.eq(moment.to_string()))
            .one(connection)
            .await?;
        row.as_ref().map(decision::decision).transpose()
    }

    /// A decision with all that it saw. Of an intervention it is the first: later ones merely met it.
    pub(crate) async fn explanation(
        &self,
        tenant: &TenantId,
        subject: Subject,
    ) -> Result<Option<Explanation>, StoreError> {
        let named = match subject {
            Subject::Intervention(id) => Column::InterventionId.eq(id.to_string()),
            Subject::Decision(id) => Column::DecisionId.eq(id.to_string()),
            Subject::Moment(id) => Column::MomentId.eq(id.to_string()),
        };
        let row = Entity::find_in(tenant)
            .filter(named)
            .order_by_asc(Column::DecidedAt)
            .order_by_asc(Column::DecisionId)
            .one(self.database.read())
            .await?;
        row.as_ref().map(decision::explanation).transpose()
    }

    /// The newest state of a session that was decided on.
    pub(crate) async fn newest_session_version<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        session: SessionId,
    ) -> Result<Option<u64>, StoreError> {
        let newest = Entity::find_in(tenant)
            .select_only()
            .column(Column::SessionVersion)
            .filter(Column::SessionId.eq(session.to_string()))
            .order_by_desc(Column::SessionVersion)
            .into_tuple::<i64>()
            .one(connection)
            .await?;
        Ok(newest.and_then(|version| u64::try_from(version).ok()))
    }

    /// Up to `limit` stored decisions since a time and after one of them, the oldest first.
    pub(crate) async fn decisions_since(
        &self,
        tenant: &TenantId,
        since: Option<Timestamp>,
        after: Option<&Decision>,
        limit: u64,
    ) -> Result<Vec<Explanation>, StoreError> {
        let mut query = Entity::find_in(tenant);
        if let Some(since) = since {
            query = query.filter(Column::DecidedAt.gte(millis(since)));
        }
        if let Some(last) = after {
            let same_time = Condition::all()
                .add(Column::DecidedAt.eq(millis(last.decided_at)))
                .add(Column::DecisionId.gt(last.id.to_string()));
            let later = Column::DecidedAt.gt(millis(last.decided_at));
            query = query.filter(Condition::any().add(later).add(same_time));
        }
        let rows = query
            .order_by_asc(Column::DecidedAt)
            .order_by_asc(Column::DecisionId)
            .limit(limit)
            .all(self.database.read())
            .await?;
        rows.iter().map(decision::explanation).collect()
    }

    /// Forgets decisions made before `limit`, of all tenants, and says how many those were.
    pub(crate) async fn forget_decisions(&self, limit: Timestamp) -> Result<u64, StoreError> {
        self.database
            .forget_before("decisions", "decided_at", limit)
            .await
    }
}
