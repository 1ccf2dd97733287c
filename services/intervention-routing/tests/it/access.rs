//! Who may call what.

use platform::auth::Role;
use proto::error::v1::ErrorReason;
use proto::routing::v1 as pb;
use testkit::grpc::assert_refused;
use tonic::Code;

use crate::world::{Interventions, Plays, World, moment_of, proposal};

#[tokio::test]
async fn a_broken_token_opens_nothing() {
    let mut world = World::start().await;
    let request = proposal(&moment_of(1).build());
    for (name, token) in world.tokens().broken(Role::Service) {
        let mut client = Interventions::new(world.client(&token));
        let refused = client
            .propose_intervention(request.clone())
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated, "{name}");
    }
    world.stop().await;
}

#[tokio::test]
async fn only_services_propose() {
    let mut world = World::start().await;
    let request = proposal(&moment_of(1).build());
    for role in [
        Role::Platform,
        Role::Storefront,
        Role::Agent,
        Role::Supervisor,
        Role::Checkout,
        Role::Operator,
    ] {
        let mut client = world.interventions_as(role);
        let refused = client
            .propose_intervention(request.clone())
            .await
            .unwrap_err();
        let missing = ErrorReason::ScopeMissing;
        assert_refused(&refused, Code::PermissionDenied, missing, None);
    }
    world.stop().await;
}

#[tokio::test]
async fn only_operators_change_plays() {
    let mut world = World::start().await;
    let request = pb::PausePlayRequest {
        request_id: crate::world::request_id(),
        play_id: "form-chat".to_owned(),
    };
    for role in [Role::Platform, Role::Agent, Role::Service] {
        let mut client = Plays::new(world.client(&world.tokens().of(role)));
        let refused = client.pause_play(request.clone()).await.unwrap_err();
        let missing = ErrorReason::ScopeMissing;
        assert_refused(&refused, Code::PermissionDenied, missing, None);
    }
    world.stop().await;
}
