//! What an agent answers to a reservation.

use domain::channel::Channel;
use domain::fact::{FactBody, ReservationEnding};
use domain::id::{ReservationId, TenantId};
use domain::time::Timestamp;
use futures::FutureExt;
use serde::{Deserialize, Serialize};
use storage::{RequestKey, Tx};
use tracing::Instrument;

use super::rows::{NO_RESERVATION, NO_TASK, settled};
use super::{Service, trace};
use crate::error::RoutingError;
use crate::intervention::{AssignedAgent, Intervention};
use crate::invitation::Invitation;
use crate::reservation::{DeclineReason, Declined, Reservation};
use crate::task::{Task, Wait};
use crate::{cases, facts};

/// A reservation with its task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Held {
    pub(crate) reservation: Reservation,
    pub(crate) task: Task,
}

/// An agent's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Accept,
    Decline(Option<DeclineReason>),
}

/// Whose reservation is answered.
#[derive(Debug, Clone)]
struct Asked {
    tenant: TenantId,
    agent: AssignedAgent,
    id: ReservationId,
    now: Timestamp,
}

impl Service {
    /// Answers a reservation. Of all answers that come for it, and of its deadline, one counts.
    pub(crate) async fn answer_reservation(
        &self,
        key: RequestKey,
        agent: AssignedAgent,
        id: ReservationId,
        answer: Answer,
    ) -> Result<Held, RoutingError> {
        let now = self.inner.clock.now();
        let tenant = key.tenant.clone();
        let asked = Asked {
            tenant,
            agent,
            id,
            now,
        };
        let service = self.clone();
        let answered = self.inner.store.database.write_once(key, now, move |tx| {
            let (service, asked, answer) = (service.clone(), asked.clone(), answer.clone());
            async move { service.answer(tx, &asked, answer).await }.boxed()
        });
        answered.await
    }

    async fn answer(&self, tx: &Tx, asked: &Asked, answer: Answer) -> Result<Held, RoutingError> {
        let seen = self.own_reservation(tx, asked).await?;
        let intervention = self.locked(tx, &asked.tenant, seen.intervention).await?;
        let reservation = self.own_reservation(tx, asked).await?;
        let store = &self.inner.store;
        let task = store.task(tx, &asked.tenant, reservation.task).await?;
        let held = Held {
            reservation,
            task: task.ok_or(NO_TASK)?,
        };
        let (desks, answered) = (self.inner.desks.clone(), asked.clone());
        tx.after_commit(move || desks.answered(&answered.tenant, &answered.agent));
        match answer {
            Answer::Accept => {
                let step = trace::step("routing.accept_reservation", &intervention);
                let accepted = self.accept(tx, intervention, held, asked.now);
                accepted.instrument(step).await
            }
            Answer::Decline(reason) => {
                let step = trace::step("routing.decline_reservation", &intervention);
                let declined = self.decline(tx, &intervention, (held, reason), asked.now);
                declined.instrument(step).await
            }
        }
    }

    /// The reservation, when it is of this very agent. Any other is not there.
    async fn own_reservation(&self, tx: &Tx, asked: &Asked) -> Result<Reservation, RoutingError> {
        let store = &self.inner.store;
        let found = store.reservation(tx, &asked.tenant, asked.id).await?;
        found
            .filter(|reservation| reservation.agent == asked.agent)
            .ok_or(NO_RESERVATION)
    }

    async fn accept(
        &self,
        tx: &Tx,
        intervention: Intervention,
        Held { reservation, task }: Held,
        now: Timestamp,
    ) -> Result<Held, RoutingError> {
        let store = &self.inner.store;
        let ids = &*self.inner.ids;
        let begin = Wait::of(now, self.inner.settings.desks.begin_within());
        let taken = reservation.accepted(now)?;
        let agent = taken.agent.clone();
        let intervention = intervention.assigned(agent, now)?;
        let intervention = cases::record(tx, ids, intervention, task.newest_cart(), now).await?;
        store.save_intervention(tx, &intervention).await?;
        self.move_invitation(tx, &intervention, Invitation::joined, now)
            .await?;
        let task = settled(store.save_task(tx, task.assigned(begin)?).await?)?;
        // INVARIANT: one accepted reservation a task; the loser of a race finds another version and changes nothing.
        let reservation = settled(store.save_reservation(tx, taken).await?)?;
        if task.channel == Channel::Call {
            store.record_contact(tx, &intervention, now).await?;
        }
        let ending = ReservationEnding::Accepted;
        let told = vec![FactBody::ReservationEnded { ending }];
        facts::record(tx, ids, &intervention, told, now).await?;
        Ok(Held { reservation, task })
    }

    async fn decline(
        &self,
        tx: &Tx,
        intervention: &Intervention,
        (Held { reservation, task }, reason): (Held, Option<DeclineReason>),
        now: Timestamp,
    ) -> Result<Held, RoutingError> {
        let store = &self.inner.store;
        let load = store
            .load_of(tx, &reservation.tenant, &reservation.agent)
            .await?;
        let declined = Declined {
            reason,
            used_units: load.units,
        };
        let rejected = reservation.rejected(declined, now)?;
        let task = settled(store.save_task(tx, task.returned(now)?).await?)?;
        let reservation = self.release(tx, intervention, rejected, now).await?;
        Ok(Held { reservation, task })
    }
}
