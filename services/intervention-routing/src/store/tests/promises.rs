//! What agents are promised for.

use std::collections::BTreeSet;

use domain::id::{SkillId, TenantId};
use domain::language::Language;
use storage::Database;
use testkit::builders::other_tenant;
use testkit::on_each_engine;

use super::rows::*;
use super::*;
use crate::invitation::tests::an_invitation;
use crate::invitation::{Invitation, InvitationState};
use crate::matching::Promise;
use crate::reservation::tests::a_reservation;
use crate::reservation::{Reservation, ReservationState};
use crate::task::tests::{a_task, agent_of};
use crate::task::{Brief, Task, TaskState};

async fn promises(
    store: &Store,
    tenant: TenantId,
    invited: &'static [InvitationState],
) -> Vec<Promise> {
    store
        .in_tx(move |store, tx| {
            let tenant = tenant.clone();
            async move { store.promises(tx, &tenant, invited).await }.boxed()
        })
        .await
}

async fn invited(store: &Store, n: u64, state: InvitationState) {
    let new = Invitation {
        state,
        ..an_invitation(n)
    };
    invitation(store, new).await;
}

async fn open_invitations_are_promises_and_those_that_need_the_same_are_one(database: Database) {
    let store = Store::new(database);
    let states = [
        InvitationState::Waiting,
        InvitationState::Shown,
        InvitationState::Accepted,
        InvitationState::Declined,
    ];
    for (n, state) in (1..).zip(states) {
        invited(&store, n, state).await;
    }
    let in_spanish = Invitation {
        brief: Brief {
            skill: Some(SkillId::parse("voice").unwrap()),
            language: Some(Language::ES),
            ..an_invitation(5).brief
        },
        ..an_invitation(5)
    };
    invitation(&store, in_spanish.clone()).await;
    let notice = Invitation {
        queue: None,
        ..an_invitation(6)
    };
    invitation(&store, notice).await;

    let mut open = promises(&store, tenant(), &InvitationState::OPEN).await;
    open.sort_by_key(|promise| promise.count);
    let seen: Vec<_> = open
        .into_iter()
        .map(|it| (Some(it.need), it.count))
        .collect();
    assert_eq!(seen, [(in_spanish.need(), 1), (an_invitation(1).need(), 2)]);
    let shown = promises(&store, tenant(), &[InvitationState::Shown]).await;
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0].count, 1);
    let elsewhere = promises(&store, other_tenant(), &InvitationState::OPEN).await;
    assert_eq!(elsewhere, []);
}

async fn a_waiting_task_is_a_promise_but_not_of_those_who_refused_it(database: Database) {
    let store = Store::new(database);
    let waiting = task(&store, a_task(1)).await;
    let assigned = Task {
        state: TaskState::Assigned,
        ..a_task(2)
    };
    task(&store, assigned).await;
    let refused = Reservation {
        state: ReservationState::Rejected,
        ..a_reservation(1)
    };
    reservation(&store, refused).await;

    let promises = promises(&store, tenant(), &InvitationState::OPEN).await;

    let expected = Promise {
        need: waiting.need(),
        count: 1,
        refused: BTreeSet::from([agent_of("north", "ana")]),
    };
    assert_eq!(promises, [expected]);
}

on_each_engine!(
    [
        open_invitations_are_promises_and_those_that_need_the_same_are_one,
        a_waiting_task_is_a_promise_but_not_of_those_who_refused_it,
    ],
    migrations()
);
