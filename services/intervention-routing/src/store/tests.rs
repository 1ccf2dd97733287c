//! The contract of the store, on both engines.

mod contacts;
mod decisions;
mod interventions;
mod plays;
mod promises;
mod reservations;
mod rows;
mod tasks;

use std::sync::Arc;

use domain::block::{Block, BlockReason};
use domain::experiment::Arm;
use domain::fact::{CancelReason, Resolution};
use domain::id::{AgentId, PlayId};
use domain::moment::Moment;
use futures::FutureExt;
use futures::future::BoxFuture;
use storage::{StoreError, StoreFault, Tx};
use testkit::builders::{a_moment, an_assessment, partner, tenant};
use testkit::clock::start;
use testkit::ids::nth;

use super::*;
use crate::decide::tests::a_play;
use crate::intervention::{AssignedAgent, Intervention, Origin, State};

/// A caller tries again when the database is busy; on a loaded machine a test has to as well.
const TRIES: u32 = 100;

impl Store {
    /// One write of a test.
    pub(crate) async fn in_tx<T, F>(&self, work: F) -> T
    where
        F: for<'t> Fn(Store, &'t Tx) -> BoxFuture<'t, Result<T, StoreError>>
            + Send
            + Sync
            + 'static,
        T: Send + 'static,
    {
        let work = Arc::new(work);
        for _ in 0..TRIES {
            let (store, work) = (self.clone(), Arc::clone(&work));
            let written = self.database.write(move |tx| {
                let (store, work) = (store.clone(), Arc::clone(&work));
                async move { work(store, tx).await }.boxed()
            });
            let written: Result<T, StoreError> = written.await;
            match written {
                Err(error)
                    if matches!(error.fault(), StoreFault::Busy | StoreFault::Unavailable) => {}
                written => return written.unwrap(),
            }
        }
        panic!("the database stays busy")
    }
}

/// The `n`th intervention, of the `n`th session, made by the play `cost-shock`.
pub(crate) fn an_intervention(n: u64, state: State) -> Intervention {
    of_moment(n, &a_moment().with_session(nth(n)).build(), state)
}

fn of_moment(n: u64, moment: &Moment, state: State) -> Intervention {
    let assessment = an_assessment().of(moment).build();
    let tenant = tenant();
    let origin = Origin {
        tenant: &tenant,
        moment,
        assessment: &assessment,
        now: start(),
    };
    let play = a_play("cost-shock", 500);
    Intervention::decided(nth(n), &origin, &play, Arm::Treatment, state)
}

/// Every state, those that carry something with it.
fn all_states() -> Vec<State> {
    let block = Block::from_reasons([BlockReason::NoAgent, BlockReason::Pacing]).unwrap();
    let ended = Resolution::ALL.iter().map(|resolution| State::Ended {
        resolution: *resolution,
    });
    let cancelled = CancelReason::ALL
        .iter()
        .map(|reason| State::Cancelled { reason: *reason });
    [
        State::HeldOut,
        State::Blocked { block },
        State::Scheduled,
        State::Shown,
        State::Accepted,
        State::Declined,
        State::Ignored,
        State::Engaged,
        State::Unanswered,
    ]
    .into_iter()
    .chain(ended)
    .chain(cancelled)
    .collect()
}

fn an_agent() -> AssignedAgent {
    AssignedAgent {
        partner: partner(),
        agent: AgentId::parse("ana").unwrap(),
    }
}

fn play_id(id: &str) -> PlayId {
    PlayId::parse(id).unwrap()
}
