//! The same proposal again, and many at once: one effect, and one answer for each.

use platform::auth::Role;
use proto::block::v1::BlockReason;
use proto::error::v1::ErrorReason;
use proto::routing::v1 as pb;
use proto::routing::v1::DecisionOutcome;
use testkit::grpc::assert_refused;
use testkit::ids::nth;
use tonic::Code;

use crate::desks::OpenDesk;
use crate::propose::{assert_blocked, assigned, made, outcome};
use crate::world::{Interventions, World, moment_of, proposal, request_id};

#[tokio::test]
async fn a_play_does_not_qualify_again_in_its_session() {
    let mut world = World::start().await;
    let first = world.propose(&moment_of(1).build()).await;

    let again = world
        .propose(&moment_of(1).with_id(nth(5_001)).build())
        .await;

    assert_eq!(outcome(&again), DecisionOutcome::Duplicate);
    assert_eq!(made(&again), made(&first));
    world.stop().await;
}

#[tokio::test]
async fn a_moment_is_decided_once_under_whatever_request_id() {
    let mut world = World::start().await;
    let moment = moment_of(1).build();
    let first = world.propose(&moment).await;

    let again = world.propose(&moment).await;

    assert_eq!(again, first);
    world.stop().await;
}

#[tokio::test]
async fn moments_of_one_session_at_once_make_one_invitation() {
    let mut world = World::start().await;
    let _desk = OpenDesk::open(&world, "ana", 20).await;
    let mut answers = tokio::task::JoinSet::new();
    for n in 0..20 {
        let request = proposal(&moment_of(1).with_id(nth(5_000 + n)).build());
        let mut client = world.proposer();
        answers.spawn(async move { client.propose_intervention(request).await });
    }

    let answers: Vec<_> = answers
        .join_all()
        .await
        .into_iter()
        .map(|answer| outcome(&answer.unwrap().into_inner()))
        .collect();

    let scheduled = answers
        .iter()
        .filter(|one| **one == DecisionOutcome::Scheduled);
    assert_eq!(scheduled.count(), 1);
    let duplicate = answers
        .iter()
        .filter(|one| **one == DecisionOutcome::Duplicate);
    assert_eq!(duplicate.count(), 19);
    world.stop().await;
}

#[tokio::test]
async fn one_person_in_many_sessions_has_one_contact_at_a_time() {
    let mut world = World::start().await;
    let _desk = OpenDesk::open(&world, "ana", 20).await;
    let mut answers = tokio::task::JoinSet::new();
    for n in 1..=20 {
        let request = proposal(&moment_of(n).with_shopper(nth(9_000)).build());
        let mut client = world.proposer();
        answers.spawn(async move { client.propose_intervention(request).await });
    }

    let answers: Vec<_> = answers
        .join_all()
        .await
        .into_iter()
        .map(|answer| answer.unwrap().into_inner())
        .collect();

    let open = answers
        .iter()
        .filter(|one| outcome(one) == DecisionOutcome::Scheduled);
    assert_eq!(open.count(), 1);
    for blocked in answers
        .iter()
        .filter(|one| outcome(one) != DecisionOutcome::Scheduled)
    {
        assert_blocked(blocked, BlockReason::ExistingContact);
    }
    world.stop().await;
}

#[tokio::test]
async fn a_replay_gets_the_first_answer_whenever_it_comes() {
    let mut world = World::start().await;
    let request = proposal(&moment_of(1).build());
    let mut at_once = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (mut client, request) = (world.proposer(), request.clone());
        at_once.spawn(async move { client.propose_intervention(request).await });
    }
    let first = world.send(request.clone()).await.unwrap();
    for answer in at_once.join_all().await {
        assert_eq!(answer.unwrap().into_inner(), first);
    }

    world.crash().await;

    assert_eq!(world.send(request.clone()).await.unwrap(), first);
    world.told().some_facts(2).await;
    assert_eq!(assigned(&world.told().facts()).len(), 1, "one effect");
    let changed = pb::ProposeInterventionRequest {
        request_id: request.request_id.clone(),
        ..proposal(&moment_of(2).build())
    };
    let refused = world.send(changed).await.unwrap_err();
    let reason = ErrorReason::RequestIdReused;
    assert_refused(&refused, Code::InvalidArgument, reason, Some("request_id"));
    world.stop().await;
}

#[tokio::test]
async fn tenants_are_apart_even_under_one_request_id() {
    let mut world = World::start().await;
    let request = pb::ProposeInterventionRequest {
        request_id: request_id(),
        ..proposal(&moment_of(1).build())
    };
    let ours = world.send(request.clone()).await.unwrap();
    let stranger = world.tokens().of_other_tenant(Role::Service);
    let mut stranger = Interventions::new(world.client(&stranger));

    let theirs = stranger
        .propose_intervention(request)
        .await
        .unwrap()
        .into_inner();

    assert_ne!(theirs.decision, ours.decision);
    let id = made(&ours).intervention_id.clone();
    let get = pb::GetInterventionRequest {
        intervention_id: id,
    };
    let refused = stranger.get_intervention(get).await.unwrap_err();
    assert_refused(&refused, Code::NotFound, ErrorReason::NotFound, None);
    world.stop().await;
}
