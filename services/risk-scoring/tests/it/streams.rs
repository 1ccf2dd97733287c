//! `AssessSessions`: many moments, one answer each, in their order.

use proto::error::v1::ErrorReason;
use proto::risk::v1 as pb;
use testkit::grpc::assert_refused;
use tokio_stream::StreamExt;
use tonic::Code;

use crate::world::{World, a_fresh_moment, assess_request, fresh, on_stream};

#[tokio::test]
async fn answers_come_in_the_order_of_the_moments() {
    let world = World::start().await;
    let requests: Vec<_> = (0..40).map(|_| assess_request(a_fresh_moment())).collect();
    let asked: Vec<String> = requests
        .iter()
        .map(|request| request.moment.clone().unwrap().moment_id)
        .collect();
    let messages: Vec<_> = requests.iter().cloned().map(on_stream).collect();

    let mut answers = world
        .platform()
        .assess_sessions(tokio_stream::iter(messages))
        .await
        .unwrap()
        .into_inner();
    let mut answered = Vec::new();
    let mut first = None;
    while let Some(answer) = answers.message().await.unwrap() {
        let assessment = answer.assessment.unwrap();
        answered.push(assessment.moment_id.clone());
        first.get_or_insert(assessment);
    }

    assert_eq!(answered, asked);
    assert_eq!(world.told().some_proposals(40).await.len(), 40);
    // The same request over the unary call is a replay.
    let again = world
        .platform()
        .assess_session(requests[0].clone())
        .await
        .unwrap();
    assert_eq!(again.into_inner().assessment, first);
    world.stop().await;
}

#[tokio::test]
async fn a_stream_ends_at_the_first_fault_and_keeps_what_came_before() {
    let world = World::start().await;
    let good = assess_request(a_fresh_moment());
    let broken = pb::AssessSessionsRequest {
        request_id: fresh(),
        moment: None,
        preview: false,
    };
    let after = assess_request(a_fresh_moment());
    let messages = vec![on_stream(good), broken, on_stream(after)];

    let mut answers = world
        .platform()
        .assess_sessions(tokio_stream::iter(messages))
        .await
        .unwrap()
        .into_inner();

    assert!(answers.message().await.unwrap().is_some());
    let refused = answers.message().await.unwrap_err();
    let (code, reason) = (Code::InvalidArgument, ErrorReason::Required);
    assert_refused(&refused, code, reason, Some("moment"));
    let listed = world
        .platform()
        .list_assessments(pb::ListAssessmentsRequest::default())
        .await
        .unwrap();
    assert_eq!(listed.into_inner().assessments.len(), 1);
    world.stop().await;
}

/// Moments that wait are assessed together, but for those that were there before: each gets what it would get alone.
#[tokio::test]
async fn moments_that_come_again_among_new_ones_have_the_assessments_that_they_had() {
    let world = World::start().await;
    let requests: Vec<_> = (0..30).map(|_| assess_request(a_fresh_moment())).collect();
    let (same_request, same_moment) = (3, 17);
    let known = requests[same_request].clone();
    let first = world.platform().assess_session(known).await.unwrap();
    let under_another_id = pb::AssessSessionRequest {
        request_id: fresh(),
        ..requests[same_moment].clone()
    };
    let second = world.platform().assess_session(under_another_id).await;

    let messages: Vec<_> = requests.into_iter().map(on_stream).collect();
    let answers = world
        .platform()
        .assess_sessions(tokio_stream::iter(messages))
        .await
        .unwrap()
        .into_inner();
    let answers: Vec<_> = answers
        .map(|answer| answer.unwrap().assessment)
        .collect()
        .await;

    assert_eq!(answers.len(), 30);
    assert_eq!(answers[same_request], first.into_inner().assessment);
    assert_eq!(
        answers[same_moment],
        second.unwrap().into_inner().assessment
    );
    let listed = pb::ListAssessmentsRequest {
        page_size: 200,
        ..Default::default()
    };
    let listed = world.platform().list_assessments(listed).await.unwrap();
    assert_eq!(listed.into_inner().assessments.len(), 30);
    assert_eq!(world.told().some_proposals(30).await.len(), 30);
    world.stop().await;
}
