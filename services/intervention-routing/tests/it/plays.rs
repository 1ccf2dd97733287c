//! Plays as versioned data.

use proto::block::v1::BlockReason;
use proto::error::v1::ErrorReason;
use proto::routing::v1 as pb;
use proto::routing::v1::{DecisionOutcome, PlayState};
use testkit::grpc::assert_refused;
use tonic::Code;

use crate::world::{World, moment_of, request_id};

pub(crate) async fn starter(world: &World, id: &str) -> pb::Play {
    let request = pb::GetPlayRequest {
        play_id: id.to_owned(),
        version: 0,
    };
    let answer = world.plays().get_play(request).await.unwrap();
    answer.into_inner().play.unwrap()
}

async fn create(world: &World, play: pb::Play) -> pb::Play {
    let request = pb::CreatePlayVersionRequest {
        request_id: request_id(),
        play: Some(play),
    };
    let answer = world.plays().create_play_version(request).await.unwrap();
    answer.into_inner().play.unwrap()
}

async fn activate(world: &World, id: &str, version: u32) -> Result<pb::Play, tonic::Status> {
    let request = pb::ActivatePlayRequest {
        request_id: request_id(),
        play_id: id.to_owned(),
        version,
    };
    let answer = world.plays().activate_play(request).await?;
    Ok(answer.into_inner().play.unwrap())
}

async fn pause(world: &World, id: &str) -> Result<pb::Play, tonic::Status> {
    let request = pb::PausePlayRequest {
        request_id: request_id(),
        play_id: id.to_owned(),
    };
    let answer = world.plays().pause_play(request).await?;
    Ok(answer.into_inner().play.unwrap())
}

#[tokio::test]
async fn a_new_tenant_has_the_starter_plays_live() {
    let mut world = World::start().await;
    let mut listed = Vec::new();
    let mut token = String::new();
    loop {
        let request = pb::ListPlaysRequest {
            page_size: 4,
            page_token: token,
        };
        let page = world
            .plays()
            .list_plays(request)
            .await
            .unwrap()
            .into_inner();
        listed.extend(page.plays);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }

    let ids: Vec<&str> = listed.iter().map(|play| play.play_id.as_str()).collect();
    assert!(ids.is_sorted() && ids.len() >= 9, "{ids:?}");
    for play in &listed {
        assert_eq!((play.version, play.state()), (1, PlayState::Live));
        let validate = pb::ValidatePlayRequest {
            play: Some(play.clone()),
        };
        world.plays().validate_play(validate).await.unwrap();
    }
    world.stop().await;
}

#[tokio::test]
async fn a_change_is_a_new_version_and_the_old_one_retires() {
    let mut world = World::start().await;
    let first = starter(&world, "cost-shock-chat").await;
    let changed = pb::Play {
        expected_uplift_bps: 9_999,
        ..first.clone()
    };

    let draft = create(&world, changed).await;

    assert_eq!((draft.version, draft.state()), (2, PlayState::Draft));
    let live = activate(&world, "cost-shock-chat", 0).await.unwrap();
    assert_eq!((live.version, live.state()), (2, PlayState::Live));
    let old = pb::GetPlayRequest {
        play_id: "cost-shock-chat".to_owned(),
        version: 1,
    };
    let old = world
        .plays()
        .get_play(old)
        .await
        .unwrap()
        .into_inner()
        .play
        .unwrap();
    assert_eq!(old.state(), PlayState::Retired);
    assert_eq!(old.expected_uplift_bps, first.expected_uplift_bps);
    let refused = activate(&world, "cost-shock-chat", 1).await.unwrap_err();
    let illegal = ErrorReason::IllegalState;
    assert_refused(&refused, Code::FailedPrecondition, illegal, None);
    world.stop().await;
}

#[tokio::test]
async fn versions_made_at_once_are_numbered_apart_and_one_is_live() {
    let mut world = World::start().await;
    let play = starter(&world, "form-chat").await;
    let mut made = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let mut client = world.plays();
        let request = pb::CreatePlayVersionRequest {
            request_id: request_id(),
            play: Some(play.clone()),
        };
        made.spawn(async move { client.create_play_version(request).await });
    }
    let made = made.join_all().await.into_iter().map(|answer| {
        let created = answer.unwrap().into_inner().play.unwrap();
        created.version
    });
    let versions: std::collections::BTreeSet<u32> = made.collect();
    assert_eq!(versions, (2..=11).collect());

    let mut activated = tokio::task::JoinSet::new();
    for version in 2..=11 {
        let mut client = world.plays();
        let request = pb::ActivatePlayRequest {
            request_id: request_id(),
            play_id: "form-chat".to_owned(),
            version,
        };
        activated.spawn(async move { client.activate_play(request).await });
    }
    activated.join_all().await;

    let mut live = 0;
    for version in 1..=11 {
        let request = pb::GetPlayRequest {
            play_id: "form-chat".to_owned(),
            version,
        };
        let found = world.plays().get_play(request).await.unwrap().into_inner();
        live += usize::from(found.play.unwrap().state() == PlayState::Live);
    }
    assert_eq!(live, 1);
    world.stop().await;
}

