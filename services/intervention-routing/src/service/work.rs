//! What an agent does with a task: start, hear from the shopper, wrap up, hand on.

use std::time::Duration;

use domain::cause::Cause;
use domain::fact::{FactBody, Pointless, Resolution};
use domain::id::{QueueId, TaskId, TenantId};
use domain::time::Timestamp;
use futures::FutureExt;
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;
use storage::{RequestKey, Tx};
use tracing::Instrument;

use super::contact::InvitationMove;
use super::rows::settled;
use super::{Service, trace};
use crate::error::RoutingError;
use crate::intervention::{AssignedAgent, Intervention, State};
use crate::invitation::Invitation;
use crate::reservation::Reservation;
use crate::task::{Task, Wait};
use crate::{cases, facts, labels};

const NOT_STARTED: RoutingError = RoutingError::IllegalState {
    why: "the conversation has not started",
};
const NOT_HELD: RoutingError = RoutingError::IllegalState {
    why: "the task is not assigned",
};

/// How a contact ended, by the agent's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WrapUp {
    pub(crate) resolution: Resolution,
    pub(crate) cause: Cause,
    pub(crate) pointless: Pointless,
    pub(crate) handle_time: Duration,
}

/// A step of an agent on a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The agent wrote or spoke the first word.
    Start,
    /// The shopper wrote or spoke.
    Reply,
    /// The contact is over.
    WrapUp(WrapUp),
}

impl Step {
    /// The step in traces.
    const fn name(self) -> &'static str {
        match self {
            Self::Start => "routing.start_conversation",
            Self::Reply => "routing.shopper_replied",
            Self::WrapUp(_) => "routing.wrap_up",
        }
    }
}

impl Service {
    /// Takes a step on one's own task and gives the intervention as it is then.
    pub(crate) async fn work(
        &self,
        key: RequestKey,
        agent: AssignedAgent,
        id: TaskId,
        step: Step,
    ) -> Result<Intervention, RoutingError> {
        let now = self.inner.clock.now();
        let (service, tenant) = (self.clone(), key.tenant.clone());
        let worked = self.inner.store.database.write_once(key, now, move |tx| {
            let (service, tenant) = (service.clone(), tenant.clone());
            let agent = agent.clone();
            async move {
                let own = service.own_task(tx, &tenant, (&agent, id)).await?;
                service.take_step(tx, own, step, now).await
            }
            .boxed()
        });
        worked.await
    }

    /// Gives one's own task to whoever serves a queue, and gives it as it waits then.
    pub(crate) async fn transfer(
        &self,
        key: RequestKey,
        agent: AssignedAgent,
        id: TaskId,
        queue: QueueId,
    ) -> Result<Task, RoutingError> {
        let now = self.inner.clock.now();
        let (service, tenant) = (self.clone(), key.tenant.clone());
        let transferred = self.inner.store.database.write_once(key, now, move |tx| {
            let (service, tenant) = (service.clone(), tenant.clone());
            let (agent, queue) = (agent.clone(), queue.clone());
            async move {
                let (intervention, task) = service.own_task(tx, &tenant, (&agent, id)).await?;
                service.refuse_unknown(tx, &tenant, &queue).await?;
                let step = trace::step("routing.transfer_task", &intervention);
                let handed_on = service.hand_on(tx, (intervention, task), queue, now);
                handed_on.instrument(step).await
            }
            .boxed()
        });
        transferred.await
    }

    async fn take_step(
        &self,
        tx: &Tx,
        (intervention, task): (Intervention, Task),
        step: Step,
        now: Timestamp,
    ) -> Result<Intervention, RoutingError> {
        let span = trace::step(step.name(), &intervention);
        let taken = match step {
            Step::Start => self.start(tx, intervention, task, now).boxed(),
            Step::Reply => self.reply(tx, intervention, task, now).boxed(),
            Step::WrapUp(end) => self.wrap_up(tx, (intervention, task), end, now).boxed(),
        };
        taken.instrument(span).await
    }

    async fn start(
        &self,
        tx: &Tx,
        intervention: Intervention,
        task: Task,
        now: Timestamp,
    ) -> Result<Intervention, RoutingError> {
        let wait = Wait::of(now, self.inner.settings.desks.wrap_up_within());
        settled(self.inner.store.save_task(tx, task.started(wait)?).await?)?;
        let told = vec![FactBody::ConversationStarted];
        facts::record(tx, &*self.inner.ids, &intervention, told, now).await?;
        Ok(intervention)
    }

