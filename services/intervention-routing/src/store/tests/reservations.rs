//! Reservations and invitations, and that all rows of a contact read back.

use std::collections::BTreeSet;

use domain::channel::Channel;
use domain::fact::SurveyScore;
use domain::text::Text;
use storage::Database;
use testkit::builders::{a_cart, other_tenant};
use testkit::on_each_engine;

use super::rows::*;
use super::*;
use crate::invitation::tests::an_invitation;
use crate::invitation::{Invitation, InvitationState};
use crate::matching::Load;
use crate::reservation::tests::a_reservation;
use crate::reservation::{Declined, Reservation, ReservationState};
use crate::task::tests::{a_task, after, agent_of};
use crate::task::{Task, TaskState};

async fn rows_read_back_as_they_were_stored(database: Database) {
    let store = Store::new(database);
    let connection = store.database.read();
    let stored = Task {
        state: TaskState::Assigned,
        agent: Some(agent_of("north", "ana")),
        started_at: Some(after(3)),
        cart_now: Some(a_cart().with_version(9).build()),
        ..a_task(1)
    };
    let stored = task(&store, stored).await;
    let found = store.task(connection, &tenant(), stored.id).await.unwrap();
    assert_eq!(found, Some(stored.clone()));
    let found = store
        .task_of(connection, &tenant(), stored.intervention)
        .await;
    assert_eq!(found.unwrap(), Some(stored));

    let declined = Declined {
        reason: Some(Text::parse("lunch").unwrap()),
        used_units: 2,
    };
    let stored = a_reservation(1).rejected(declined, after(1)).unwrap();
    let stored = reservation(&store, stored).await;
    let found = store.reservation(connection, &tenant(), stored.id).await;
    assert_eq!(found.unwrap(), Some(stored));

    let stored = Invitation {
        state: InvitationState::Answered,
        shown_at: Some(after(1)),
        survey: Some(SurveyScore::new(4).unwrap()),
        ..an_invitation(1)
    };
    let stored = invitation(&store, stored).await;
    let found = store
        .invitation_of(connection, &tenant(), stored.intervention)
        .await;
    assert_eq!(found.unwrap(), Some(stored));
}

async fn a_task_is_held_by_one_reservation_at_a_time(database: Database) {
    let store = Store::new(database);
    let first = reservation(&store, a_reservation(1)).await;
    let second = Reservation {
        id: nth(2),
        agent: agent_of("north", "bea"),
        ..first.clone()
    };

    let inserted: Result<(), StoreError> = store
        .database
        .write({
            let (store, second) = (store.clone(), second.clone());
            move |tx| {
                let new = New::Reservation(second.clone());
                try_insert(store.clone(), tx, new).boxed()
            }
        })
        .await;

    assert!(
        matches!(inserted, Err(StoreError::Conflict(_))),
        "{inserted:?}"
    );
    let open = store
        .open_reservation_of(store.database.read(), &tenant(), first.task)
        .await;
    assert_eq!(open.unwrap(), Some(first));
}

async fn a_load_is_the_sum_of_what_is_open(database: Database) {
    let store = Store::new(database);
    let ana = agent_of("north", "ana");
    let states = [
        ReservationState::Pending,
        ReservationState::Accepted,
        ReservationState::Completed,
        ReservationState::TimedOut,
    ];
    for (n, state) in (1..).zip(states) {
        reservation(
            &store,
            Reservation {
                state,
                ..a_reservation(n)
            },
        )
        .await;
    }
    let call = Reservation {
        channel: Channel::Call,
        units: 3,
        ..a_reservation(9)
    };
    reservation(&store, call).await;
    let of_bea = agent_of("south", "ana");
    let other = Reservation {
        agent: of_bea.clone(),
        ..a_reservation(10)
    };
    reservation(&store, other).await;

    let read = store.database.read();
    let load = store.load_of(read, &tenant(), &ana).await.unwrap();
    assert_eq!(load, Load { units: 5, calls: 1 });
    let elsewhere = store.load_of(read, &other_tenant(), &ana).await.unwrap();
    assert_eq!(elsewhere, Load::default());
    let pending = store
        .pending_reservations(read, &tenant(), &of_bea)
        .await
        .unwrap();
    assert_eq!(pending.len(), 1);
}

async fn whoever_refused_missed_or_gave_back_is_remembered(database: Database) {
    let store = Store::new(database);
    let agents = ["ana", "bea", "cai", "dan"];
    let states = [
        ReservationState::Rejected,
        ReservationState::TimedOut,
        ReservationState::Completed,
        ReservationState::Rescinded,
    ];
    for ((n, name), state) in (1..).zip(agents).zip(states) {
        let asked = Reservation {
            task: nth(1),
            agent: agent_of("north", name),
            state,
            ..a_reservation(n)
        };
        reservation(&store, asked).await;
    }

    let tasks = [nth(1), nth(2)].into_iter();
    let refusals = store
        .refusals(store.database.read(), &tenant(), tasks)
        .await
        .unwrap();

    let expected: BTreeSet<AssignedAgent> = ["ana", "bea", "cai"]
        .map(|name| agent_of("north", name))
        .into();
    assert_eq!(refusals.len(), 1);
    assert_eq!(refusals[&nth(1)], expected);
}

async fn a_storefront_is_told_of_what_is_live_and_of_what_it_knows(database: Database) {
    let store = Store::new(database);
    let session = an_invitation(1).session;
    let states = [
        (1, InvitationState::Joined),
        (2, InvitationState::Withdrawn),
        (3, InvitationState::Ignored),
    ];
    for (n, state) in states {
        invitation(
            &store,
            Invitation {
                session,
                state,
                ..an_invitation(n)
            },
        )
        .await;
    }
    invitation(&store, an_invitation(4)).await;

    let known = BTreeSet::from([nth(3), nth(4)]);
    let told = store
        .invitations_to_tell(&tenant(), session, &known)
        .await
        .unwrap();

    let ids: Vec<_> = told.iter().map(|invitation| invitation.id).collect();
    assert_eq!(ids, [nth(1), nth(3)]);
}

on_each_engine!(
    [
        rows_read_back_as_they_were_stored,
        a_task_is_held_by_one_reservation_at_a_time,
        a_load_is_the_sum_of_what_is_open,
        whoever_refused_missed_or_gave_back_is_remembered,
        a_storefront_is_told_of_what_is_live_and_of_what_it_knows,
    ],
    migrations()
);
