//! Contacts, cool-downs, arms and the guards that keep counts exact.

use std::time::Duration;

use domain::experiment::Arm;
use domain::id::{ExperimentId, PersonId};
use domain::time::{Timestamp, earlier, later};
use storage::Database;
use testkit::on_each_engine;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn person() -> PersonId {
    a_moment().build().person()
}

fn shopper(n: u64) -> PersonId {
    PersonId::Shopper(nth(n))
}

fn experiment() -> ExperimentId {
    ExperimentId::parse("proactive-help").unwrap()
}

async fn contact(store: &Store, n: u64, at: Timestamp) {
    let shown = an_intervention(n, State::Shown);
    store
        .in_tx(move |store, tx| {
            let shown = shown.clone();
            async move { store.record_contact(tx, &shown, at).await }.boxed()
        })
        .await;
}

async fn contacts_since(store: &Store, since: Timestamp) -> usize {
    contacts_of(store, &[person()], since).await
}

async fn contacts_of(store: &Store, names: &[PersonId], since: Timestamp) -> usize {
    let connection = store.database.read();
    let contacts = store
        .contacts_since(connection, &tenant(), names, since)
        .await;
    contacts.unwrap().len()
}

async fn a_contact_counts_once_and_inside_its_window(database: Database) {
    let store = Store::new(database);
    contact(&store, 1, start()).await;
    contact(&store, 1, later(start(), SECOND)).await;
    contact(&store, 2, later(start(), SECOND)).await;

    assert_eq!(contacts_since(&store, earlier(start(), SECOND)).await, 2);
    assert_eq!(contacts_since(&store, start()).await, 1);
    assert_eq!(contacts_since(&store, later(start(), SECOND)).await, 0);
}

async fn a_contact_counts_once_whichever_names_are_asked_for(database: Database) {
    let store = Store::new(database);
    let met = a_moment().with_shopper(nth(5)).build();
    let shown = of_moment(1, &met, State::Shown);
    let (known, browser) = (shopper(5), PersonId::Visitor(met.visitor));
    assert_eq!(shown.names(), [known, browser]);
    store
        .in_tx(move |store, tx| {
            let shown = shown.clone();
            async move { store.record_contact(tx, &shown, start()).await }.boxed()
        })
        .await;

    let since = earlier(start(), SECOND);
    for names in [vec![known], vec![browser], vec![known, browser]] {
        assert_eq!(contacts_of(&store, &names, since).await, 1, "{names:?}");
    }
    assert_eq!(contacts_of(&store, &[shopper(6)], since).await, 0);
}

async fn cool_down(store: &Store, until: Timestamp) {
    store
        .in_tx(move |store, tx| {
            async move { store.cool_down(tx, &tenant(), &[person()], until).await }.boxed()
        })
        .await;
}

async fn the_longer_cool_down_is_kept(database: Database) {
    let store = Store::new(database);
    let longer = later(start(), SECOND);
    cool_down(&store, longer).await;
    cool_down(&store, start()).await;

    let connection = store.database.read();
    let quiet = store
        .quiet_until(connection, &tenant(), &[person(), shopper(9)])
        .await
        .unwrap();
    assert_eq!(quiet, Some(longer));

    let longest = later(longer, SECOND);
    cool_down(&store, longest).await;
    let quiet = store
        .quiet_until(connection, &tenant(), &[person()])
        .await
        .unwrap();
    assert_eq!(quiet, Some(longest));
    let stranger = store
        .quiet_until(connection, &tenant(), &[shopper(9)])
        .await
        .unwrap();
    assert_eq!(stranger, None);
}

async fn keep_arm(store: &Store, persons: Vec<PersonId>, arm: Arm, at: Timestamp) {
    store
        .in_tx(move |store, tx| {
            let persons = persons.clone();
            async move {
                let kept = KeptArm {
                    experiment: &experiment(),
                    names: &persons,
                    arm,
                };
                store.keep_arm(tx, &tenant(), &kept, at).await
            }
            .boxed()
        })
        .await;
}

async fn arm_of(store: &Store, names: &[PersonId]) -> Option<Arm> {
    let connection = store.database.read();
    store
        .arm_of(connection, &tenant(), &experiment(), names)
        .await
        .unwrap()
}

