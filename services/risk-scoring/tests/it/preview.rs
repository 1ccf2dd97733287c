//! Previews: what a moment would be assessed as, without any effect.

use std::time::Duration;

use domain::moment::{Moment, MomentKind};
use domain::signal::SignalKind;
use domain::time::{earlier, later};
use platform::auth::Role;
use proto::assessment::v1::Assessment;
use proto::error::v1::ErrorReason;
use proto::risk::v1 as pb;
use testkit::grpc::assert_refused;
use testkit::spoil::assert_invalid;
use tokio_stream::StreamExt;
use tonic::Code;

use crate::models::{a_model, activation};
use crate::world::{
    World, a_fresh_moment, assess_request, assessed, fresh, listed, now, on_stream,
    preview_request, previewed,
};

/// What two assessments of one moment have in common.
fn figures(assessment: &Assessment) -> Assessment {
    Assessment {
        assessment_id: String::new(),
        assessed_at: None,
        ..assessment.clone()
    }
}

#[tokio::test]
async fn a_preview_says_what_is_stored_later_and_leaves_nothing() {
    let world = World::start().await;
    let mut platform = world.platform();
    let moments = [
        a_fresh_moment().with_trigger(SignalKind::PaymentDeclined),
        a_fresh_moment().with_kind(MomentKind::CartAdded),
        a_fresh_moment().with_kind(MomentKind::OrderPlaced),
    ];
    let moments: Vec<Moment> = moments.map(Moment::from).into();
    let mut previews = Vec::new();
    for moment in &moments {
        previews.push(previewed(&mut platform, moment.clone()).await);
    }
    assert!(
        previews
            .iter()
            .all(|preview| preview.assessment_id.is_empty())
    );
    assert!(previews.iter().all(|preview| preview.assessed_at.is_some()));
    assert_eq!(listed(&mut platform).await, []);

    for (moment, preview) in moments.into_iter().zip(&previews) {
        let stored = assessed(&mut platform, moment).await;
        assert_eq!(figures(preview), figures(&stored));
    }

    // What is told comes in its order: a preview would have been told of before.
    assert_eq!(world.told().some_facts(3).await.len(), 3);
    assert_eq!(world.told().some_proposals(3).await.len(), 3);
    assert_eq!(listed(&mut platform).await.len(), 3);
    world.stop().await;
}

#[tokio::test]
async fn a_moment_of_any_time_can_be_previewed_by_the_champion_of_now() {
    let world = World::start().await;
    let (mut platform, mut operator) = (world.platform(), world.operator());
    let known = a_fresh_moment().build();
    let stored = assessed(&mut platform, known.clone()).await;
    operator.register_model(a_model("even")).await.unwrap();
    operator.activate_model(activation("even")).await.unwrap();

    let again = previewed(&mut platform, known).await;
    assert_eq!(stored.model_id, "rescate.scorecard");
    assert_eq!(again.model_id, "even");
    assert!((again.abandonment - 0.5).abs() < 1e-12);
    let day = Duration::from_hours(24);
    for at in [later(now(), day), earlier(now(), 400 * day)] {
        let other = a_fresh_moment().with_occurred_at(at);
        assert_eq!(previewed(&mut platform, other).await.model_id, "even");
    }

    let mut stranger = world.risk_with(&world.tokens().of_other_tenant(Role::Platform));
    let theirs = previewed(&mut stranger, a_fresh_moment()).await;
    assert_eq!(theirs.model_id, "rescate.scorecard");
    world.stop().await;
}

#[tokio::test]
async fn previews_and_assessments_of_one_stream_are_answered_in_their_order() {
    let world = World::start().await;
    let mut platform = world.platform();
    let is_preview = |number: usize| !(number % 7).is_multiple_of(3);
    let requests: Vec<_> = (0..200)
        .map(|number| {
            if is_preview(number) {
                preview_request(a_fresh_moment())
            } else {
                assess_request(a_fresh_moment())
            }
        })
        .collect();
    let asked: Vec<(String, bool)> = requests
        .iter()
        .map(|request| (request.moment.clone().unwrap().moment_id, request.preview))
        .collect();
    let messages: Vec<_> = requests.into_iter().map(on_stream).collect();

    let answers = platform.assess_sessions(tokio_stream::iter(messages)).await;
    let answers = answers.unwrap().into_inner();
    let answered = answers.map(|answer| {
        let assessment = answer.unwrap().assessment.unwrap();
        let is_preview = assessment.assessment_id.is_empty();
        (assessment.moment_id, is_preview)
    });
    let answered: Vec<(String, bool)> = answered.collect().await;

    assert_eq!(answered, asked);
    let kept = asked.iter().filter(|(_, is_preview)| !is_preview).count();
    assert_eq!(listed(&mut platform).await.len(), kept);
    world.stop().await;
}

#[tokio::test]
async fn a_stream_of_previews_ends_at_the_first_fault() {
    let world = World::start().await;
    let broken = pb::AssessSessionsRequest {
        moment: None,
        ..on_stream(preview_request(a_fresh_moment()))
    };
    let good = || on_stream(preview_request(a_fresh_moment()));
    let messages = vec![good(), good(), broken, good()];

    let answers = world
        .platform()
        .assess_sessions(tokio_stream::iter(messages))
        .await;
    let mut answers = answers.unwrap().into_inner();

    for _ in 0..2 {
        assert!(answers.message().await.unwrap().is_some());
    }
    let refused = answers.message().await.unwrap_err();
    let (code, reason) = (Code::InvalidArgument, ErrorReason::Required);
    assert_refused(&refused, code, reason, Some("moment"));
    world.stop().await;
}

#[tokio::test]
async fn a_preview_has_no_request_id() {
    let world = World::start().await;
    let request = pb::AssessSessionRequest {
        request_id: fresh(),
        ..preview_request(a_fresh_moment())
    };
    let refused = world.platform().assess_session(request).await.unwrap_err();
    assert_invalid(&refused, ErrorReason::InvalidField, "request_id");
    world.stop().await;
}
