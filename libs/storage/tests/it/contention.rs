//! Locks of the engines never reach a caller while there is something left to try.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::FutureExt;
use sea_orm::{ConnectionTrait, TransactionTrait};
use storage::{Database, StoreError};
use testkit::scratch::{self, Scratch};
use tokio::sync::Barrier;

use crate::support::{create, one, open, take_one, used};

async fn writers_pass_a_long_reader(scratch: Scratch) {
    let database = open(&scratch).await;
    create(&database, "n").await;
    let reader = database.read().begin().await.unwrap();
    reader
        .execute_unprepared("SELECT used FROM counters")
        .await
        .unwrap();
    let writers = (0..8).map(|_| {
        let database = database.clone();
        tokio::spawn(async move {
            for _ in 0..50 {
                let work = database.write(|tx| take_one(tx, "n", i64::MAX).boxed());
                assert!(work.await.unwrap());
            }
        })
    });
    for writer in futures::future::join_all(writers).await {
        writer.unwrap();
    }
    reader.rollback().await.unwrap();
    assert_eq!(used(&database, "n").await, Some(400));
}

on_each_engine!(writers_pass_a_long_reader);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_is_tried_again() {
    let Some(scratch) = scratch::postgres().await else {
        return;
    };
    let database = open(&scratch).await;
    create(&database, "a").await;
    create(&database, "b").await;
    let (meet, runs) = (Arc::new(Barrier::new(2)), Arc::new(AtomicU32::new(0)));
    let both = [("a", "b"), ("b", "a")].map(|order| {
        let (database, meet, runs) = (database.clone(), meet.clone(), runs.clone());
        async move { crossing(&database, order, meet, runs).await }
    });
    for outcome in futures::future::join_all(both).await {
        outcome.unwrap();
    }
    assert_eq!(used(&database, "a").await, Some(2));
    assert_eq!(used(&database, "b").await, Some(2));
    assert!(runs.load(Ordering::SeqCst) > 2);
}

/// Takes from both counters; the first two runs meet between the two, holding one row each.
async fn crossing(
    database: &Database,
    (first, second): (&'static str, &'static str),
    meet: Arc<Barrier>,
    runs: Arc<AtomicU32>,
) -> Result<(), StoreError> {
    let work = database.write(move |tx| {
        let (meet, runs) = (meet.clone(), runs.clone());
        async move {
            tx.execute_unprepared("SET LOCAL deadlock_timeout = '50ms'")
                .await?;
            take_one(tx, first, i64::MAX).await?;
            if runs.fetch_add(1, Ordering::SeqCst) < 2 {
                meet.wait().await;
            }
            take_one(tx, second, i64::MAX).await?;
            Ok(())
        }
        .boxed()
    });
    work.await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_held_too_long_is_busy() {
    let Some(scratch) = scratch::postgres().await else {
        return;
    };
    let database = open(&scratch).await;
    create(&database, "a").await;
    let holder = database.read().begin().await.unwrap();
    holder
        .execute_unprepared("UPDATE counters SET used = 7")
        .await
        .unwrap();
    let outcome = database
        .write(|tx| take_one(tx, "a", i64::MAX).boxed())
        .await;
    assert!(matches!(outcome, Err(StoreError::Busy(_))), "{outcome:?}");
    holder.rollback().await.unwrap();
    assert_eq!(one(&database, "SELECT used FROM counters").await, Some(0));
}
