//! Tasks that an agent took and left: without this, a closed laptop would hold an agent's capacity and a shopper's only
//! contact for ever.

use domain::fact::Resolution;
use domain::time::Timestamp;
use storage::Tx;

use super::Service;
use super::contact::InvitationMove;
use crate::error::RoutingError;
use crate::intervention::Intervention;
use crate::invitation::Invitation;
use crate::task::{Task, TaskState};

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
            return self.forget(tx, (intervention, task), now).await;
        }
        let queue = task.queue.clone();
        let own = (intervention, task);
        let (_waiting, held) = self.requeue(tx, own, queue, now).await?;
        self.give_back(tx, held.rescinded(now)?, now).await?;
        Ok(())
    }

    async fn forget(
        &self,
        tx: &Tx,
        own: (Intervention, Task),
        now: Timestamp,
    ) -> Result<(), RoutingError> {
        let unsaid: (Resolution, InvitationMove) = (Resolution::Unresolved, Invitation::unanswered);
        let ended = self.close(tx, own, unsaid, now).await?;
        tracing::warn!(intervention = %ended.id, "a contact was never wrapped up and is closed");
        Ok(())
    }
}
