//! What happens because nothing did: missed reservations, unanswered invitations, tasks that nobody took, silent desks.
//!
//! Deadlines are columns. They are looked at again and again, so a restart misses none, and of two replicas that see the
//! same one the second finds nothing left to do.

use std::time::Duration;

use domain::channel::Channel;
use domain::fact::{CancelReason, FactBody, InvitationAnswer};
use domain::id::{InterventionId, TenantId};
use domain::time::Timestamp;
use futures::FutureExt;
use storage::Tx;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::rows::settled;
use super::{Service, trace};
use crate::error::RoutingError;
use crate::facts;
use crate::intervention::{AssignedAgent, Intervention};
use crate::invitation::{Invitation, InvitationState};
use crate::reservation::{Reservation, ReservationState};
use crate::task::{Task, TaskState};

/// Due rows of one kind that are taken up in one round.
const BATCH: u64 = 100;
/// What is known of the load of agents is compared with the store this often.
const COMPARE_LOADS: Duration = Duration::from_secs(15);

/// What has come due.
#[derive(Debug, Clone)]
enum Due {
    /// An agent did not answer.
    Missed(Reservation),
    /// The agent of a pending reservation is gone.
    Gone(Reservation),
    /// A shopper did not answer, or was never shown it.
    Unanswered(Invitation),
    /// No agent took it.
    Untaken(Task),
    /// Its agent did not begin, or did not end.
    Abandoned(Task),
}

impl Service {
    pub(super) async fn keep_time_until(self, stop: CancellationToken) {
        let mut tick = tokio::time::interval(self.inner.settings.desks.poll());
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut compare_at = Instant::now() + COMPARE_LOADS;
        while stop.run_until_cancelled(tick.tick()).await.is_some() {
            if let Err(error) = self.take_up_due().await {
                tracing::warn!(%error, "deadlines cannot be looked at");
            }
            if compare_at <= Instant::now() {
                compare_at = Instant::now() + COMPARE_LOADS;
                if let Err(error) = self.compare_loads().await {
                    tracing::warn!(%error, "loads cannot be compared");
                }
            }
        }
    }

    async fn take_up_due(&self) -> Result<(), RoutingError> {
        let store = &self.inner.store;
        let now = self.inner.clock.now();
        for (tenant, agent) in self.sweep_desks(now) {
            let read = store.database.read();
            let pending = store.pending_reservations(read, &tenant, &agent).await?;
            self.settle_all(pending.into_iter().map(Due::Gone)).await;
        }
        let missed = store.overdue_reservations(now, BATCH).await?;
        self.settle_all(missed.into_iter().map(Due::Missed)).await;
        let unanswered = store.overdue_invitations(now, BATCH).await?;
        self.settle_all(unanswered.into_iter().map(Due::Unanswered))
            .await;
        let overdue = store.overdue_tasks(now, BATCH).await?;
        self.settle_all(overdue.into_iter().map(Due::of_task)).await;
        Ok(())
    }

    fn sweep_desks(&self, now: Timestamp) -> Vec<(TenantId, AssignedAgent)> {
        let silent_after = self.inner.settings.desks.silent_after();
        self.inner.desks.sweep(silent_after, now)
    }

    async fn compare_loads(&self) -> Result<(), RoutingError> {
        for (tenant, agent) in self.inner.desks.agents() {
            self.refresh_load(&tenant, &agent).await?;
        }
        Ok(())
    }

    /// Takes up each, one after the other. One that cannot be taken up does not hold up the others.
    async fn settle_all(&self, due: impl Iterator<Item = Due> + Send) {
        for due in due {
            let (tenant, id) = due.intervention();
            match self.settle(due).await {
                // Whoever was faster has done something else with it.
                Ok(()) | Err(RoutingError::Unsettled) => {}
                Err(error) => {
                    tracing::warn!(%error, %tenant, intervention = %id, "a deadline was not taken up");
                }
            }
        }
    }

    async fn settle(&self, due: Due) -> Result<(), RoutingError> {
        let now = self.inner.clock.now();
        let service = self.clone();
        let settled = self.inner.store.database.write(move |tx| {
            let (service, due) = (service.clone(), due.clone());
            async move {
                let (tenant, id) = due.intervention();
                let intervention = service.locked(tx, &tenant, id).await?;
                service.settle_in(tx, intervention, due, now).await
            }
            .boxed()
        });
        settled.await
    }

    async fn settle_in(
        &self,
        tx: &Tx,
        intervention: Intervention,
        due: Due,
        now: Timestamp,
    ) -> Result<(), RoutingError> {
        let span = trace::step(due.name(), &intervention);
        let settled = match due {
            Due::Missed(seen) => self.miss(tx, intervention, seen, now).boxed(),
            Due::Gone(seen) => self.rescind(tx, intervention, seen, now).boxed(),
            Due::Unanswered(seen) => self.ignore(tx, intervention, seen, now).boxed(),
            Due::Untaken(seen) => self.give_up(tx, intervention, seen, now).boxed(),
            Due::Abandoned(seen) => self.abandon(tx, intervention, seen, now).boxed(),
        };
        settled.instrument(span).await
    }

