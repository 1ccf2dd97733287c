//! Reading, explaining and stopping interventions.

use platform::auth::Role;
use proto::block::v1::BlockReason;
use proto::error::v1::ErrorReason;
use proto::fact::v1::CancelReason;
use proto::routing::v1 as pb;
use proto::routing::v1::explain_decision_request::Subject;
use proto::routing::v1::{DecisionOutcome, InterventionState, StepVerdict};
use testkit::grpc::assert_refused;
use tonic::Code;

use crate::desks::OpenDesk;
use crate::world::{World, moment_of, request_id};

async fn explain(world: &World, subject: Subject) -> pb::ExplainDecisionResponse {
    let request = pb::ExplainDecisionRequest {
        subject: Some(subject),
    };
    let answer = world.interventions().explain_decision(request).await;
    answer.unwrap().into_inner()
}

#[tokio::test]
async fn a_decision_is_explained_under_each_of_its_names() {
    let mut world = World::start().await;
    let moment = moment_of(1).build();
    let answer = world.propose(&moment).await;
    let decision = answer.decision.clone().unwrap();

    let explained = explain(&world, Subject::DecisionId(decision.decision_id.clone())).await;

    assert_eq!(explained.decision, answer.decision);
    assert_eq!(explained.intervention, answer.intervention);
    assert_eq!(explained.moment, Some(moment.clone().into()));
    let named = |name: &str| {
        explained
            .steps
            .iter()
            .find(|step| step.name == name)
            .unwrap()
    };
    assert_eq!(named("consent").verdict(), StepVerdict::Passed);
    assert_eq!(named("capacity").verdict(), StepVerdict::Refused);
    assert_eq!(named("capacity").reason(), BlockReason::NoAgent);
    assert_eq!(named("empowerment").verdict(), StepVerdict::Skipped);
    for subject in [
        Subject::InterventionId(decision.intervention_id.clone()),
        Subject::MomentId(decision.moment_id.clone()),
    ] {
        assert_eq!(explain(&world, subject).await, explained);
    }
    world.stop().await;
}

#[tokio::test]
async fn what_is_not_there_cannot_be_explained() {
    let mut world = World::start().await;
    let unknown = moment_of(1).build().id.to_string();
    let request = pb::ExplainDecisionRequest {
        subject: Some(Subject::MomentId(unknown)),
    };

    let refused = world
        .interventions()
        .explain_decision(request)
        .await
        .unwrap_err();

    assert_refused(&refused, Code::NotFound, ErrorReason::NotFound, None);
    world.stop().await;
}

#[tokio::test]
async fn interventions_are_listed_by_session_and_state() {
    let mut world = World::start().await;
    for n in 1..=5 {
        world.propose(&moment_of(n).build()).await;
    }
    let mut client = world.interventions();
    let mut list = async |request| {
        client
            .list_interventions(request)
            .await
            .unwrap()
            .into_inner()
    };

    let first = list(pb::ListInterventionsRequest {
        page_size: 3,
        ..Default::default()
    })
    .await;
    let rest = list(pb::ListInterventionsRequest {
        page_size: 3,
        page_token: first.next_page_token.clone(),
        ..Default::default()
    })
    .await;
    assert_eq!(
        (first.interventions.len(), rest.interventions.len()),
        (3, 2)
    );
    assert!(rest.next_page_token.is_empty());

    let of_session = list(pb::ListInterventionsRequest {
        session_id: moment_of(2).build().session.to_string(),
        state: Some(InterventionState::Blocked.into()),
        ..Default::default()
    })
    .await;
    assert_eq!(of_session.interventions.len(), 1);
    let shown = list(pb::ListInterventionsRequest {
        state: Some(InterventionState::Shown.into()),
        ..Default::default()
    })
    .await;
    assert_eq!(shown.interventions, []);
    world.stop().await;
}

#[tokio::test]
async fn a_supervisor_sees_only_what_the_partner_handles() {
    let mut world = World::start().await;
    let answer = world.propose(&moment_of(1).build()).await;
    let id = answer.intervention.unwrap().intervention_id;
    let mut supervisor = world.interventions_as(Role::Supervisor);

    let get = pb::GetInterventionRequest {
        intervention_id: id.clone(),
    };
    let refused = supervisor.get_intervention(get).await.unwrap_err();
    assert_refused(&refused, Code::NotFound, ErrorReason::NotFound, None);
    let explain = pb::ExplainDecisionRequest {
        subject: Some(Subject::InterventionId(id)),
    };
    let refused = supervisor.explain_decision(explain).await.unwrap_err();
    assert_refused(&refused, Code::NotFound, ErrorReason::NotFound, None);
    let all = pb::ListInterventionsRequest::default();
    let listed = supervisor
        .list_interventions(all)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(listed.interventions, []);
    world.stop().await;
}

#[tokio::test]
async fn an_intervention_is_stopped_once() {
    let mut world = World::start().await;
    let _desk = OpenDesk::open(&world, "ana", 2).await;
    let answer = world.propose(&moment_of(1).build()).await;
    assert_eq!(
        answer.decision.unwrap().outcome(),
        DecisionOutcome::Scheduled
    );
    let request = pb::CancelInterventionRequest {
        request_id: request_id(),
        intervention_id: answer.intervention.unwrap().intervention_id,
    };
    let mut client = world.interventions();

    let first = client
        .cancel_intervention(request.clone())
        .await
        .unwrap()
        .into_inner();

    let stopped = first.intervention.clone().unwrap();
    assert_eq!(stopped.state(), InterventionState::Cancelled);
    assert_eq!(stopped.cancel_reason(), CancelReason::Requested);
    let replayed = client
        .cancel_intervention(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(replayed, first);
    let again = pb::CancelInterventionRequest {
        request_id: request_id(),
        ..request
    };
    let refused = client.cancel_intervention(again).await.unwrap_err();
    let illegal = ErrorReason::IllegalState;
    assert_refused(&refused, Code::FailedPrecondition, illegal, None);
    world.stop().await;
}

#[tokio::test]
async fn what_is_not_there_cannot_be_stopped() {
    let mut world = World::start().await;
    let request = pb::CancelInterventionRequest {
        request_id: request_id(),
        intervention_id: format!("itv_{}", request_id()),
    };

    let refused = world
        .interventions()
        .cancel_intervention(request)
        .await
        .unwrap_err();

    assert_refused(&refused, Code::NotFound, ErrorReason::NotFound, None);
    world.stop().await;
}
