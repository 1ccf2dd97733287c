//! The dispatchers: waiting tasks become reservations of agents who can take them.
//!
//! They are woken when a task or an agent becomes free, and look by themselves from time to time. Whom they pick is a pure
//! choice over the open desks; the transaction then looks at what the store says of task and agent.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::channel::Channel;
use domain::fact::FactBody;
use domain::id::{QueueId, TenantId};
use domain::time::{Timestamp, elapsed, later};
use futures::FutureExt;
use storage::Tx;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::freshness::Freshness;
use super::release::handled_by;
use super::rows::settled;
use super::{Service, trace};
use crate::desk::DeskNews;
use crate::error::RoutingError;
use crate::facts;
use crate::intervention::{AssignedAgent, Intervention};
use crate::invitation::InvitationState;
use crate::matching::{Load, Profile};
use crate::reservation::{Hold, Reservation};
use crate::store::Guard;
use crate::task::{Task, TaskState};

/// Waiting tasks of one tenant that are looked at in one round.
const BATCH: u64 = 200;

/// Tasks that are handed out apart from the others: session-tracking is asked before each call, and a shopper who waits in
/// a chat does not wait for its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Chats,
    Calls,
}

impl Line {
    /// Its dispatcher among the tasks of the process.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Chats => "dispatcher-chats",
            Self::Calls => "dispatcher-calls",
        }
    }

    const fn channel(self) -> Channel {
        match self {
            Self::Chats => Channel::Chat,
            Self::Calls => Channel::Call,
        }
    }
}

/// Told when a task waits for an agent, or an agent for a task.
#[derive(Debug, Clone, Default)]
pub(super) struct Dispatchers {
    chats: Arc<Notify>,
    calls: Arc<Notify>,
}

impl Dispatchers {
    pub(super) fn wake(&self) {
        self.chats.notify_one();
        self.calls.notify_one();
    }

    async fn woken(&self, line: Line) {
        match line {
            Line::Chats => self.chats.notified().await,
            Line::Calls => self.calls.notified().await,
        }
    }
}

impl Service {
    pub(super) async fn dispatch_until(self, line: Line, stop: CancellationToken) {
        let poll = self.inner.settings.desks.poll();
        let dispatching = async {
            loop {
                // Nothing is lost when nobody wakes it: then it looks by itself.
                let _ = tokio::time::timeout(poll, self.inner.dispatchers.woken(line)).await;
                self.dispatch(line).await;
            }
        };
        stop.run_until_cancelled(dispatching).await;
    }

    /// Hands out what can be handed out now. What goes wrong with one tenant or task does not hold up the others.
    async fn dispatch(&self, line: Line) {
        for (tenant, queues) in self.inner.desks.queues_with_room() {
            if let Err(error) = self.dispatch_in(&tenant, &queues, line).await {
                tracing::warn!(%error, %tenant, "tasks were not handed out, they wait");
            }
        }
    }

    /// Hands out the tasks of a tenant, the longest waiting first.
    async fn dispatch_in(
        &self,
        tenant: &TenantId,
        queues: &BTreeSet<QueueId>,
        line: Line,
    ) -> Result<(), RoutingError> {
        let store = &self.inner.store;
        let channel = line.channel();
        let waiting = store.waiting_tasks(tenant, queues, channel, BATCH).await?;
        if waiting.is_empty() {
            return Ok(());
        }
        let ids = waiting.iter().map(|task| task.id);
        let refusals = store.refusals(store.database.read(), tenant, ids).await?;
        for task in waiting {
            let id = task.id;
            let refused = refusals.get(&id).cloned().unwrap_or_default();
            if let Err(error) = self.hand_out(task, &refused).await {
                tracing::warn!(%error, %tenant, task = %id, "a task was not handed out, it waits");
            }
        }
        Ok(())
    }

    async fn hand_out(
        &self,
        task: Task,
        refused: &BTreeSet<AssignedAgent>,
    ) -> Result<(), RoutingError> {
        let chosen = self.inner.desks.choose(&task.tenant, &task.need(), refused);
        let Some(agent) = chosen else {
            return Ok(());
        };
        if self.may_still_call(&task).await? {
            self.offer(task, agent).await?;
        }
        Ok(())
    }

    /// Offers a task to an agent, unless either has changed since.
    async fn offer(&self, task: Task, agent: AssignedAgent) -> Result<(), RoutingError> {
        let now = self.inner.clock.now();
        let offered = Arc::new((task, agent));
        let (service, in_tx) = (self.clone(), Arc::clone(&offered));
        let outcome = self.inner.store.database.write(move |tx| {
            let (service, offered) = (service.clone(), Arc::clone(&in_tx));
            async move { service.reserve(tx, &offered, now).await }.boxed()
        });
        match outcome.await {
            Ok(()) => Ok(()),
            failed => {
                let (task, agent) = &*offered;
                self.refresh_load(&task.tenant, agent).await?;
                match failed {
                    // Somebody else was faster; the next round sees it.
                    Err(RoutingError::Unsettled) => Ok(()),
                    failed => failed,
                }
            }
        }
    }

