//! A write is whole or absent, whatever happens to its caller.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::FutureExt;
use storage::{Database, StoreError, StoreFault};
use testkit::scratch::Scratch;
use tokio::sync::Semaphore;

use crate::support::{create, insert, one, open, take_one, used};

const SOON: Duration = Duration::from_secs(10);

async fn an_error_rolls_back(scratch: Scratch) {
    let database = open(&scratch).await;
    let outcome: Result<(), StoreError> = database
        .write(|tx| {
            async move {
                insert(tx, "a").await?;
                Err(StoreError::RequestIdReused)
            }
            .boxed()
        })
        .await;
    assert!(matches!(outcome, Err(StoreError::RequestIdReused)));
    assert_eq!(used(&database, "a").await, None);
}

async fn a_failed_statement_spoils_its_transaction(scratch: Scratch) {
    let database = open(&scratch).await;
    create(&database, "a").await;
    let outcome: Result<(), StoreError> = database
        .write(|tx| {
            async move {
                insert(tx, "b").await?;
                let ignored = insert(tx, "a").await;
                assert!(matches!(ignored, Err(StoreError::Conflict(_))));
                Ok(())
            }
            .boxed()
        })
        .await;
    assert_eq!(outcome.unwrap_err().fault(), StoreFault::Conflict);
    assert_eq!(used(&database, "b").await, None);
}

async fn a_panic_rolls_back_and_reaches_the_caller(scratch: Scratch) {
    let database = open(&scratch).await;
    let caller = tokio::spawn({
        let database = database.clone();
        async move {
            let work = database.write::<(), StoreError, _>(|tx| {
                async move {
                    insert(tx, "a").await?;
                    panic!("a bug");
                }
                .boxed()
            });
            work.await
        }
    });
    assert!(caller.await.unwrap_err().is_panic());
    create(&database, "a").await;
}

async fn a_caller_that_goes_away_loses_no_commit(scratch: Scratch) {
    let database = open(&scratch).await;
    let (begun, gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let caller = tokio::spawn({
        let (database, begun, gate) = (database.clone(), begun.clone(), gate.clone());
        async move {
            let work = database.write(move |tx| {
                let (begun, gate) = (begun.clone(), gate.clone());
                async move {
                    insert(tx, "a").await?;
                    begun.add_permits(1);
                    gate.acquire().await.unwrap().forget();
                    insert(tx, "b").await
                }
                .boxed()
            });
            work.await
        }
    });
    begun.acquire().await.unwrap().forget();
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    gate.add_permits(1);
    database.close().await;

    let database = open(&scratch).await;
    assert_eq!(used(&database, "a").await, Some(0));
    assert_eq!(used(&database, "b").await, Some(0));
}

async fn cancels_at_any_point_leave_no_open_transaction(scratch: Scratch) {
    let database = open(&scratch).await;
    create(&database, "cancelled").await;
    create(&database, "kept").await;
    for micros in 0..100 {
        let work = database.write(|tx| take_one(tx, "cancelled", i64::MAX).boxed());
        let _cut = tokio::time::timeout(Duration::from_micros(micros * 20), work).await;
    }
    for _ in 0..100 {
        take(&database, "kept", i64::MAX).await;
    }
    // Reopened, so that nothing is read from a session that never committed.
    database.close().await;
    let database = open(&scratch).await;
    assert_eq!(used(&database, "cancelled").await, Some(100));
    assert_eq!(used(&database, "kept").await, Some(100));
}

async fn limits_are_exact_under_concurrency(scratch: Scratch) {
    let database = open(&scratch).await;
    create(&database, "budget").await;
    let calls = (0..300).map(|_| {
        let database = database.clone();
        tokio::spawn(async move { take(&database, "budget", 100).await })
    });
    let granted = futures::future::join_all(calls).await;
    let granted = granted.into_iter().filter(|taken| *taken.as_ref().unwrap());
    assert_eq!(granted.count(), 100);
    assert_eq!(used(&database, "budget").await, Some(100));
}

async fn hooks_run_after_the_commit_only(scratch: Scratch) {
    let database = open(&scratch).await;
    let ran = Arc::new(AtomicU32::new(0));
    for outcome in [true, false] {
        let ran = Arc::clone(&ran);
        let work = database.write(move |tx| {
            let hooked = Arc::clone(&ran);
            tx.after_commit(move || {
                hooked.fetch_add(1, Ordering::SeqCst);
            });
            tx.wake_after_commit();
            let answer = if outcome {
                Ok(())
            } else {
                Err(StoreError::Closed)
            };
            async move { answer }.boxed()
        });
        assert_eq!(work.await.is_ok(), outcome);
    }
    assert_eq!(ran.load(Ordering::SeqCst), 1);
    // The wake-up was kept although nobody waited, and the rolled back write added none.
    tokio::time::timeout(SOON, database.wakeup().notified())
        .await
        .unwrap();
    assert!(database.wakeup().notified().now_or_never().is_none());
}

async fn closing_waits_for_writes_and_takes_no_more(scratch: Scratch) {
    let database = open(&scratch).await;
    let gate = Arc::new(Semaphore::new(0));
    let begun = Arc::new(Semaphore::new(0));
    let write = tokio::spawn({
        let (database, gate, begun) = (database.clone(), gate.clone(), begun.clone());
        async move {
            let work = database.write(move |tx| {
                let (gate, begun) = (gate.clone(), begun.clone());
                async move {
                    begun.add_permits(1);
                    gate.acquire().await.unwrap().forget();
                    insert(tx, "a").await
                }
                .boxed()
            });
            work.await
        }
    });
    begun.acquire().await.unwrap().forget();
    let closing = tokio::spawn({
        let database = database.clone();
        async move { database.close().await }
    });
    while !matches!(
        late_write(&database).now_or_never(),
        Some(Err(StoreError::Closed))
    ) {
        tokio::task::yield_now().await;
    }
    assert!(!closing.is_finished());
    gate.add_permits(1);
    closing.await.unwrap();
    write.await.unwrap().unwrap();

    let database = open(&scratch).await;
    assert_eq!(
        one(&database, "SELECT COUNT(*) FROM counters").await,
        Some(1)
    );
}

async fn late_write(database: &Database) -> Result<(), StoreError> {
    database.write(|_| async { Ok(()) }.boxed()).await
}

async fn take(database: &Database, name: &'static str, limit: i64) -> bool {
    let work = database.write(move |tx| take_one(tx, name, limit).boxed());
    work.await.unwrap()
}

on_each_engine!(
    an_error_rolls_back,
    a_failed_statement_spoils_its_transaction,
    a_panic_rolls_back_and_reaches_the_caller,
    a_caller_that_goes_away_loses_no_commit,
    cancels_at_any_point_leave_no_open_transaction,
    limits_are_exact_under_concurrency,
    hooks_run_after_the_commit_only,
    closing_waits_for_writes_and_takes_no_more,
);
