//! Tasks, reservations and invitations.

use std::collections::BTreeSet;

use domain::channel::Channel;
use domain::fact::SurveyScore;
use domain::id::{PartnerId, QueueId, TenantId};
use domain::text::Text;
use platform::paging::PageRequest;
use storage::Database;
use testkit::builders::{a_cart, other_tenant};
use testkit::on_each_engine;

use super::*;
use crate::desk::Load;
use crate::invitation::tests::an_invitation;
use crate::invitation::{Invitation, InvitationState};
use crate::reservation::tests::a_reservation;
use crate::reservation::{Declined, Reservation, ReservationState};
use crate::task::tests::{a_task, after, agent_of};
use crate::task::{Task, TaskState};

/// A row of one of the three tables.
#[derive(Clone)]
enum New {
    Task(Box<Task>),
    Reservation(Reservation),
    Invitation(Box<Invitation>),
}

async fn insert(store: &Store, new: New) {
    store
        .in_tx(move |store, tx| try_insert(store, tx, new.clone()).boxed())
        .await;
}

async fn try_insert(store: Store, tx: &Tx, new: New) -> Result<(), StoreError> {
    match new {
        New::Task(task) => store.insert_task(tx, &task).await,
        New::Reservation(reservation) => store.insert_reservation(tx, &reservation).await,
        New::Invitation(invitation) => store.insert_invitation(tx, &invitation).await,
    }
}

async fn task(store: &Store, task: Task) -> Task {
    insert(store, New::Task(Box::new(task.clone()))).await;
    task
}

async fn reservation(store: &Store, reservation: Reservation) -> Reservation {
    insert(store, New::Reservation(reservation.clone())).await;
    reservation
}

async fn invitation(store: &Store, invitation: Invitation) -> Invitation {
    insert(store, New::Invitation(Box::new(invitation.clone()))).await;
    invitation
}

async fn save(store: &Store, task: Task) -> Option<Task> {
    store
        .in_tx(move |store, tx| {
            let task = task.clone();
            async move { store.save_task(tx, task).await }.boxed()
        })
        .await
}

fn queue(name: &str) -> QueueId {
    QueueId::parse(name).unwrap()
}

fn of_tenant(tenant: TenantId, task: Task) -> Task {
    Task { tenant, ..task }
}

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

