//! Writes that share a commit on SQLite: each is whole or absent by itself, whatever the others do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::FutureExt;
use futures::future::join_all;
use storage::{Database, StoreError, Tx};
use testkit::scratch;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::support::{create, insert, one, open, take_one, used};

const WRITES: u32 = 120;

#[tokio::test(flavor = "multi_thread")]
async fn writes_that_meet_are_whole_or_absent_each() {
    let scratch = scratch::sqlite();
    let database = open(&scratch).await;
    create(&database, "taken").await;
    let hooks = Arc::new(AtomicU32::new(0));
    let writes = (0..WRITES).map(|n| {
        let (database, hooks) = (database.clone(), Arc::clone(&hooks));
        tokio::spawn(async move {
            database
                .write::<_, StoreError, _>(move |tx| {
                    let hooks = Arc::clone(&hooks);
                    tx.after_commit(move || {
                        hooks.fetch_add(1, Ordering::SeqCst);
                    });
                    // A fault before there is anything to wait for.
                    assert!(n % 10 != 9, "on purpose");
                    async move {
                        insert(tx, &format!("row-{n}")).await?;
                        match n % 10 {
                            // A unique key that is taken: the statement fails.
                            3 => insert(tx, "taken").await,
                            // The work itself says no.
                            5 => Err(StoreError::Closed),
                            // The work has a fault.
                            7 => panic!("on purpose"),
                            _ => Ok(()),
                        }
                    }
                    .boxed()
                })
                .await
        })
    });
    let outcomes = join_all(writes).await;

    let done = outcomes
        .iter()
        .filter(|one| matches!(one, Ok(Ok(()))))
        .count();
    let panicked = outcomes.iter().filter(|one| one.is_err()).count();
    assert_eq!((done, panicked), (72, 24));
    let stored = one(
        &database,
        "SELECT COUNT(*) FROM counters WHERE name LIKE 'row-%'",
    )
    .await;
    assert_eq!(stored, Some(72));
    assert_eq!(
        hooks.load(Ordering::SeqCst),
        72,
        "a hook runs once, after its commit"
    );
}

/// Holds the turn, so that the writes of the test gather behind it.
async fn occupied(database: &Database, gate: &Arc<Semaphore>) -> JoinHandle<()> {
    let begun = Arc::new(Semaphore::new(0));
    let (database, held, gate) = (database.clone(), Arc::clone(&begun), Arc::clone(gate));
    let holder = tokio::spawn(async move {
        let work = database.write::<_, StoreError, _>(move |_| {
            let (begun, gate) = (Arc::clone(&held), Arc::clone(&gate));
            async move {
                begun.add_permits(1);
                gate.acquire().await.unwrap().forget();
                Ok(())
            }
            .boxed()
        });
        work.await.unwrap();
    });
    begun.acquire().await.unwrap().forget();
    holder
}

/// Lets every task come to where it waits; enough on a runtime of one thread.
async fn settled() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_error_that_rests_on_what_was_undone_is_not_told() {
    let scratch = scratch::sqlite();
    let database = open(&scratch).await;
    create(&database, "n").await;
    let gate = Arc::new(Semaphore::new(0));
    let holder = occupied(&database, &gate).await;

    // The first takes the only one and fails when it runs again; the second finds nothing left, for as long as that
    // holds; the third breaks the transaction that they share.
    let runs = Arc::new(AtomicU32::new(0));
    let first = spawned(&database, move |tx| {
        let again = runs.fetch_add(1, Ordering::SeqCst) > 0;
        async move {
            take_one(tx, "n", 1).await?;
            if again {
                return Err(StoreError::Closed);
            }
            Ok(true)
        }
        .boxed()
    });
    let second = spawned(&database, |tx| {
        async move {
            let taken = take_one(tx, "n", 1).await?;
            taken.then_some(true).ok_or(StoreError::RequestIdReused)
        }
        .boxed()
    });
    let third = spawned(&database, |tx| {
        async move {
            insert(tx, "n").await?;
            Ok(true)
        }
        .boxed()
    });
    settled().await;
    gate.add_permits(1);

    assert!(matches!(first.await.unwrap(), Err(StoreError::Closed)));
    assert!(matches!(third.await.unwrap(), Err(StoreError::Conflict(_))));
    assert!(second.await.unwrap().unwrap(), "nobody took it");
    assert_eq!(used(&database, "n").await, Some(1));
    holder.await.unwrap();
}

#[tokio::test]
async fn a_hook_that_panics_repeats_no_write() {
    let scratch = scratch::sqlite();
    let database = open(&scratch).await;
    create(&database, "n").await;
    let gate = Arc::new(Semaphore::new(0));
    let holder = occupied(&database, &gate).await;

    let writes: Vec<_> = (0..3)
        .map(|_| {
            spawned(&database, |tx| {
                tx.after_commit(|| panic!("on purpose"));
                take_one(tx, "n", i64::MAX).boxed()
            })
        })
        .collect();
    settled().await;
    gate.add_permits(1);

    for write in writes {
        assert!(write.await.unwrap().unwrap());
    }
    assert_eq!(used(&database, "n").await, Some(3));
    holder.await.unwrap();
}

fn spawned<F>(database: &Database, work: F) -> JoinHandle<Result<bool, StoreError>>
where
    F: for<'t> Fn(&'t Tx) -> futures::future::BoxFuture<'t, Result<bool, StoreError>>
        + Send
        + Sync
        + 'static,
{
    let database = database.clone();
    tokio::spawn(async move { database.write(work).await })
}