#[tokio::test]
async fn a_decision_names_the_version_that_made_it() {
    let mut world = World::start().await;
    let play = starter(&world, "cost-shock-chat").await;
    create(&world, play).await;
    let before = world.propose(&moment_of(1).build()).await;
    activate(&world, "cost-shock-chat", 2).await.unwrap();

    let after = world.propose(&moment_of(2).build()).await;

    let version =
        |answer: pb::ProposeInterventionResponse| answer.intervention.unwrap().play_version;
    assert_eq!((version(before), version(after)), (1, 2));
    world.stop().await;
}

#[tokio::test]
async fn a_paused_play_qualifies_nobody_until_it_is_live_again() {
    let mut world = World::start().await;
    let paused = pause(&world, "cost-shock-chat").await.unwrap();
    assert_eq!(paused.state(), PlayState::Paused);

    let answer = world.propose(&moment_of(1).build()).await;
    let outcome = answer.decision.unwrap().outcome();
    assert_eq!(outcome, DecisionOutcome::NotQualified);
    let refused = pause(&world, "cost-shock-chat").await.unwrap_err();
    let illegal = ErrorReason::IllegalState;
    assert_refused(&refused, Code::FailedPrecondition, illegal, None);

    activate(&world, "cost-shock-chat", 0).await.unwrap();
    let answer = world.propose(&moment_of(2).build()).await;
    assert_eq!(answer.decision.unwrap().outcome(), DecisionOutcome::Blocked);
    world.stop().await;
}

#[tokio::test]
async fn a_simulation_counts_what_a_version_would_have_done() {
    let mut world = World::start().await;
    for n in 1..=3 {
        world.propose(&moment_of(n).build()).await;
    }
    let no_consent = testkit::builders::a_moment()
        .with_trigger(domain::signal::SignalKind::ShippingShock)
        .build();
    world.propose(&no_consent).await;
    let mut wider = starter(&world, "cost-shock-chat").await;
    wider.play_id = "wider".to_owned();
    create(&world, wider).await;
    let request = pb::SimulatePlayRequest {
        play_id: "wider".to_owned(),
        version: 0,
        from: None,
    };

    let simulated = world
        .plays()
        .simulate_play(request.clone())
        .await
        .unwrap()
        .into_inner();

    assert_eq!(simulated.moment_count, 4);
    assert_eq!((simulated.qualified_count, simulated.person_count), (4, 4));
    let consent = simulated
        .blocks
        .iter()
        .find(|block| block.reason() == BlockReason::ConsentMissing);
    assert_eq!(consent.unwrap().count, 1);
    assert_eq!(simulated.play.unwrap().state(), PlayState::Simulated);
    let again = world
        .plays()
        .simulate_play(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again.qualified_count, 4, "nothing was changed by it");
    world.stop().await;
}

#[tokio::test]
async fn play_writes_have_one_effect() {
    let mut world = World::start().await;
    let request = pb::CreatePlayVersionRequest {
        request_id: request_id(),
        play: Some(starter(&world, "form-chat").await),
    };
    let first = world
        .plays()
        .create_play_version(request.clone())
        .await
        .unwrap()
        .into_inner();

    world.restart().await;

    let again = world
        .plays()
        .create_play_version(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, first);
    let newest = starter(&world, "form-chat").await;
    assert_eq!(newest.version, 2);
    let mut changed = request;
    changed.play.as_mut().unwrap().purpose = "something else".to_owned();
    let refused = world
        .plays()
        .create_play_version(changed)
        .await
        .unwrap_err();
    let reason = ErrorReason::RequestIdReused;
    assert_refused(&refused, Code::InvalidArgument, reason, Some("request_id"));
    world.stop().await;
}

#[tokio::test]
async fn a_play_that_is_not_there_is_not_found() {
    let mut world = World::start().await;
    let refused = activate(&world, "nothing", 0).await.unwrap_err();
    assert_refused(&refused, Code::NotFound, ErrorReason::NotFound, None);
    let refused = activate(&world, "form-chat", 9).await.unwrap_err();
    assert_refused(&refused, Code::NotFound, ErrorReason::NotFound, None);
    let refused = pause(&world, "nothing").await.unwrap_err();
    assert_refused(&refused, Code::NotFound, ErrorReason::NotFound, None);
    world.stop().await;
}

#[tokio::test]
async fn a_tenant_has_plays_of_its_own() {
    let mut world = World::start().await;
    pause(&world, "form-chat").await.unwrap();
    let stranger = world
        .tokens()
        .of_other_tenant(platform::auth::Role::Operator);
    let mut stranger = crate::world::Plays::new(world.client(&stranger));

    let request = pb::GetPlayRequest {
        play_id: "form-chat".to_owned(),
        version: 0,
    };
    let theirs = stranger
        .get_play(request)
        .await
        .unwrap()
        .into_inner()
        .play
        .unwrap();

    assert_eq!(theirs.state(), PlayState::Live);
    world.stop().await;
}