    async fn reply(
        &self,
        tx: &Tx,
        intervention: Intervention,
        task: Task,
        now: Timestamp,
    ) -> Result<Intervention, RoutingError> {
        if task.started_at.is_none() {
            return Err(NOT_STARTED);
        }
        // The first reply engages; the others are told of, and change nothing.
        let told = if intervention.state == State::Engaged {
            Vec::new()
        } else {
            vec![FactBody::ShopperEngaged]
        };
        let engaged = intervention.engaged(now)?;
        self.inner.store.save_intervention(tx, &engaged).await?;
        facts::record(tx, &*self.inner.ids, &engaged, told, now).await?;
        Ok(engaged)
    }

    async fn wrap_up(
        &self,
        tx: &Tx,
        own: (Intervention, Task),
        end: WrapUp,
        now: Timestamp,
    ) -> Result<Intervention, RoutingError> {
        let WrapUp {
            resolution,
            cause,
            pointless,
            handle_time,
        } = end;
        let asked: (Resolution, InvitationMove) = (resolution, Invitation::asked);
        let ended = self.close(tx, own, asked, now).await?;
        labels::record(tx, &*self.inner.ids, &ended, cause, now).await?;
        let told = vec![FactBody::ContactWrapped {
            resolution,
            cause,
            handle_time,
            pointless,
        }];
        facts::record(tx, &*self.inner.ids, &ended, told, now).await?;
        Ok(ended)
    }

    /// Ends a contact that an agent has: its intervention, its invitation, its task, and the hold on the agent.
    pub(super) async fn close(
        &self,
        tx: &Tx,
        (intervention, task): (Intervention, Task),
        (resolution, to): (Resolution, InvitationMove),
        now: Timestamp,
    ) -> Result<Intervention, RoutingError> {
        let store = &self.inner.store;
        let ended = intervention.wrapped(resolution, now)?;
        store.save_intervention(tx, &ended).await?;
        self.move_invitation(tx, &ended, to, now).await?;
        let held = self.hold_on(tx, &task).await?;
        let done = task.wrapping(now)?.completed(now)?;
        settled(store.save_task(tx, done).await?)?;
        self.give_back(tx, held.wrapping(now)?.completed(now)?, now)
            .await?;
        Ok(ended)
    }

    /// The reservation by which an agent has a task.
    async fn hold_on(&self, tx: &Tx, task: &Task) -> Result<Reservation, RoutingError> {
        let store = &self.inner.store;
        let held = store.open_reservation_of(tx, &task.tenant, task.id).await?;
        held.ok_or(NOT_HELD)
    }

    async fn hand_on(
        &self,
        tx: &Tx,
        own: (Intervention, Task),
        queue: QueueId,
        now: Timestamp,
    ) -> Result<Task, RoutingError> {
        let (waiting, held) = self.requeue(tx, own, queue, now).await?;
        self.give_back(tx, held.completed(now)?, now).await?;
        Ok(waiting)
    }

    /// Puts a task that an agent has into a queue, for somebody else. The reservation is given back by the caller, who
    /// knows how it ended; that wakes the dispatchers.
    pub(super) async fn requeue(
        &self,
        tx: &Tx,
        (intervention, task): (Intervention, Task),
        queue: QueueId,
        now: Timestamp,
    ) -> Result<(Task, Reservation), RoutingError> {
        let store = &self.inner.store;
        let held = self.hold_on(tx, &task).await?;
        let wait = Wait::of(now, self.inner.settings.invitations.answer_within());
        let waiting = task.transferred(queue, wait)?;
        let released = intervention.released(now)?;
        // Whoever does not have it any more can grant nothing for it.
        let ids = &*self.inner.ids;
        let released = cases::record(tx, ids, released, waiting.newest_cart(), now).await?;
        store.save_intervention(tx, &released).await?;
        let waiting = settled(store.save_task(tx, waiting).await?)?;
        Ok((waiting, held))
    }

    /// A queue is known when a live play uses it or somebody serves it. In any other, the shopper would wait for nobody.
    async fn refuse_unknown(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        queue: &QueueId,
    ) -> Result<(), RoutingError> {
        if self.inner.desks.serves(tenant, queue) {
            return Ok(());
        }
        let plays = self.inner.store.live_plays(tx, tenant).await?;
        if plays
            .iter()
            .any(|play| play.rule.queue.as_ref() == Some(queue))
        {
            return Ok(());
        }
        let description = "must be a queue that a play uses or an agent serves";
        let fault = InvalidField::new("queue_id", ErrorReason::UnknownQueue, description);
        Err(fault.into())
    }
}
