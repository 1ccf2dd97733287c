//! Tasks that an agent took and left: without this, a closed laptop would hold an agent's capacity and a shopper's only
//! contact for ever.

use domain::fact::Resolution;
use domain::time::Timestamp;
use storage::Tx;

use super::Service;
use super::rows::settled;
use crate::error::RoutingError;
use crate::intervention::Intervention;
use crate::reservation::Reservation;
use crate::task::{Task, TaskState};

const NOT_HELD: RoutingError = RoutingError::IllegalState {
    why: "the task is not assigned",
};

impl Service {
    /// A task whose agent did not begin goes back to its queue, where a shopper waits for it. One that was begun and never
    /// wrapped up ends without the agent's word: kpi is told nothing that nobody said.
    pub(super) async fn abandon(
        &self,
        tx: &Tx,
        intervention: Intervention,
        seen: Task,
        now: Timestamp,
    ) -> Result<(), RoutingError> {
        let store = &self.inner.store;
        let found = store.task(tx, &seen.tenant, seen.id).await?;
        let left = |task: &Task| task.state == TaskState::Assigned && now >= task.expires_at;
        let Some(task) = found.filter(left) else {
            return Ok(());
        };
        if task.started_at.is_some() {
            return self.forget(tx, intervention, task, now).await;
        }
        let queue = task.queue.clone();
        let own = (intervention, task);
        let (_released, _waiting, held) = self.requeue(tx, own, queue, now).await?;
        self.dispatch_after_commit(tx);
        self.give_back(tx, held.rescinded(now)?, now).await?;
        Ok(())
    }

    async fn forget(
        &self,
        tx: &Tx,
        intervention: Intervention,
        task: Task,
        now: Timestamp,
    ) -> Result<(), RoutingError> {
        let store = &self.inner.store;
        let held = store.open_reservation_of(tx, &task.tenant, task.id).await?;
        let held: Reservation = held.ok_or(NOT_HELD)?;
        let ended = intervention.wrapped(Resolution::Unresolved, now)?;
        store.save_intervention(tx, &ended).await?;
        let invitation = store.invitation_of(tx, &ended.tenant, ended.id).await?;
        if let Some(invitation) = invitation {
            self.save_invitation(tx, invitation.unanswered(now)?)
                .await?;
        }
        let closed = task.wrapping(now)?.completed(now)?;
        settled(store.save_task(tx, closed).await?)?;
        self.give_back(tx, held.wrapping(now)?.completed(now)?, now)
            .await?;
        tracing::warn!(intervention = %ended.id, "a contact was never wrapped up and is closed");
        Ok(())
    }
}
