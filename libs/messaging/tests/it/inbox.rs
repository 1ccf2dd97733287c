//! A message that comes again changes nothing.

use std::time::Duration;

use domain::time::{Timestamp, later};
use futures::FutureExt;
use messaging::inbox;
use storage::{Database, StoreError};

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

testkit::on_each_engine!(
    [
        each_consumer_takes_a_message_once,
        of_many_at_once_one_is_the_first,
        an_effect_that_is_rolled_back_may_come_again,
        old_messages_are_forgotten,
    ],
    messaging::migrations()
);
