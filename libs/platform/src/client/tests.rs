use std::sync::atomic::Ordering;
use std::time::Instant;

use proto::error::v1::ErrorReason;
use tonic::Code;

use super::*;
use crate::auth::{CallerKind, Grant};
use crate::server::ServerConfig;
use crate::status::reason_of;
use crate::testing::{AUDIENCE, Harness, ISSUER, call, call_within, tenant};
use crate::{Deadline, Sources};

fn retrying(harness: &Harness) -> Client {
    let config = ClientConfig {
        retry: RetryPolicy::Budgeted,
        ..ClientConfig::default()
    };
    let grant = Grant::new(AUDIENCE, tenant("acme"), "x", CallerKind::Platform);
    harness.client_with(&config, &harness.token(&grant))
}

async fn failing(times: u32) -> Harness {
    let harness = Harness::start(ServerConfig::default()).await;
    harness.tiny.failures.store(times, Ordering::SeqCst);
    harness
}

fn calls(harness: &Harness) -> u32 {
    harness.tiny.calls.load(Ordering::SeqCst)
}

#[tokio::test]
async fn what_is_unavailable_is_tried_again() {
    let harness = failing(2).await;
    assert_eq!(
        call(&retrying(&harness), "Flaky", "x").await.unwrap(),
        "flaky at last"
    );
    assert_eq!(calls(&harness), 3);
}

#[tokio::test]
async fn three_attempts_are_enough() {
    let harness = failing(100).await;
    let status = call(&retrying(&harness), "Flaky", "x").await.unwrap_err();
    assert_eq!((status.code(), calls(&harness)), (Code::Unavailable, 3));
}

#[tokio::test]
async fn retries_stop_when_the_budget_is_spent() {
    let harness = failing(u32::MAX).await;
    let client = retrying(&harness);
    for _ in 0..20 {
        assert!(call(&client, "Flaky", "x").await.is_err());
    }
    assert!(calls(&harness) <= 20 + 5, "{}", calls(&harness));
}

#[tokio::test]
async fn only_who_is_nearest_to_the_user_retries() {
    let harness = failing(1).await;
    assert!(call(&harness.client(), "Flaky", "x").await.is_err());
    assert_eq!(calls(&harness), 1);
}

#[tokio::test]
async fn retries_stay_inside_the_deadline() {
    let harness = failing(100).await;
    let started = Instant::now();
    let result = call_within(&retrying(&harness), "Flaky", "x", Duration::from_millis(40)).await;
    assert!(result.is_err());
    assert!(started.elapsed() < Duration::from_millis(500));
    assert_eq!(calls(&harness), 1);
}

#[tokio::test]
async fn the_deadline_of_the_call_being_served_goes_downstream() {
    let harness = failing(0).await;
    let client = harness.client();
    let serving = Deadline::after(Duration::from_millis(700));
    let left = serving
        .scope(async { call(&client, "Left", "").await })
        .await;
    let left: u64 = left.unwrap().parse().unwrap();
    assert!(left <= 690, "{left}");
    let spent = Deadline::after(Duration::from_millis(5));
    let status = spent
        .scope(async { call(&client, "Echo", "").await })
        .await
        .unwrap_err();
    assert_eq!(reason_of(&status), Some(ErrorReason::DeadlineExceeded));
}

#[tokio::test]
async fn a_hanging_service_ends_as_a_deadline() {
    let harness = failing(0).await;
    let client = harness.client();
    let wait = call_within(&client, "Wait", "5000", Duration::from_millis(100));
    assert_eq!(wait.await.unwrap_err().code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn a_service_that_is_away_is_unavailable() {
    let client = connect_with_token("http://127.0.0.1:1", "t").unwrap();
    let status = call(&client, "Echo", "x").await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(!format!("{status:?}").contains("127.0.0.1"), "{status:?}");
}

#[tokio::test]
async fn broken_details_of_a_peer_do_no_harm() {
    let harness = failing(0).await;
    for client in [harness.client(), retrying(&harness)] {
        let status = call(&client, "Broken", "x").await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied);
    }
}

#[tokio::test]
async fn a_connection_speaks_for_the_tenant_it_is_asked_to() {
    let harness = failing(0).await;
    let tokens = TokenSource::new(
        harness.keys.signing_key(),
        ISSUER,
        "risk-scoring",
        &Sources::system(),
    );
    let connection = connect(&ClientConfig::default(), &harness.uri(), AUDIENCE, tokens).unwrap();
    // A genuine service token, which the tiny service has no use for.
    let status = call(&connection.for_tenant(&tenant("acme")), "Who", "")
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
}
