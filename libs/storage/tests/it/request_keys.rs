//! One request has one effect and one answer.

use std::time::Duration;

use domain::id::{RequestId, TenantId};
use domain::time::{Timestamp, later};
use futures::FutureExt;
use storage::{Database, RequestKey, StoreError, Together};
use testkit::scratch::Scratch;
use uuid::Uuid;

use crate::support::{create, one, open, take_one, used};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn key(tenant: &str, request: u128, body: &[u8]) -> RequestKey {
    RequestKey {
        tenant: TenantId::parse(tenant).unwrap(),
        client: "storefront".to_owned(),
        method: "/rescate.offers.v1.OfferAuthorizationService/AuthorizeOffer",
        request_id: RequestId::from_uuid(Uuid::from_u128(request)),
        body_hash: RequestKey::body_hash(body),
    }
}

/// Takes one from the counter `n` and answers its new value.
async fn call(database: &Database, key: RequestKey) -> Result<i64, StoreError> {
    let work = database.write_once(key, NOW, |tx| {
        async move {
            take_one(tx, "n", i64::MAX).await?;
            let statement = sea_orm::Statement::from_string(
                sea_orm::ConnectionTrait::get_database_backend(tx),
                "SELECT used FROM counters WHERE name = 'n'",
            );
            let row = sea_orm::ConnectionTrait::query_one_raw(tx, statement).await?;
            Ok(row.unwrap().try_get_by_index(0)?)
        }
        .boxed()
    });
    work.await
}

async fn a_replay_gets_the_first_answer(scratch: Scratch) {
    let database = open(&scratch).await;
    create(&database, "n").await;
    assert_eq!(call(&database, key("acme", 1, b"x")).await.unwrap(), 1);
    assert_eq!(call(&database, key("acme", 2, b"x")).await.unwrap(), 2);
    assert_eq!(call(&database, key("acme", 1, b"x")).await.unwrap(), 1);

    database.close().await;
    let database = open(&scratch).await;
    assert_eq!(call(&database, key("acme", 1, b"x")).await.unwrap(), 1);
    assert_eq!(used(&database, "n").await, Some(2));
}

async fn replays_during_the_first_call_have_one_effect(scratch: Scratch) {
    let database = open(&scratch).await;
    create(&database, "n").await;
    for request in 0..10 {
        let calls = (0..30).map(|_| call(&database, key("acme", request, b"x")));
        let answers = futures::future::join_all(calls).await;
        let expected = i64::try_from(request).unwrap() + 1;
        for answer in answers {
            assert_eq!(answer.unwrap(), expected);
        }
    }
    assert_eq!(used(&database, "n").await, Some(10));
}

async fn another_body_is_refused(scratch: Scratch) {
    let database = open(&scratch).await;
    create(&database, "n").await;
    call(&database, key("acme", 1, b"x")).await.unwrap();
    let outcome = call(&database, key("acme", 1, b"y")).await;
    assert!(matches!(outcome, Err(StoreError::RequestIdReused)));
    assert_eq!(used(&database, "n").await, Some(1));
}

async fn tenants_clients_and_methods_are_apart(scratch: Scratch) {
    let database = open(&scratch).await;
    create(&database, "n").await;
    let first = key("acme", 1, b"x");
    let of_another_client = RequestKey {
        client: "checkout".to_owned(),
        ..first.clone()
    };
    let of_another_method = RequestKey {
        method: "/rescate.offers.v1.OfferAuthorizationService/RedeemOffer",
        ..first.clone()
    };
    let keys = [
        first,
        key("globex", 1, b"y"),
        of_another_client,
        of_another_method,
    ];
    for (answer, key) in (1..).zip(keys) {
        assert_eq!(call(&database, key).await.unwrap(), answer);
    }
}

/// Takes one from the counter `n` for each of the keys; the answers are `100`, `101` and so on.
async fn call_together(
    database: &Database,
    keys: &[RequestKey],
) -> Result<Together<()>, StoreError> {
    let calls: Vec<(RequestKey, i64)> = keys.iter().cloned().zip(100..).collect();
    let count = keys.len();
    let work = database.write_together(&calls, NOW, move |tx| {
        async move {
            for _ in 0..count {
                take_one(tx, "n", i64::MAX).await?;
            }
            Ok(())
        }
        .boxed()
    });
    work.await
}

