//! A message that comes again changes nothing.

use std::time::Duration;

use domain::time::{Timestamp, later};
use futures::FutureExt;
use messaging::inbox;
use sea_orm::{ConnectionTrait, TransactionTrait};
use storage::{Database, StoreError, StoreFault};
use testkit::scratch;

use crate::support::request_id;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

async fn receive(database: &Database, consumer: &'static str, number: u128) -> bool {
    let work = database.write::<_, StoreError, _>(move |tx| {
        async move { inbox::first_time(tx, consumer, request_id(number), NOW).await }.boxed()
    });
    work.await.unwrap()
}

async fn each_consumer_takes_a_message_once(database: Database) {
    assert!(receive(&database, "facts", 1).await);
    assert!(!receive(&database, "facts", 1).await);
    assert!(receive(&database, "facts", 2).await);
    assert!(receive(&database, "alerts", 1).await);
}

async fn of_many_at_once_one_is_the_first(database: Database) {
    let receivers = (0..20).map(|_| receive(&database, "facts", 1));
    let first = futures::future::join_all(receivers).await;
    assert_eq!(first.into_iter().filter(|first| *first).count(), 1);
}

async fn an_effect_that_is_rolled_back_may_come_again(database: Database) {
    let failed: Result<(), StoreError> = database
        .write(|tx| {
            async move {
                assert!(inbox::first_time(tx, "facts", request_id(1), NOW).await?);
                Err(StoreError::Closed)
            }
            .boxed()
        })
        .await;
    assert!(failed.is_err());
    assert!(receive(&database, "facts", 1).await);
}

async fn old_messages_are_forgotten(database: Database) {
    assert!(receive(&database, "facts", 1).await);
    assert_eq!(inbox::forget_before(&database, NOW).await.unwrap(), 0);
    let limit = later(NOW, Duration::from_millis(1));
    assert_eq!(inbox::forget_before(&database, limit).await.unwrap(), 1);
}

/// The row that is in use stands for all that may stop a statement half-way; what was forgotten before it stays so.
#[tokio::test]
async fn old_messages_are_forgotten_in_steps() {
    let Some(scratch) = scratch::postgres().await else {
        return;
    };
    let database = scratch.migrated(messaging::migrations()).await;
    let many = "INSERT INTO inbox SELECT decode(md5(n::text), 'hex'), 'facts', n FROM generate_series(1, 1500) n";
    database.read().execute_unprepared(many).await.unwrap();
    let user = database.read().begin().await.unwrap();
    let last = "SELECT 1 FROM inbox WHERE received_at = 1500 FOR UPDATE";
    user.execute_unprepared(last).await.unwrap();

    let limit = later(NOW, Duration::from_secs(2));
    let refused = inbox::forget_before(&database, limit).await.unwrap_err();

    assert_eq!(refused.fault(), StoreFault::Busy);
    user.rollback().await.unwrap();
    assert_eq!(inbox::forget_before(&database, limit).await.unwrap(), 500);
}

testkit::on_each_engine!(
    [
        each_consumer_takes_a_message_once,
        of_many_at_once_one_is_the_first,
        an_effect_that_is_rolled_back_may_come_again,
        old_messages_are_forgotten,
    ],
    messaging::migrations()
);
