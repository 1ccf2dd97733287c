//! One request has one effect and one answer: at once, together, after a restart, and for each tenant apart.

use futures::future::join_all;
use platform::auth::Role;
use proto::convert::time::wire_timestamp;
use proto::error::v1::ErrorReason;
use proto::fact::v1::Ending;
use proto::risk::v1 as pb;
use testkit::grpc::assert_refused;
use tonic::{Code, Status};

use crate::models::a_model;
use crate::world::{World, a_fresh_moment, assess_request, fresh, now};

#[track_caller]
fn assert_reused(refused: &Status) {
    let reason = ErrorReason::RequestIdReused;
    assert_refused(refused, Code::InvalidArgument, reason, Some("request_id"));
}

#[tokio::test]
async fn a_moment_is_assessed_once_however_often_it_is_sent() {
    let mut world = World::start().await;
    let request = assess_request(a_fresh_moment());
    let calls = (0..8).map(|_| {
        let (mut client, request) = (world.platform(), request.clone());
        async move { client.assess_session(request).await.unwrap().into_inner() }
    });
    let answers = join_all(calls).await;
    world.restart().await;
    let later = world
        .platform()
        .assess_session(request.clone())
        .await
        .unwrap();

    for answer in &answers {
        assert_eq!(answer, later.get_ref());
    }
    let changed = pb::AssessSessionRequest {
        request_id: request.request_id.clone(),
        ..assess_request(a_fresh_moment())
    };
    assert_reused(&world.platform().assess_session(changed).await.unwrap_err());
    let mut stranger = world.risk_with(&world.tokens().of_other_tenant(Role::Platform));
    let theirs = stranger.assess_session(request).await.unwrap().into_inner();
    let ours = later.into_inner().assessment.unwrap();
    assert_ne!(theirs.assessment.unwrap().assessment_id, ours.assessment_id);
    // One fact for each tenant.
    assert_eq!(world.told().some_facts(2).await.len(), 2);
    world.stop().await;
}

#[tokio::test]
async fn an_outcome_is_noted_once() {
    let mut world = World::start().await;
    let moment = a_fresh_moment().build();
    let session_id = moment.session.to_string();
    let outcome = pb::RecordOutcomeRequest {
        request_id: fresh(),
        session_id,
        ending: Ending::Ordered.into(),
        ended_at: Some(wire_timestamp(now())),
    };
    let first = world
        .platform()
        .record_outcome(outcome.clone())
        .await
        .unwrap();
    assert_eq!(first.get_ref().assessment_count, 0);
    let request = assess_request(moment);
    world.platform().assess_session(request).await.unwrap();
    world.restart().await;

    let again = world
        .platform()
        .record_outcome(outcome.clone())
        .await
        .unwrap();

    assert_eq!(again.get_ref().assessment_count, 0, "the first answer");
    let changed = pb::RecordOutcomeRequest {
        ending: Ending::Abandoned.into(),
        ..outcome
    };
    assert_reused(&world.platform().record_outcome(changed).await.unwrap_err());
    world.stop().await;
}

#[tokio::test]
async fn a_model_is_registered_and_activated_once() {
    let mut world = World::start().await;
    let model = a_model("even");
    let registered = world
        .operator()
        .register_model(model.clone())
        .await
        .unwrap();
    world.restart().await;
    let again = world
        .operator()
        .register_model(model.clone())
        .await
        .unwrap();
    assert_eq!(again.get_ref(), registered.get_ref());
    let changed = pb::RegisterModelRequest {
        description: "says something else".to_owned(),
        ..model
    };
    assert_reused(&world.operator().register_model(changed).await.unwrap_err());

    let activation = pb::ActivateModelRequest {
        request_id: fresh(),
        model_id: "even".to_owned(),
        version: 0,
    };
    let activated = world
        .operator()
        .activate_model(activation.clone())
        .await
        .unwrap();
    world
        .operator()
        .register_model(a_model("even"))
        .await
        .unwrap();
    // The newest is version 2 now; the replay is still about version 1.
    let again = world
        .operator()
        .activate_model(activation.clone())
        .await
        .unwrap();
    assert_eq!(again.get_ref(), activated.get_ref());
    let changed = pb::ActivateModelRequest {
        version: 2,
        ..activation
    };
    assert_reused(&world.operator().activate_model(changed).await.unwrap_err());
    world.stop().await;
}
