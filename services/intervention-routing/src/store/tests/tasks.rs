//! Tasks: versions, queues, deadlines and lists.

use std::collections::BTreeSet;

use domain::channel::Channel;
use domain::id::PartnerId;
use platform::paging::PageRequest;
use sea_orm::ConnectionTrait;
use storage::Database;
use testkit::builders::other_tenant;
use testkit::on_each_engine;

use super::rows::*;
use super::*;
use crate::invitation::tests::an_invitation;
use crate::reservation::tests::a_reservation;
use crate::task::tests::{a_task, after, agent_of};
use crate::task::{Task, TaskState};

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
    let call = Task {
        channel: Channel::Call,
        ..a_task(6)
    };
    task(&store, call).await;

    let queues = BTreeSet::from([queue("checkout")]);
    let waiting = store
        .waiting_tasks(&tenant(), &queues, Channel::Chat, 10)
        .await
        .unwrap();

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

async fn a_row_that_cannot_be_read_holds_up_no_other(database: Database) {
    let store = Store::new(database);
    task(&store, a_task(1)).await;
    task(&store, a_task(2)).await;
    let first = a_task(1).id;
    store
        .in_tx(move |_, tx| {
            async move {
                let spoil = format!("UPDATE tasks SET brief = '{{}}' WHERE task_id = '{first}'");
                tx.execute_unprepared(&spoil).await?;
                Ok(())
            }
            .boxed()
        })
        .await;

    let queues = BTreeSet::from([queue("checkout")]);
    let waiting = store
        .waiting_tasks(&tenant(), &queues, Channel::Chat, 10)
        .await
        .unwrap();
    let overdue = store.overdue_tasks(after(60), 9).await.unwrap();

    for left in [waiting, overdue] {
        let ids: Vec<_> = left.iter().map(|task| task.id).collect();
        assert_eq!(ids, [nth(2)]);
    }
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
        of_two_who_save_one_version_one_wins,
        waiting_tasks_come_oldest_first_from_the_queues_asked_for,
        what_is_due_is_found_at_its_millisecond_in_every_tenant,
        a_row_that_cannot_be_read_holds_up_no_other,
        lists_hold_the_open_tasks_of_an_agent_or_a_partner,
    ],
    migrations()
);
