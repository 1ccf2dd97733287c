use platform::auth::Verifier;
use platform::server::{Server, ServerConfig};
use proto::error::v1::ErrorReason;
use proto::kpi::v1::QueryKpisRequest;
use proto::kpi::v1::kpi_service_client::KpiServiceClient;
use tonic::service::Routes;
use tonic::{Code, Status};

use super::*;
use crate::grpc::{assert_refused, request};
use crate::{Served, serve};

/// A server that knows no method: whoever is let in learns that, nobody else does.
async fn gate(issuer: &Issuer) -> Served {
    let config = issuer.auth_config("kpi");
    let verifier = Verifier::open(&config, Arc::new(SystemClock))
        .await
        .unwrap();
    let server = Server::new(&ServerConfig::default(), "kpi", verifier);
    let running = serve(|listener, shutdown| server.serve(listener, Routes::default(), shutdown));
    running.await.ready().await
}

async fn knock(served: &Served, token: &str) -> Status {
    let mut client = KpiServiceClient::connect(served.uri()).await.unwrap();
    let answer = client.query_kpis(request(token, QueryKpisRequest::default()));
    answer.await.expect_err("there is no method")
}

#[tokio::test]
async fn genuine_tokens_reach_what_their_role_may() {
    let issuer = Issuer::new();
    let (served, tokens) = (gate(&issuer).await, issuer.tokens_for("kpi"));

    for role in [
        Role::Platform,
        Role::Supervisor,
        Role::Operator,
        Role::Service,
    ] {
        let status = knock(&served, &tokens.of(role)).await;
        assert_eq!(status.code(), Code::Unimplemented, "{role:?}: {status:?}");
    }
    let agent = knock(&served, &tokens.agent()).await;
    assert_eq!(agent.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn broken_tokens_reach_nothing() {
    let issuer = Issuer::new();
    let (served, tokens) = (gate(&issuer).await, issuer.tokens_for("kpi"));

    for (name, token) in tokens.broken(Role::Operator) {
        let status = knock(&served, &token).await;
        assert_eq!(status.code(), Code::Unauthenticated, "{name}: {status:?}");
    }
    let forged = knock(&served, &tokens.expired(Role::Operator)).await;
    assert_refused(
        &forged,
        Code::Unauthenticated,
        ErrorReason::TokenInvalid,
        None,
    );
}

#[test]
fn swapped_claims_stand_between_the_first_header_and_signature() {
    assert_eq!(spliced("a.b.c", "x.y.z"), "a.y.c");
    assert_eq!(without_signature("a.b.c"), "a.b.");
}