async fn of_two_who_save_one_version_one_wins(database: Database) {
    let store = Store::new(database);
    let read = task(&store, a_task(1)).await;
    let ana = read
        .clone()
        .reserved(agent_of("north", "ana"), after(1))
        .unwrap();
    let bea = read.reserved(agent_of("north", "bea"), after(1)).unwrap();

    let (first, second) = futures::join!(save(&store, ana), save(&store, bea));

    let winners: Vec<Task> = [first, second].into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(winners[0].version, 1);
    let stored = store
        .task(store.database.read(), &tenant(), winners[0].id)
        .await;
    assert_eq!(stored.unwrap(), Some(winners[0].clone()));
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

async fn waiting_tasks_come_oldest_first_from_the_queues_asked_for(database: Database) {
    let store = Store::new(database);
    for (n, name, created) in [(1, "checkout", 3), (2, "checkout", 1), (3, "orders", 0)] {
        let waiting = Task {
            queue: queue(name),
            created_at: after(created),
            ..a_task(n)
        };
        task(&store, waiting).await;
    }
    let reserved = a_task(4)
        .reserved(agent_of("north", "ana"), after(0))
        .unwrap();
    task(&store, reserved).await;
    task(&store, of_tenant(other_tenant(), a_task(5))).await;

    let queues = BTreeSet::from([queue("checkout")]);
    let waiting = store.waiting_tasks(&tenant(), &queues, 10).await.unwrap();

    let ids: Vec<_> = waiting.iter().map(|task| task.id).collect();
    assert_eq!(ids, [nth(2), nth(1)]);
}

async fn what_is_due_is_found_at_its_millisecond_in_every_tenant(database: Database) {
    let store = Store::new(database);
    task(&store, a_task(1)).await;
    task(&store, of_tenant(other_tenant(), a_task(2))).await;
    let taken = Task {
        state: TaskState::Wrapping,
        ..a_task(3)
    };
    task(&store, taken).await;
    reservation(&store, a_reservation(1)).await;
    invitation(&store, an_invitation(1)).await;
    let before = |instant| domain::time::earlier(instant, std::time::Duration::from_millis(1));

    assert_eq!(store.overdue_tasks(before(after(60)), 9).await.unwrap(), []);
    assert_eq!(store.overdue_tasks(after(60), 9).await.unwrap().len(), 2);
    assert_eq!(
        store
            .overdue_reservations(before(after(20)), 9)
            .await
            .unwrap(),
        []
    );
    assert_eq!(
        store
            .overdue_reservations(after(20), 9)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        store
            .overdue_invitations(before(after(120)), 9)
            .await
            .unwrap(),
        []
    );
    assert_eq!(
        store
            .overdue_invitations(after(120), 9)
            .await
            .unwrap()
            .len(),
        1
    );
}

async fn promises_of_a_queue_are_counted(database: Database) {
    let store = Store::new(database);
    let states = [
        InvitationState::Waiting,
        InvitationState::Shown,
        InvitationState::Accepted,
        InvitationState::Declined,
    ];
    for (n, state) in (1..).zip(states) {
        invitation(
            &store,
            Invitation {
                state,
                ..an_invitation(n)
            },
        )
        .await;
    }
    task(&store, a_task(3)).await;
    let assigned = Task {
        state: TaskState::Assigned,
        ..a_task(4)
    };
    task(&store, assigned).await;

    let counted = |name: &'static str, tenant: TenantId| {
        store.in_tx(move |store, tx| {
            let (tenant, queue) = (tenant.clone(), queue(name));
            async move {
                let outstanding = store.outstanding(tx, &tenant, &queue).await?;
                Ok((outstanding, store.promised(tx, &tenant, &queue).await?))
            }
            .boxed()
        })
    };
    assert_eq!(counted("checkout", tenant()).await, (3, 2));
    assert_eq!(counted("orders", tenant()).await, (0, 0));
    assert_eq!(counted("checkout", other_tenant()).await, (0, 0));
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

async fn lists_hold_the_open_tasks_of_an_agent_or_a_partner(database: Database) {
    let store = Store::new(database);
    let holders = [
        ("north", "ana", TaskState::Assigned),
        ("north", "bea", TaskState::Reserved),
        ("south", "ana", TaskState::Assigned),
        ("north", "ana", TaskState::Completed),
        ("north", "ana", TaskState::Reserved),
    ];
    for (n, (partner, agent, state)) in (1..).zip(holders) {
        let agent = Some(agent_of(partner, agent));
        task(
            &store,
            Task {
                state,
                agent,
                ..a_task(n)
            },
        )
        .await;
    }
    let ids = |page: platform::paging::Page<Task>| -> Vec<_> {
        page.items.iter().map(|task| task.id).collect()
    };

    let ana = TaskHolder::Agent(agent_of("north", "ana"));
    let all = store
        .list_tasks(&tenant(), &ana, &PageRequest::first())
        .await
        .unwrap();
    assert_eq!(ids(all), [nth(1), nth(5)]);

    let north = TaskHolder::Partner(PartnerId::parse("north").unwrap());
    let first = PageRequest::parse(2, "").unwrap();
    let first = store.list_tasks(&tenant(), &north, &first).await.unwrap();
    let next = PageRequest::parse(2, &first.next_page_token).unwrap();
    assert_eq!(ids(first), [nth(1), nth(2)]);
    let second = store.list_tasks(&tenant(), &north, &next).await.unwrap();
    assert_eq!(second.next_page_token, "");
    assert_eq!(ids(second), [nth(5)]);
}

on_each_engine!(
    [
        rows_read_back_as_they_were_stored,
        of_two_who_save_one_version_one_wins,
        a_task_is_held_by_one_reservation_at_a_time,
        a_load_is_the_sum_of_what_is_open,
        whoever_refused_missed_or_gave_back_is_remembered,
        waiting_tasks_come_oldest_first_from_the_queues_asked_for,
        what_is_due_is_found_at_its_millisecond_in_every_tenant,
        promises_of_a_queue_are_counted,
        a_storefront_is_told_of_what_is_live_and_of_what_it_knows,
        lists_hold_the_open_tasks_of_an_agent_or_a_partner,
    ],
    migrations()
);
