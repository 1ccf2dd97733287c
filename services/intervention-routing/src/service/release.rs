//! Where a reservation ends: the one place in which an agent's capacity comes back.

use domain::fact::{FactBody, ReservationEnding};
use domain::time::Timestamp;
use storage::Tx;

use super::Service;
use super::rows::settled;
use crate::desk::DeskNews;
use crate::error::RoutingError;
use crate::facts;
use crate::intervention::{AssignedAgent, Intervention};
use crate::reservation::{Reservation, ReservationState};

impl Service {
    /// Ends a reservation that was not accepted, or whose task is done: kpi is told how it was answered, and the capacity
    /// comes back.
    pub(super) async fn release(
        &self,
        tx: &Tx,
        intervention: &Intervention,
        ended: Reservation,
        now: Timestamp,
    ) -> Result<Reservation, RoutingError> {
        if let Some(ending) = ending(ended.state) {
            let by = handled_by(intervention, &ended.agent);
            let told = vec![FactBody::ReservationEnded { ending }];
            facts::record(tx, &*self.inner.ids, &by, told, now).await?;
        }
        self.give_back(tx, ended, now).await
    }

    /// Stores a reservation that has just ended and looks for other work for its agent. A desk that did not end it itself
    /// is told.
    pub(super) async fn give_back(
        &self,
        tx: &Tx,
        ended: Reservation,
        now: Timestamp,
    ) -> Result<Reservation, RoutingError> {
        let store = &self.inner.store;
        let ended = settled(store.save_reservation(tx, ended).await?)?;
        // INVARIANT: the load is summed up in the transaction that changes it.
        let load = store.load_of(tx, &ended.tenant, &ended.agent).await?;
        let (desks, told) = (self.inner.desks.clone(), ended.clone());
        tx.after_commit(move || {
            desks.set_load(&told.tenant, &told.agent, load, now);
            if taken_back(told.state) {
                let news = DeskNews::Rescinded {
                    reservation: told.id,
                    state: told.state,
                };
                desks.tell(&told.tenant, &told.agent, &news);
            }
        });
        self.dispatch_after_commit(tx);
        Ok(ended)
    }
}

/// The intervention as an agent handles or was to handle it, for facts about that agent.
pub(super) fn handled_by(intervention: &Intervention, agent: &AssignedAgent) -> Intervention {
    Intervention {
        agent: Some(agent.clone()),
        ..intervention.clone()
    }
}

/// How kpi is told that a reservation was answered or not. One that was accepted has told so before.
fn ending(state: ReservationState) -> Option<ReservationEnding> {
    match state {
        ReservationState::Rejected => Some(ReservationEnding::Rejected),
        ReservationState::TimedOut => Some(ReservationEnding::TimedOut),
        ReservationState::Rescinded => Some(ReservationEnding::Rescinded),
        ReservationState::Cancelled => Some(ReservationEnding::Cancelled),
        ReservationState::Pending
        | ReservationState::Accepted
        | ReservationState::Wrapping
        | ReservationState::Completed => None,
    }
}

fn taken_back(state: ReservationState) -> bool {
    match state {
        ReservationState::TimedOut | ReservationState::Rescinded | ReservationState::Cancelled => {
            true
        }
        ReservationState::Pending
        | ReservationState::Accepted
        | ReservationState::Rejected
        | ReservationState::Wrapping
        | ReservationState::Completed => false,
    }
}
