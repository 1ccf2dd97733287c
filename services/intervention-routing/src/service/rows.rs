//! Rows as a use case needs them: there, the caller's own, and unchanged since they were read.

use domain::id::{InterventionId, TaskId, TenantId};
use storage::Tx;

use super::Service;
use crate::error::RoutingError;
use crate::intervention::{AssignedAgent, Intervention};
use crate::task::Task;

pub(super) const NO_RESERVATION: RoutingError = RoutingError::NotFound {
    what: "reservation",
};
pub(super) const NO_TASK: RoutingError = RoutingError::NotFound { what: "task" };
pub(super) const NO_INVITATION: RoutingError = RoutingError::NotFound { what: "invitation" };
const NO_INTERVENTION: RoutingError = RoutingError::NotFound {
    what: "intervention",
};

/// What was saved, unless somebody else was faster.
pub(super) fn settled<T>(saved: Option<T>) -> Result<T, RoutingError> {
    saved.ok_or(RoutingError::Unsettled)
}

impl Service {
    /// An intervention under its lock. Whoever moves it, its invitation, its task or a reservation takes this first, so
    /// what is read of them afterwards stays as it is.
    pub(super) async fn locked(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        id: InterventionId,
    ) -> Result<Intervention, RoutingError> {
        let store = &self.inner.store;
        let intervention = store.intervention_for_update(tx, tenant, id).await?;
        intervention.ok_or(NO_INTERVENTION)
    }

    /// The task of an agent with its intervention, locked. A task of somebody else is not there.
    pub(super) async fn own_task(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        (agent, id): (&AssignedAgent, TaskId),
    ) -> Result<(Intervention, Task), RoutingError> {
        let store = &self.inner.store;
        let theirs = |task: &Task| task.agent.as_ref() == Some(agent);
        let seen = store.task(tx, tenant, id).await?.filter(theirs);
        let intervention = self
            .locked(tx, tenant, seen.ok_or(NO_TASK)?.intervention)
            .await?;
        let task = store.task(tx, tenant, id).await?.filter(theirs);
        Ok((intervention, task.ok_or(NO_TASK)?))
    }
}
