//! How a contact begins and ends: the invitation or task that a decision makes, and what is left of them when it falls.

use std::sync::Arc;

use domain::assessment::Assessment;
use domain::channel::Channel;
use domain::id::QueueId;
use domain::moment::Moment;
use domain::time::Timestamp;
use storage::Tx;

use super::Service;
use super::rows::settled;
use crate::decide::Order;
use crate::desk::{DeskNews, SessionNews};
use crate::error::RoutingError;
use crate::intervention::Intervention;
use crate::invitation::{Invitation, InvitationState};
use crate::play::Play;
use crate::refused::Refused;
use crate::task::{Brief, Task, TaskState, Wait};

const NO_QUEUE: RoutingError = RoutingError::IllegalState {
    why: "the play names no queue",
};
const NO_TEXT: RoutingError = RoutingError::IllegalState {
    why: "the play has no text",
};
const NO_CARRIER: RoutingError = RoutingError::IllegalState {
    why: "no carrier for this channel",
};

/// A move of an invitation at a time.
pub(super) type InvitationMove = fn(Invitation, Timestamp) -> Result<Invitation, Refused>;

/// A decision to help.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewContact<'a> {
    /// Scheduled, not stored yet.
    pub(crate) intervention: &'a Intervention,
    pub(crate) play: &'a Play,
    pub(crate) moment: &'a Moment,
    pub(crate) assessment: &'a Assessment,
    pub(crate) now: Timestamp,
}

impl Service {
    /// Prepares the invitation or notice, or queues the task of a call. Gives the intervention as it is to be stored.
    pub(super) async fn start_contact(
        &self,
        tx: &Tx,
        contact: &NewContact<'_>,
    ) -> Result<Intervention, RoutingError> {
        let NewContact {
            intervention,
            play,
            moment,
            assessment,
            now,
        } = *contact;
        let brief = Brief::of(play, moment, assessment);
        let queue = play.rule.queue.clone();
        match intervention.channel {
            Channel::Call => {
                let called = intervention.clone().accepted(now)?;
                let wait = Wait {
                    since: now,
                    until: called.expires_at,
                };
                let work = (queue.ok_or(NO_QUEUE)?, brief);
                let (called, _task) = self.queue_task(tx, called, work, wait).await?;
                Ok(called)
            }
            Channel::Chat | Channel::OnPage => {
                let text = play.text_for(moment.language).ok_or(NO_TEXT)?;
                let id = self.inner.ids.next();
                let text = text.text.clone();
                let invitation = Invitation::prepared(id, intervention, queue, text, brief);
                self.inner.store.insert_invitation(tx, &invitation).await?;
                self.stir_after_commit(tx, &invitation);
                Ok(intervention.clone())
            }
            Channel::Email | Channel::Sms => Err(NO_CARRIER),
        }
    }

    /// Takes back what an ended intervention has shown or queued. `ended` is stored already.
    pub(super) async fn end_contact(
        &self,
        tx: &Tx,
        ended: &Intervention,
        now: Timestamp,
    ) -> Result<(), RoutingError> {
        let store = &self.inner.store;
        if let Some(invitation) = store.invitation_of(tx, &ended.tenant, ended.id).await?
            && InvitationState::WITHDRAWABLE.contains(&invitation.state)
        {
            self.save_invitation(tx, invitation.withdrawn(now)?).await?;
        }
        if let Some(task) = store.task_of(tx, &ended.tenant, ended.id).await?
            && TaskState::UNASSIGNED.contains(&task.state)
        {
            self.drop_task(tx, ended, task, now).await?;
        }
        Ok(())
    }

    /// Tells the agent who handles a live intervention what its session looks like now, and keeps the newest cart.
    pub(super) async fn session_changed(
        &self,
        tx: &Tx,
        live: &Intervention,
        moment: &Moment,
    ) -> Result<(), RoutingError> {
        let store = &self.inner.store;
        let Some(task) = store.task_of(tx, &live.tenant, live.id).await? else {
            return Ok(());
        };
        if !TaskState::OPEN.contains(&task.state) {
            return Ok(());
        }
        let task = if moment.cart.version() > task.newest_cart().version() {
            settled(store.save_task(tx, task.with_cart(&moment.cart)).await?)?
        } else {
            task
        };
        if let Some(agent) = task.agent.clone() {
            let news = DeskNews::Session(Arc::new(SessionNews {
                task: task.id,
                // That of a moment that comes late may be older.
                cart: task.newest_cart().clone(),
                page: moment.page.clone(),
                order: Order::at(moment),
            }));
            let desks = self.inner.desks.clone();
            tx.after_commit(move || desks.tell(&task.tenant, &agent, &news));
        }
        Ok(())
    }

    /// Queues a task for an accepted intervention, and gives both. The intervention is not stored here.
    pub(super) async fn queue_task(
        &self,
        tx: &Tx,
        intervention: Intervention,
        (queue, brief): (QueueId, Brief),
        wait: Wait,
    ) -> Result<(Intervention, Task), RoutingError> {
        let task = Task::queued(self.inner.ids.next(), &intervention, queue, brief, wait);
        self.inner.store.insert_task(tx, &task).await?;
        self.dispatch_after_commit(tx);
        let intervention = Intervention {
            task: Some(task.id),
            ..intervention
        };
        Ok((intervention, task))
    }

    /// Cancels a task that no agent has taken, and the reservation by which one is being asked.
    pub(super) async fn drop_task(
        &self,
        tx: &Tx,
        intervention: &Intervention,
        task: Task,
        now: Timestamp,
    ) -> Result<(), RoutingError> {
        let store = &self.inner.store;
        let asked = store.open_reservation_of(tx, &task.tenant, task.id).await?;
        settled(store.save_task(tx, task.cancelled(now)?).await?)?;
        if let Some(asked) = asked {
            self.release(tx, intervention, asked.cancelled(now)?, now)
                .await?;
        }
        Ok(())
    }

    /// Moves the invitation of an intervention. A call has none.
    pub(super) async fn move_invitation(
        &self,
        tx: &Tx,
        of: &Intervention,
        to: InvitationMove,
        now: Timestamp,
    ) -> Result<(), RoutingError> {
        let store = &self.inner.store;
        if let Some(invitation) = store.invitation_of(tx, &of.tenant, of.id).await? {
            self.save_invitation(tx, to(invitation, now)?).await?;
        }
        Ok(())
    }

    /// Stores an invitation as it is now; the storefronts of its session are told.
    pub(super) async fn save_invitation(
        &self,
        tx: &Tx,
        changed: Invitation,
    ) -> Result<Invitation, RoutingError> {
        let saved = settled(self.inner.store.save_invitation(tx, changed).await?)?;
        self.stir_after_commit(tx, &saved);
        Ok(saved)
    }

    fn stir_after_commit(&self, tx: &Tx, invitation: &Invitation) {
        let hub = self.inner.hub.clone();
        let (tenant, session) = (invitation.tenant.clone(), invitation.session);
        tx.after_commit(move || hub.stir(&tenant, session));
    }
}