async fn a_name_keeps_its_first_arm_and_lends_it_to_a_new_one(database: Database) {
    let store = Store::new(database);
    let (visitor, known) = (person(), shopper(5));
    keep_arm(&store, vec![visitor], Arm::Holdout, start()).await;
    assert_eq!(arm_of(&store, &[known, visitor]).await, Some(Arm::Holdout));

    let next = later(start(), SECOND);
    keep_arm(&store, vec![visitor], Arm::Treatment, next).await;

    assert_eq!(arm_of(&store, &[visitor]).await, Some(Arm::Holdout));
    let connection = store.database.read();
    let other = ExperimentId::parse("another").unwrap();
    let none = store
        .arm_of(connection, &tenant(), &other, &[visitor])
        .await;
    assert_eq!(none.unwrap(), None);
}

async fn a_shopper_who_is_held_out_stays_so_in_a_browser_that_was_not(database: Database) {
    let store = Store::new(database);
    let (visitor, known) = (person(), shopper(5));
    keep_arm(&store, vec![visitor], Arm::Treatment, start()).await;
    keep_arm(&store, vec![known], Arm::Holdout, later(start(), SECOND)).await;

    assert_eq!(arm_of(&store, &[known, visitor]).await, Some(Arm::Holdout));
    assert_eq!(arm_of(&store, &[visitor]).await, Some(Arm::Treatment));
}

/// Fifty at once want one of three places. What each sees under the guard holds until it commits.
async fn a_cap_counted_under_a_guard_is_exact(database: Database) {
    let store = Store::new(database);
    let mut attempts = tokio::task::JoinSet::new();
    for n in 1..=50 {
        let store = store.clone();
        attempts.spawn(async move {
            store
                .in_tx(move |store, tx| {
                    async move {
                        let guard = [Guard::Person(person())];
                        store.guard(tx, &tenant(), &guard, start()).await?;
                        let since = earlier(start(), SECOND);
                        let had = store
                            .contacts_since(tx, &tenant(), &[person()], since)
                            .await?;
                        if had.len() < 3 {
                            let shown = an_intervention(n, State::Shown);
                            store.record_contact(tx, &shown, start()).await?;
                        }
                        Ok(())
                    }
                    .boxed()
                })
                .await;
        });
    }
    attempts.join_all().await;

    assert_eq!(contacts_since(&store, earlier(start(), SECOND)).await, 3);
}

async fn guards_taken_in_any_order_do_not_lock_each_other_out(database: Database) {
    let store = Store::new(database);
    let mut attempts = tokio::task::JoinSet::new();
    for n in 0..30 {
        let store = store.clone();
        attempts.spawn(async move {
            store
                .in_tx(move |store, tx| {
                    async move {
                        let mut guards = [
                            Guard::Session(nth(1)),
                            Guard::Person(shopper(2)),
                            Guard::Plays,
                        ];
                        guards.rotate_left(n % 3);
                        store.guard(tx, &tenant(), &guards, start()).await
                    }
                    .boxed()
                })
                .await;
        });
    }
    attempts.join_all().await;
}

async fn a_forgotten_guard_can_be_taken_again(database: Database) {
    let store = Store::new(database);
    let take = |at: Timestamp| {
        store.in_tx(move |store, tx| {
            async move { store.guard(tx, &tenant(), &[Guard::Plays], at).await }.boxed()
        })
    };
    take(start()).await;
    assert_eq!(store.forget_guards(start()).await.unwrap(), 0);
    assert_eq!(
        store.forget_guards(later(start(), SECOND)).await.unwrap(),
        1
    );

    take(later(start(), SECOND)).await;
}

on_each_engine!(
    [
        a_contact_counts_once_and_inside_its_window,
        the_longer_cool_down_is_kept,
        a_contact_counts_once_whichever_names_are_asked_for,
        a_name_keeps_its_first_arm_and_lends_it_to_a_new_one,
        a_shopper_who_is_held_out_stays_so_in_a_browser_that_was_not,
        a_cap_counted_under_a_guard_is_exact,
        guards_taken_in_any_order_do_not_lock_each_other_out,
        a_forgotten_guard_can_be_taken_again,
    ],
    migrations()
);