    async fn reserve(
        &self,
        tx: &Tx,
        (seen, agent): &(Task, AssignedAgent),
        now: Timestamp,
    ) -> Result<(), RoutingError> {
        let tenant = &seen.tenant;
        let store = &self.inner.store;
        // INVARIANT: whoever reserves for an agent does it alone, so that the load below cannot grow meanwhile.
        let mut guards = vec![Guard::Agent(agent.clone())];
        guards.extend((seen.channel == Channel::Call).then_some(Guard::Promises));
        store.guard(tx, tenant, &guards, now).await?;
        let intervention = self.locked(tx, tenant, seen.intervention).await?;
        let task = store.task(tx, tenant, seen.id).await?;
        let Some(task) = task.filter(|task| task.state == TaskState::Pending) else {
            return Ok(());
        };
        if task.channel == Channel::Call && !self.can_spare(tx, tenant, agent).await? {
            return Ok(());
        }
        let load = store.load_of(tx, tenant, agent).await?;
        let profile = self.inner.desks.profile(tenant, agent);
        match profile.filter(|profile| profile.room(load, &task.need()) > 0) {
            Some(profile) if now < task.expires_at => {
                let step = trace::step("routing.reserve", &intervention);
                let hold = self.hold(&profile, task.channel, now);
                self.held(tx, (intervention, task, agent), (hold, load))
                    .instrument(step)
                    .await
            }
            Some(_) => Ok(()),
            None => {
                // What was known of the agent is out of date.
                self.inner.desks.set_load(tenant, agent, load, now);
                Ok(())
            }
        }
    }

    /// Whether an agent is free for a call: nobody who waits in a chat, or may after a yes, counts on them.
    async fn can_spare(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        agent: &AssignedAgent,
    ) -> Result<bool, RoutingError> {
        let shown = [InvitationState::Shown];
        let promises = self.inner.store.promises(tx, tenant, &shown).await?;
        Ok(self.inner.desks.can_spare(tenant, agent, &promises))
    }

    fn hold(&self, profile: &Profile, channel: Channel, now: Timestamp) -> Hold {
        let desks = &self.inner.settings.desks;
        let timeout = match channel {
            Channel::Call => desks.call_reservation_timeout(),
            Channel::Chat | Channel::OnPage | Channel::Email | Channel::Sms => {
                desks.chat_reservation_timeout()
            }
        };
        Hold {
            units: profile.cost(channel),
            since: now,
            until: later(now, timeout),
        }
    }

    async fn held(
        &self,
        tx: &Tx,
        (intervention, task, agent): (Intervention, Task, &AssignedAgent),
        (hold, load): (Hold, Load),
    ) -> Result<(), RoutingError> {
        let store = &self.inner.store;
        let now = hold.since;
        let reservation = Reservation::offered(self.inner.ids.next(), &task, agent.clone(), hold);
        let task = settled(
            store
                .save_task(tx, task.reserved(agent.clone(), now)?)
                .await?,
        )?;
        store.insert_reservation(tx, &reservation).await?;
        let told = vec![FactBody::ReservationCreated {
            since_event: elapsed(intervention.moment_at, now),
            queue: task.queue.clone(),
        }];
        let by = handled_by(&intervention, agent);
        facts::record(tx, &*self.inner.ids, &by, told, now).await?;
        // Before the commit: a decision that follows at once must not count on this room. Undone when it fails.
        let load = load.with(reservation.units, reservation.channel);
        let desks = self.inner.desks.clone();
        desks.set_load(&task.tenant, agent, load, now);
        tx.after_commit(move || {
            let (tenant, agent) = (reservation.tenant.clone(), reservation.agent.clone());
            let news = DeskNews::reserved(reservation, task);
            desks.tell(&tenant, &agent, &news);
        });
        Ok(())
    }

    /// A call is made long after its decision, so what it rests on is looked at again. Chats answer somebody who waits.
    async fn may_still_call(&self, task: &Task) -> Result<bool, RoutingError> {
        if task.channel != Channel::Call {
            return Ok(true);
        }
        let store = &self.inner.store;
        let read = store.database.read();
        let Some(intervention) = store
            .intervention(read, &task.tenant, task.intervention)
            .await?
        else {
            return Ok(false);
        };
        match self
            .freshness(&intervention, task.brief.zone.as_ref())
            .await
        {
            Freshness::Fresh => Ok(true),
            Freshness::NotNow => Ok(false),
            Freshness::Over(reason) => {
                self.end_stale(&task.tenant, task.intervention, reason)
                    .await?;
                Ok(false)
            }
        }
    }

    /// Takes over what an agent has in use from the store.
    pub(super) async fn refresh_load(
        &self,
        tenant: &TenantId,
        agent: &AssignedAgent,
    ) -> Result<(), RoutingError> {
        let store = &self.inner.store;
        let load = store.load_of(store.database.read(), tenant, agent).await?;
        let now = self.inner.clock.now();
        self.inner.desks.set_load(tenant, agent, load, now);
        Ok(())
    }
}
