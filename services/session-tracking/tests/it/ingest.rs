//! An accepted event counts once: sent again, at the same time, after a restart, after a failure.

use futures::future::join_all;
use proto::error::v1::ErrorReason;
use proto::session::v1 as pb;
use testkit::grpc::assert_refused;
use tonic::Code;

use crate::events::{added, event, ordered, session_id, viewed};
use crate::world::World;

fn request(events: &[pb::Event]) -> pb::RecordEventsRequest {
    pb::RecordEventsRequest {
        events: events.to_vec(),
    }
}

#[tokio::test]
async fn a_batch_that_is_sent_again_changes_nothing() {
    let mut world = World::start().await;
    let events = vec![
        event(1, world.now(), added("shoe", 5_000)),
        event(1, world.now(), ordered("A-1", 5_000)),
    ];
    world.send(events.clone()).await;
    world.told().some_facts(2).await;
    let before = world.session(1).await;

    let at_once = world.record(events.clone()).await;
    world.restart().await;
    let later = world.record(events).await;

    for response in [at_once, later] {
        assert_eq!((response.accepted_count, response.duplicate_count), (0, 2));
    }
    assert_eq!(world.session(1).await, before);
    assert_eq!(world.told().facts().len(), 2);
}

#[tokio::test]
async fn the_same_batch_at_the_same_time_counts_once() {
    let world = World::start().await;
    let events: Vec<_> = (0..20)
        .map(|_| event(1, world.now(), viewed(pb::PageKind::Browse)))
        .collect();

    // As many as the server works on at once.
    let calls = (0..8).map(|_| {
        let mut client = world.platform();
        let request = request(&events);
        async move { client.record_events(request).await.unwrap().into_inner() }
    });
    let answers = join_all(calls).await;

    let accepted: u32 = answers.iter().map(|answer| answer.accepted_count).sum();
    let duplicates: u32 = answers.iter().map(|answer| answer.duplicate_count).sum();
    assert_eq!((accepted, duplicates), (20, 7 * 20));
    assert_eq!(world.session(1).await.event_count, 20);
}

#[tokio::test]
async fn a_session_goes_on_after_a_crash() {
    let mut world = World::start().await;
    world
        .send(vec![event(1, world.now(), added("shoe", 5_000))])
        .await;
    world.crash().await;
    let now = world.pass(5);

    world.send(vec![event(1, now, added("hat", 2_000))]).await;

    let session = world.session(1).await;
    assert_eq!((session.event_count, session.version), (2, 2));
    assert_eq!(session.cart.unwrap().lines.len(), 2);
}

#[tokio::test]
async fn sessions_that_left_memory_are_read_again() {
    let world = World::with(|config| {
        config.ingest.live_sessions = 1;
        config.ingest.memory_bytes = 1_024;
    })
    .await;
    for round in 0..3 {
        for n in 1..=5 {
            let now = world.pass(1);
            world
                .send(vec![event(n, now, added(&format!("sku-{round}"), 100))])
                .await;
        }
    }

    for n in 1..=5 {
        let session = world.session(n).await;
        assert_eq!(
            (session.event_count, session.cart.unwrap().lines.len()),
            (3, 3)
        );
    }
}

#[tokio::test]
async fn events_beyond_the_limit_of_a_session_are_rejected() {
    let world = World::with(|config| config.ingest.session_max_events = 3).await;
    let views = |n| {
        (0..n)
            .map(|_| event(1, world.now(), viewed(pb::PageKind::Browse)))
            .collect()
    };
    world.send(views(2)).await;

    let response = world.record(views(3)).await;

    assert_eq!(response.accepted_count, 1);
    let rejected: Vec<_> = response
        .rejected
        .iter()
        .map(|event| (event.index, event.field.as_str(), event.reason()))
        .collect();
    let reason = ErrorReason::TooManyItems;
    assert_eq!(
        rejected,
        [(1, "session_id", reason), (2, "session_id", reason)]
    );
}

#[tokio::test]
async fn an_order_has_room_in_a_session_that_is_full() {
    let world = World::with(|config| config.ingest.session_max_events = 2).await;
    let view = || event(1, world.now(), viewed(pb::PageKind::Browse));
    world.send(vec![view(), view()]).await;

    let order = event(1, world.now(), ordered("A-1", 5_000));
    let response = world.record(vec![view(), order]).await;

    assert_eq!((response.accepted_count, response.rejected.len()), (1, 1));
    assert_eq!(world.session(1).await.state(), pb::SessionState::Ordered);
}

#[tokio::test]
async fn a_commit_that_fails_leaves_nothing_half_done() {
    let world = World::start().await;
    world
        .send(vec![event(1, world.now(), viewed(pb::PageKind::Browse))])
        .await;
    let before = world.session(1).await;
    let events = [
        event(1, world.now(), added("shoe", 5_000)),
        event(2, world.now(), added("hat", 1)),
    ];

    world.sql("ALTER TABLE outbox RENAME TO hidden").await;
    let failed = world
        .platform()
        .record_events(request(&events))
        .await
        .unwrap_err();
    world.sql("ALTER TABLE hidden RENAME TO outbox").await;

    assert_refused(&failed, Code::Internal, ErrorReason::Internal, None);
    assert_eq!(world.session(1).await, before);
    let get = pb::GetSessionRequest {
        session_id: session_id(2),
    };
    let unknown = world.platform().get_session(get).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    world.send(events.to_vec()).await;
    assert_eq!(world.session(1).await.event_count, 2);
}

#[tokio::test]
async fn too_many_batches_at_once_are_refused_with_a_time_to_come_back() {
    let world = World::with(|config| {
        config.ingest.queue_bytes = 2_048;
        config.ingest.group_max_events = 1;
    })
    .await;
    let calls = (0..64).map(|n| {
        let mut client = world.platform();
        let request = request(&[event(n, world.now(), viewed(pb::PageKind::Browse))]);
        async move { client.record_events(request).await }
    });

    let answers = join_all(calls).await;

    let refused: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
    assert!(!refused.is_empty(), "nothing was ever refused");
    for status in refused {
        assert_refused(
            &status,
            Code::ResourceExhausted,
            ErrorReason::Overloaded,
            None,
        );
        assert!(platform::status::retry_after_of(&status).is_some());
    }
}
