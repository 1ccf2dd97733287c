//! Reading and writing interventions.

use domain::id::{InterventionId, PartnerId, PersonId, SessionId, TenantId};
use platform::paging::{Page, PageRequest};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use sea_orm::{ConnectionTrait, TryInsertResult};
use serde::{Deserialize, Serialize};
use storage::column::millis;
use storage::{StoreError, TenantScoped, Tx};

use super::Store;
use super::entities::intervention::{self, Column, Entity};
use crate::intervention::{Intervention, State};

/// The sort key of a list of interventions: the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InterventionCursor {
    created_at: i64,
    id: InterventionId,
}

/// Which interventions a list holds.
#[derive(Debug, Clone, Default)]
pub(crate) struct InterventionFilter {
    pub(crate) session: Option<SessionId>,
    /// Whose agents handle it.
    pub(crate) partner: Option<PartnerId>,
    /// The state as [`State::as_str`] tells it.
    pub(crate) state: Option<&'static str>,
}

/// States in which help may still start or runs.
const OPEN: [&str; 4] = [
    State::Scheduled.as_str(),
    State::Shown.as_str(),
    State::Accepted.as_str(),
    State::Engaged.as_str(),
];

impl Store {
    /// Stores a new intervention; says `false`, and stores nothing, when the play has qualified in the session before.
    pub(crate) async fn insert_intervention(
        &self,
        tx: &Tx,
        new: &Intervention,
    ) -> Result<bool, StoreError> {
        let insert = Entity::insert(intervention::row(new)?).on_conflict_do_nothing_on([
            Column::Tenant,
            Column::SessionId,
            Column::PlayId,
        ]);
        match insert.exec_without_returning(tx).await? {
            TryInsertResult::Inserted(rows) => Ok(rows == 1),
            TryInsertResult::Empty | TryInsertResult::Conflicted => Ok(false),
        }
    }

    /// Stores the intervention as it is now.
    pub(crate) async fn save_intervention(
        &self,
        tx: &Tx,
        changed: &Intervention,
    ) -> Result<(), StoreError> {
        Entity::update_in(&changed.tenant)
            .set(intervention::row(changed)?)
            .filter(Column::InterventionId.eq(changed.id.to_string()))
            .exec(tx)
            .await?;
        Ok(())
    }

    /// Reads one intervention.
    pub(crate) async fn intervention<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        id: InterventionId,
    ) -> Result<Option<Intervention>, StoreError> {
        let row = Entity::find_in(tenant)
            .filter(Column::InterventionId.eq(id.to_string()))
            .one(connection)
            .await?;
        row.as_ref().map(intervention::intervention).transpose()
    }

    /// Reads one intervention, which nobody else changes until the transaction ends.
    pub(crate) async fn intervention_for_update(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        id: InterventionId,
    ) -> Result<Option<Intervention>, StoreError> {
        let row = Entity::find_in(tenant)
            .filter(Column::InterventionId.eq(id.to_string()))
            .lock_exclusive()
            .one(tx)
            .await?;
        row.as_ref().map(intervention::intervention).transpose()
    }

    /// All interventions of a session, the oldest first.
    pub(crate) async fn interventions_of_session<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        session: SessionId,
    ) -> Result<Vec<Intervention>, StoreError> {
        let rows = Entity::find_in(tenant)
            .filter(Column::SessionId.eq(session.to_string()))
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::InterventionId)
            .all(connection)
            .await?;
        rows.iter().map(intervention::intervention).collect()
    }

    /// Open interventions of anybody by one of these names, in any session.
    pub(crate) async fn open_interventions_of<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        names: &[PersonId],
    ) -> Result<Vec<Intervention>, StoreError> {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let either = Condition::any()
            .add(Column::PersonId.is_in(&names))
            .add(Column::VisitorId.is_in(&names));
        let rows = Entity::find_in(tenant)
            .filter(either)
            .filter(Column::State.is_in(OPEN))
            .all(connection)
            .await?;
        rows.iter().map(intervention::intervention).collect()
    }

    /// A page of interventions, the newest first.
    pub(crate) async fn list_interventions(
        &self,
        tenant: &TenantId,
        filter: &InterventionFilter,
        request: &PageRequest<InterventionCursor>,
    ) -> Result<Page<Intervention>, StoreError> {
        let mut query = Entity::find_in(tenant);
        if let Some(session) = filter.session {
            query = query.filter(Column::SessionId.eq(session.to_string()));
        }
        if let Some(partner) = &filter.partner {
            query = query.filter(Column::PartnerId.eq(partner.as_str()));
        }
        if let Some(state) = filter.state {
            query = query.filter(Column::State.eq(state));
        }
        if let Some(InterventionCursor { created_at, id }) = request.after() {
            let same_time = Condition::all()
                .add(Column::CreatedAt.eq(*created_at))
                .add(Column::InterventionId.lt(id.to_string()));
            let after = Condition::any()
                .add(Column::CreatedAt.lt(*created_at))
                .add(same_time);
            query = query.filter(after);
        }
        let rows = query
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::InterventionId)
            .limit(request.fetch())
            .all(self.database.read())
            .await?;
        let listed: Result<Vec<_>, _> = rows.iter().map(intervention::intervention).collect();
        Ok(request.page(listed?, |last| InterventionCursor {
            created_at: millis(last.created_at),
            id: last.id,
        }))
    }
}