    async fn miss(
        &self,
        tx: &Tx,
        intervention: Intervention,
        seen: Reservation,
        now: Timestamp,
    ) -> Result<(), RoutingError> {
        let Some((reservation, task)) = self.still_pending(tx, &seen).await? else {
            return Ok(());
        };
        let missed = reservation.timed_out(now)?;
        settled(self.inner.store.save_task(tx, task.returned(now)?).await?)?;
        let missed = self.release(tx, &intervention, missed, now).await?;
        let desks = self.inner.desks.clone();
        let limit = self.inner.settings.desks.misses_in_a_row;
        tx.after_commit(move || desks.missed(&missed.tenant, &missed.agent, limit, now));
        Ok(())
    }

    async fn rescind(
        &self,
        tx: &Tx,
        intervention: Intervention,
        seen: Reservation,
        now: Timestamp,
    ) -> Result<(), RoutingError> {
        let Some((reservation, task)) = self.still_pending(tx, &seen).await? else {
            return Ok(());
        };
        settled(self.inner.store.save_task(tx, task.returned(now)?).await?)?;
        self.release(tx, &intervention, reservation.rescinded(now)?, now)
            .await?;
        Ok(())
    }

    async fn still_pending(
        &self,
        tx: &Tx,
        seen: &Reservation,
    ) -> Result<Option<(Reservation, Task)>, RoutingError> {
        let store = &self.inner.store;
        let reservation = store.reservation(tx, &seen.tenant, seen.id).await?;
        let pending = reservation.filter(|it| it.state == ReservationState::Pending);
        let task = store.task(tx, &seen.tenant, seen.task).await?;
        Ok(pending.zip(task))
    }

    async fn ignore(
        &self,
        tx: &Tx,
        intervention: Intervention,
        seen: Invitation,
        now: Timestamp,
    ) -> Result<(), RoutingError> {
        let store = &self.inner.store;
        let found = store.invitation(tx, &seen.tenant, seen.id).await?;
        match found.filter(|it| now >= it.expires_at) {
            Some(shown) if shown.state == InvitationState::Shown => {
                let ignored = intervention.ignored(now)?;
                store.save_intervention(tx, &ignored).await?;
                self.save_invitation(tx, shown.ignored(now)?).await?;
                // A notice asks for no answer, so that none came says nothing.
                if ignored.channel == Channel::Chat {
                    self.record_answer(tx, &ignored, InvitationAnswer::Ignored, now)
                        .await?;
                }
            }
            Some(waiting) if waiting.state == InvitationState::Waiting => {
                self.end(tx, intervention, CancelReason::Stale, now).await?;
            }
            Some(_) | None => {}
        }
        Ok(())
    }

    /// Nobody came for a shopper who waits. It harms, so it is counted, and the shopper is told.
    async fn give_up(
        &self,
        tx: &Tx,
        intervention: Intervention,
        seen: Task,
        now: Timestamp,
    ) -> Result<(), RoutingError> {
        let store = &self.inner.store;
        let task = store.task(tx, &seen.tenant, seen.id).await?;
        let untaken =
            |task: &Task| TaskState::UNASSIGNED.contains(&task.state) && now >= task.expires_at;
        let Some(task) = task.filter(untaken) else {
            return Ok(());
        };
        self.drop_task(tx, &intervention, task, now).await?;
        let unanswered = intervention.unanswered(now)?;
        store.save_intervention(tx, &unanswered).await?;
        self.move_invitation(tx, &unanswered, Invitation::unanswered, now)
            .await?;
        let reason = CancelReason::NoAgent;
        let told = vec![FactBody::InterventionCancelled { reason }];
        facts::record(tx, &*self.inner.ids, &unanswered, told, now).await?;
        Ok(())
    }
}

impl Due {
    fn of_task(task: Task) -> Self {
        if TaskState::UNASSIGNED.contains(&task.state) {
            Self::Untaken(task)
        } else {
            Self::Abandoned(task)
        }
    }

    fn intervention(&self) -> (TenantId, InterventionId) {
        match self {
            Self::Missed(due) | Self::Gone(due) => (due.tenant.clone(), due.intervention),
            Self::Unanswered(due) => (due.tenant.clone(), due.intervention),
            Self::Untaken(due) | Self::Abandoned(due) => (due.tenant.clone(), due.intervention),
        }
    }

    /// The step in traces.
    const fn name(&self) -> &'static str {
        match self {
            Self::Missed(_) => "routing.reservation_timed_out",
            Self::Gone(_) => "routing.reservation_rescinded",
            Self::Unanswered(_) => "routing.invitation_expired",
            Self::Untaken(_) => "routing.task_expired",
            Self::Abandoned(_) => "routing.task_abandoned",
        }
    }
}
