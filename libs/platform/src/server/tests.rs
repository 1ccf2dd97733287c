use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use proto::error::v1::ErrorReason;
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;

use super::*;
use crate::auth::{CallerKind, Grant, Scope};
use crate::client::{Client, ClientConfig, connect_as};
use crate::status::{reason_of, retry_after_of};
use crate::testing::{self, AUDIENCE, Harness, Raw, agent, call, call_within, tenant};

mod delivery;
mod limits;
mod revoked;
mod stop;

fn quick() -> ServerConfig {
    ServerConfig {
        drain_accept_ms: 50,
        drain_calls_ms: 2_000,
        ..ServerConfig::default()
    }
}

async fn harness() -> Harness {
    Harness::start(quick()).await
}

/// 1 for serving, 2 for not.
async fn health(harness: &Harness, service: &str) -> Result<i32, Status> {
    let client = connect_as(&ClientConfig::default(), &harness.uri(), None).unwrap();
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    let answer = HealthClient::new(client).check(request).await?;
    Ok(answer.into_inner().status)
}

#[tokio::test]
async fn a_handler_sees_the_caller_and_never_the_token() {
    let harness = harness().await;
    assert_eq!(
        call(&harness.client(), "Who", "").await.unwrap(),
        "acme true"
    );
}

#[tokio::test]
async fn every_bad_token_gets_the_same_message() {
    let harness = harness().await;
    let without = connect_as(&ClientConfig::default(), &harness.uri(), None).unwrap();
    let garbage = harness.client_with(&ClientConfig::default(), "a.b.c");
    let other = Grant::new("elsewhere", tenant("acme"), "x", CallerKind::Platform);
    let other = harness.client_with(&ClientConfig::default(), &harness.token(&other));
    let mut messages = Vec::new();
    for (client, reason) in [
        (without, ErrorReason::TokenMissing),
        (garbage, ErrorReason::TokenInvalid),
        (other, ErrorReason::TokenInvalid),
    ] {
        let status = call(&client, "Echo", "x").await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated);
        assert_eq!(reason_of(&status), Some(reason));
        messages.push(status.message().to_owned());
    }
    messages.dedup();
    assert_eq!(messages.len(), 1);
}

#[tokio::test]
async fn scope_role_and_table_are_all_needed() {
    let harness = harness().await;
    let mut wide = Grant::new(AUDIENCE, tenant("acme"), "x", CallerKind::Checkout);
    wide.scopes = Scope::ALL.iter().copied().collect();
    let wide = harness.client_with(&ClientConfig::default(), &harness.token(&wide));
    for (client, method) in [
        (harness.client(), "Closed"),
        (wide, "Echo"),
        (harness.client(), "NotInTheTable"),
    ] {
        let status = call(&client, method, "").await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied, "{method}");
        assert_eq!(reason_of(&status), Some(ErrorReason::ScopeMissing));
    }
}

#[tokio::test]
async fn an_expired_deadline_is_answered_as_such() {
    let config = ServerConfig {
        default_deadline_ms: 80,
        ..quick()
    };
    let harness = Harness::start(config).await;
    let grant = Grant::new(AUDIENCE, tenant("acme"), "x", CallerKind::Platform);
    // Over plain HTTP, since every gRPC client has a timer of its own and would answer for the server.
    let http = reqwest::Client::builder()
        .http2_prior_knowledge()
        .build()
        .unwrap();
    for timeout in ["100m", "1m", "soon", "99999999S"] {
        let wait = if timeout == "99999999S" { b"1" } else { b"9" };
        let frame = [&[0, 0, 0, 0, 5], wait.as_slice(), b"0000"].concat();
        let started = Instant::now();
        let answer = http
            .post(format!("{}/test.Tiny/Wait", harness.uri()))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("grpc-timeout", timeout)
            .bearer_auth(harness.token(&grant))
            .body(frame);
        let answer = tokio::time::timeout(Duration::from_secs(2), answer.send()).await;
        if timeout == "99999999S" {
            assert!(answer.is_err(), "an absurd deadline is capped, at 30 s");
            continue;
        }
        let answer = answer.unwrap().unwrap();
        assert_eq!(answer.headers()["grpc-status"], "4", "{timeout}");
        assert!(started.elapsed() < Duration::from_secs(1), "{timeout}");
    }
}

#[tokio::test]
async fn handlers_know_how_long_they_may_take() {
    let harness = harness().await;
    let left = call_within(&harness.client(), "Left", "", Duration::from_millis(900)).await;
    let left: u64 = left.unwrap().parse().unwrap();
    assert!((1..=900).contains(&left), "{left}");
    let capped = call_within(&harness.client(), "Left", "", Duration::from_secs(4_000)).await;
    assert!(capped.unwrap().parse::<u64>().unwrap() <= 30_000);
}

#[tokio::test]
async fn a_panic_is_internal_and_tells_nothing() {
    let harness = harness().await;
    for method in ["Panic", "PanicLater"] {
        let status = call(&harness.client(), method, "").await.unwrap_err();
        assert_eq!(status.code(), Code::Internal, "{method} {status:?}");
        assert_eq!(reason_of(&status), Some(ErrorReason::Internal));
        let text = format!("{status:?} {}", String::from_utf8_lossy(status.details()));
        assert!(
            !text.contains("juan") && !text.contains("panicked"),
            "{text}"
        );
    }
    assert_eq!(
        call(&harness.client(), "Echo", "still here").await.unwrap(),
        "still here"
    );
}

#[tokio::test]
async fn browsers_call_by_grpc_web_from_allowed_origins() {
    let config = ServerConfig {
        allowed_origins: vec!["https://shop.example".to_owned()],
        ..quick()
    };
    let harness = Harness::start(config).await;
    let grant = Grant::new(AUDIENCE, tenant("acme"), "x", CallerKind::Platform);
    let call = |origin: &'static str| {
        reqwest::Client::new()
            .post(format!("{}/test.Tiny/Echo", harness.uri()))
            .header("content-type", "application/grpc-web+proto")
            .header("origin", origin)
            .bearer_auth(harness.token(&grant))
            .body(vec![0, 0, 0, 0, 2, b'h', b'i'])
            .send()
    };
    let answer = call("https://shop.example").await.unwrap();
    assert_eq!(
        answer.headers()["access-control-allow-origin"],
        "https://shop.example"
    );
    let body = answer.bytes().await.unwrap();
    assert!(body.starts_with(&[0, 0, 0, 0, 2, b'h', b'i']), "{body:?}");
    assert!(String::from_utf8_lossy(&body).contains("grpc-status:0"));
    let answer = call("https://evil.example").await.unwrap();
    assert!(!answer.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn reflection_tells_of_own_services_only() {
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1::{
        ServerReflectionRequest, server_reflection_response::MessageResponse,
    };

    let kpi = "rescate.kpi.v1.KpiService";
    let harness = Harness::start_with(quick(), |server| server.grpc_service(kpi)).await;
    let client: Client = connect_as(&ClientConfig::default(), &harness.uri(), None).unwrap();
    let ask = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let asked = tokio_stream::iter([ask]);
    let mut answers = ServerReflectionClient::new(client)
        .server_reflection_info(asked)
        .await
        .unwrap()
        .into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response;
    let Some(MessageResponse::ListServicesResponse(list)) = answer else {
        panic!("not a list: {answer:?}");
    };
    let names: Vec<_> = list
        .service
        .iter()
        .map(|service| service.name.as_str())
        .collect();
    assert!(names.contains(&kpi), "{names:?}");
    assert!(
        !names.iter().any(|name| name.contains("offers")),
        "{names:?}"
    );
}
