//! Calls that share a transaction: each with its own answer, whatever becomes of the others.

use std::sync::Arc;
use std::time::Duration;

use domain::id::RequestId;
use domain::time::Timestamp;
use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use storage::{Answers, Batcher, Call, Database, RequestKey, StoreError, Tx};
use testkit::scratch::Scratch;
use uuid::Uuid;

use crate::support::{create, open, take_one, used};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// What a call of these tests does.
#[derive(Debug, Clone, Copy)]
enum Wish {
    /// Takes one from the counter and answers how many calls its transaction had.
    Take,
    /// Answers with an error.
    Refuse,
    /// Has a statement fail.
    Fail,
    /// Has a fault.
    Panic,
}

fn batcher(database: &Database) -> Batcher<Wish, usize, StoreError> {
    Batcher::new(database.clone(), 16, decide)
}

fn decide(
    tx: &Tx,
    calls: Arc<[Call<Wish>]>,
) -> BoxFuture<'_, Result<Answers<usize, StoreError>, StoreError>> {
    async move {
        // Long enough for the others to stand in line.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let mut answers = Vec::new();
        for call in calls.iter() {
            answers.push(match call.command {
                Wish::Take => {
                    take_one(tx, "n", i64::MAX).await?;
                    Ok(calls.len())
                }
                Wish::Refuse => Err(StoreError::Closed),
                Wish::Fail => {
                    crate::support::insert(tx, "n").await?;
                    Ok(0)
                }
                Wish::Panic => panic!("on purpose"),
            });
        }
        Ok(answers)
    }
    .boxed()
}

fn key(request: u64) -> RequestKey {
    RequestKey {
        tenant: testkit::builders::tenant(),
        client: "desk".to_owned(),
        method: "/rescate.offers.v1.OfferAuthorizationService/AuthorizeOffer",
        request_id: RequestId::from_uuid(Uuid::from_u128(request.into())),
        body_hash: RequestKey::body_hash(b"x"),
    }
}

async fn calls_that_wait_share_a_transaction(scratch: Scratch) {
    let database = open(&scratch).await;
    create(&database, "n").await;
    let batcher = batcher(&database);

    let calls = (1..=33).map(|request| batcher.call(key(request), NOW, Wish::Take));
    let together: Vec<usize> = join_all(calls)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();

    assert_eq!(used(&database, "n").await, Some(33));
    assert!(together.contains(&16), "{together:?}");
    for (request, answer) in (1..=33).zip(together) {
        let again = batcher.call(key(request), NOW, Wish::Take).await;
        assert_eq!(again.unwrap(), answer, "a replay gets the first answer");
    }
    assert_eq!(used(&database, "n").await, Some(33));
}

async fn whatever_spoils_a_batch_spoils_nothing_else(scratch: Scratch) {
    let database = open(&scratch).await;
    create(&database, "n").await;
    for spoiler in [Wish::Refuse, Wish::Fail, Wish::Panic] {
        let before = used(&database, "n").await.unwrap();
        let batcher = batcher(&database);
        let first = 1_000 * u64::try_from(before + 1).unwrap();
        let calls = (first..first + 20).map(|request| {
            let batcher = batcher.clone();
            let wish = if request % 5 == 0 {
                spoiler
            } else {
                Wish::Take
            };
            tokio::spawn(async move { batcher.call(key(request), NOW, wish).await })
        });

        let outcomes = join_all(calls).await;

        let done = outcomes.iter().filter(|one| matches!(one, Ok(Ok(_))));
        assert_eq!(done.count(), 16, "{spoiler:?}");
        let after = used(&database, "n").await.unwrap();
        assert_eq!(after - before, 16, "{spoiler:?}");
    }
}

async fn a_request_that_is_made_twice_at_once_has_one_effect(scratch: Scratch) {
    let database = open(&scratch).await;
    create(&database, "n").await;
    let batcher = batcher(&database);

    let calls = [1, 2, 1, 3, 2, 1].map(|request| batcher.call(key(request), NOW, Wish::Take));
    let outcomes = join_all(calls).await;

    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(used(&database, "n").await, Some(3));
    let other = RequestKey {
        body_hash: RequestKey::body_hash(b"y"),
        ..key(1)
    };
    let refused = batcher.call(other, NOW, Wish::Take).await;
    assert!(matches!(refused, Err(StoreError::RequestIdReused)));
}

async fn nothing_is_taken_once_the_database_is_closed(scratch: Scratch) {
    let database = open(&scratch).await;
    create(&database, "n").await;
    let batcher = batcher(&database);
    let under_way = tokio::spawn({
        let batcher = batcher.clone();
        async move { batcher.call(key(1), NOW, Wish::Take).await }
    });
    // It stands in line once another one is taken together with it or after it.
    batcher.call(key(2), NOW, Wish::Take).await.unwrap();

    under_way.await.unwrap().unwrap();
    database.close().await;

    let late = batcher.call(key(3), NOW, Wish::Take).await;
    assert!(matches!(late, Err(StoreError::Closed)), "{late:?}");
}

on_each_engine!(
    calls_that_wait_share_a_transaction,
    whatever_spoils_a_batch_spoils_nothing_else,
    a_request_that_is_made_twice_at_once_has_one_effect,
    nothing_is_taken_once_the_database_is_closed,
);
