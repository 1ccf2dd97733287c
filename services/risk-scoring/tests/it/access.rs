//! Who may call what.

use platform::auth::Role;
use proto::error::v1::ErrorReason;
use proto::risk::v1 as pb;
use testkit::grpc::assert_refused;
use tonic::Code;

use crate::models::a_model;
use crate::world::{World, a_fresh_moment, assess_request, assessed};

#[tokio::test]
async fn no_broken_token_gets_in() {
    let world = World::start().await;
    for (name, token) in world.tokens().broken(Role::Platform) {
        let request = assess_request(a_fresh_moment());
        let refused = world.risk_with(&token).assess_session(request).await;
        assert_eq!(refused.unwrap_err().code(), Code::Unauthenticated, "{name}");
    }
    assert!(world.told().proposals().is_empty());
    world.stop().await;
}

#[tokio::test]
async fn a_caller_of_another_kind_is_kept_out() {
    let world = World::start().await;
    for role in [
        Role::Agent,
        Role::Supervisor,
        Role::Checkout,
        Role::Storefront,
    ] {
        let token = world.tokens().of(role);
        let request = assess_request(a_fresh_moment());
        let refused = world
            .risk_with(&token)
            .assess_session(request)
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{role:?}");
        let refused = world
            .models_with(&token)
            .register_model(a_model("even"))
            .await;
        assert_eq!(
            refused.unwrap_err().code(),
            Code::PermissionDenied,
            "{role:?}"
        );
    }
    world.stop().await;
}

#[tokio::test]
async fn an_assessment_of_another_tenant_does_not_exist() {
    let world = World::start().await;
    let assessment = assessed(&mut world.platform(), a_fresh_moment()).await;
    let mut stranger = world.risk_with(&world.tokens().of_other_tenant(Role::Platform));

    let asked = pb::ExplainAssessmentRequest {
        assessment_id: assessment.assessment_id,
        language: String::new(),
    };
    let refused = stranger.explain_assessment(asked).await.unwrap_err();

    assert_refused(&refused, Code::NotFound, ErrorReason::NotFound, None);
    let theirs = stranger
        .list_assessments(pb::ListAssessmentsRequest::default())
        .await
        .unwrap();
    assert!(theirs.into_inner().assessments.is_empty());
    world.stop().await;
}