async fn calls_that_came_together_have_an_answer_each(scratch: Scratch) {
    let database = open(&scratch).await;
    create(&database, "n").await;
    let keys = [1, 2, 3].map(|request| key("acme", request, b"x"));

    let outcome = call_together(&database, &keys).await;

    assert_eq!(outcome.unwrap(), Together::Done(()));
    for (key, answer) in keys.into_iter().zip(100..) {
        assert_eq!(call(&database, key).await.unwrap(), answer);
    }
    let outcome = call(&database, key("acme", 2, b"y")).await;
    assert!(matches!(outcome, Err(StoreError::RequestIdReused)));
    assert_eq!(used(&database, "n").await, Some(3));
}

async fn nothing_is_done_together_when_one_of_the_calls_has_come_before(scratch: Scratch) {
    let database = open(&scratch).await;
    create(&database, "n").await;
    call(&database, key("acme", 2, b"x")).await.unwrap();
    let keys = [1, 2, 3].map(|request| key("acme", request, b"x"));

    let outcome = call_together(&database, &keys).await;

    assert_eq!(outcome.unwrap(), Together::Known);
    assert_eq!(used(&database, "n").await, Some(1));
    let of_others = [1, 2, 3].map(|request| key("globex", request, b"x"));
    let outcome = call_together(&database, &of_others).await;
    assert_eq!(outcome.unwrap(), Together::Done(()));
    assert_eq!(call(&database, key("acme", 1, b"x")).await.unwrap(), 5);
}

async fn one_of_those_who_come_together_at_the_same_time_has_an_effect(scratch: Scratch) {
    let database = open(&scratch).await;
    create(&database, "n").await;
    let keys = [1, 2, 3].map(|request| key("acme", request, b"x"));

    let calls = (0..10).map(|_| call_together(&database, &keys));
    let outcomes = futures::future::join_all(calls).await;

    let done = |outcome: &&Result<_, _>| matches!(outcome, Ok(Together::Done(())));
    assert_eq!(outcomes.iter().filter(done).count(), 1);
    assert!(outcomes.iter().all(|outcome| matches!(
        outcome,
        Ok(_) | Err(StoreError::Conflict(_) | StoreError::Busy(_))
    )));
    assert_eq!(used(&database, "n").await, Some(3));
}

async fn a_failed_request_may_be_sent_again(scratch: Scratch) {
    let database = open(&scratch).await;
    create(&database, "n").await;
    let failed: Result<i64, StoreError> = database
        .write_once(key("acme", 1, b"x"), NOW, |tx| {
            async move {
                take_one(tx, "n", i64::MAX).await?;
                Err(StoreError::Closed)
            }
            .boxed()
        })
        .await;
    assert!(failed.is_err());
    assert_eq!(call(&database, key("acme", 1, b"x")).await.unwrap(), 1);
}

async fn old_requests_are_forgotten(scratch: Scratch) {
    let database = open(&scratch).await;
    create(&database, "n").await;
    for request in 0..1_200 {
        call(&database, key("acme", request, b"x")).await.unwrap();
    }
    assert_eq!(database.forget_requests_before(NOW).await.unwrap(), 0);
    let limit = later(NOW, Duration::from_millis(1));
    assert_eq!(database.forget_requests_before(limit).await.unwrap(), 1_200);
    assert_eq!(
        one(&database, "SELECT COUNT(*) FROM request_keys").await,
        Some(0)
    );
}

on_each_engine!(
    a_replay_gets_the_first_answer,
    replays_during_the_first_call_have_one_effect,
    another_body_is_refused,
    tenants_clients_and_methods_are_apart,
    calls_that_came_together_have_an_answer_each,
    nothing_is_done_together_when_one_of_the_calls_has_come_before,
    one_of_those_who_come_together_at_the_same_time_has_an_effect,
    a_failed_request_may_be_sent_again,
    old_requests_are_forgotten,
);
