//! Reading and writing reservations, and the sum of them that is an agent's load.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{ReservationId, TaskId, TenantId};
use domain::time::Timestamp;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use storage::column::millis;
use storage::{StoreError, TenantScoped, Tx};

use super::Store;
use super::entities::reservation::{self, Column, Entity};
use super::entities::{legible, number, words};
use crate::intervention::AssignedAgent;
use crate::matching::Load;
use crate::reservation::{Reservation, ReservationState};

impl Store {
    /// Stores a new reservation. The database refuses a second one that is open for the same task.
    pub(crate) async fn insert_reservation(
        &self,
        tx: &Tx,
        new: &Reservation,
    ) -> Result<(), StoreError> {
        Entity::insert(reservation::row(new))
            .exec_without_returning(tx)
            .await?;
        Ok(())
    }

    /// Stores a reservation as it is now and gives it back as stored; `None` when somebody else has changed it meanwhile.
    pub(crate) async fn save_reservation(
        &self,
        tx: &Tx,
        changed: Reservation,
    ) -> Result<Option<Reservation>, StoreError> {
        let read = number(changed.version);
        let changed = Reservation {
            version: changed.version.saturating_add(1),
            ..changed
        };
        // INVARIANT: the version is compared by the statement that changes the row, so of two at once one loses.
        let saved = Entity::update_in(&changed.tenant)
            .set(reservation::row(&changed))
            .filter(Column::ReservationId.eq(changed.id.to_string()))
            .filter(Column::Version.eq(read))
            .exec(tx)
            .await?;
        Ok((saved.rows_affected == 1).then_some(changed))
    }

    /// Reads one reservation.
    pub(crate) async fn reservation<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        id: ReservationId,
    ) -> Result<Option<Reservation>, StoreError> {
        let row = Entity::find_in(tenant)
            .filter(Column::ReservationId.eq(id.to_string()))
            .one(connection)
            .await?;
        row.as_ref().map(reservation::reservation).transpose()
    }

    /// The reservation by which a task is held or worked on.
    pub(crate) async fn open_reservation_of<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        task: TaskId,
    ) -> Result<Option<Reservation>, StoreError> {
        let row = Entity::find_in(tenant)
            .filter(Column::TaskId.eq(task.to_string()))
            .filter(Column::State.is_in(words(&ReservationState::OPEN, ReservationState::as_str)))
            .one(connection)
            .await?;
        row.as_ref().map(reservation::reservation).transpose()
    }

    /// Reservations that wait for an agent's answer, the oldest first.
    pub(crate) async fn pending_reservations<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        agent: &AssignedAgent,
    ) -> Result<Vec<Reservation>, StoreError> {
        let rows = of_agent(tenant, agent)
            .filter(Column::State.eq(ReservationState::Pending.as_str()))
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::ReservationId)
            .all(connection)
            .await?;
        rows.iter().map(reservation::reservation).collect()
    }

    /// What an agent has in use.
    pub(crate) async fn load_of<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        agent: &AssignedAgent,
    ) -> Result<Load, StoreError> {
        let rows = of_agent(tenant, agent)
            .filter(Column::State.is_in(words(&ReservationState::OPEN, ReservationState::as_str)))
            .all(connection)
            .await?;
        let mut load = Load::default();
        for row in &rows {
            let open = reservation::reservation(row)?;
            load = load.with(open.units, open.channel);
        }
        Ok(load)
    }

    /// Who is not asked again, for each of these tasks.
    pub(crate) async fn refusals<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        tasks: impl Iterator<Item = TaskId> + Send,
    ) -> Result<BTreeMap<TaskId, BTreeSet<AssignedAgent>>, StoreError> {
        let rows = Entity::find_in(tenant)
            .filter(Column::TaskId.is_in(tasks.map(|task| task.to_string())))
            .filter(Column::State.is_in(words(
                &ReservationState::NOT_AGAIN,
                ReservationState::as_str,
            )))
            .all(connection)
            .await?;
        let mut refusals: BTreeMap<TaskId, BTreeSet<AssignedAgent>> = BTreeMap::new();
        for row in &rows {
            let refused = reservation::reservation(row)?;
            refusals
                .entry(refused.task)
                .or_default()
                .insert(refused.agent);
        }
        Ok(refusals)
    }

    /// Reservations of all tenants that were not answered in time, the oldest first.
    pub(crate) async fn overdue_reservations(
        &self,
        now: Timestamp,
        limit: u64,
    ) -> Result<Vec<Reservation>, StoreError> {
        // A timer serves all tenants; what it then does to a reservation starts from the tenant of the row.
        let rows = Entity::find()
            .filter(Column::State.eq(ReservationState::Pending.as_str()))
            .filter(Column::ExpiresAt.lte(millis(now)))
            .order_by_asc(Column::ExpiresAt)
            .limit(limit)
            .all(self.database.read())
            .await?;
        Ok(legible(&rows, reservation::reservation))
    }
}

fn of_agent(tenant: &TenantId, agent: &AssignedAgent) -> Select<Entity> {
    Entity::find_in(tenant)
        .filter(Column::PartnerId.eq(agent.partner.as_str()))
        .filter(Column::AgentId.eq(agent.agent.as_str()))
}
