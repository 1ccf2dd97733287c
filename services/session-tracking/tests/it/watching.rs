//! `WatchSessions`: what is there, then each change, and on from where a stream ended.

use std::collections::BTreeSet;
use std::time::Duration;

use platform::status::reason_of;
use proto::error::v1::ErrorReason;
use proto::session::v1 as pb;
use proto::session::v1::watch_sessions_response::Update;
use tokio::time::timeout;
use tokio_stream::StreamExt;
use tonic::{Code, Status, Streaming};

use crate::events::{added, event, ordered, session_id, viewed};
use crate::world::World;

const DEADLINE: Duration = Duration::from_secs(20);
const CROWD: usize = 2_000;

struct Watch {
    updates: Streaming<pb::WatchSessionsResponse>,
    token: String,
}

impl Watch {
    async fn open(world: &World, request: pb::WatchSessionsRequest) -> Self {
        let updates = world.platform().watch_sessions(request).await.unwrap();
        Self {
            updates: updates.into_inner(),
            token: String::new(),
        }
    }

    async fn resume(world: &World, resume_token: &str) -> Self {
        let request = pb::WatchSessionsRequest {
            resume_token: resume_token.to_owned(),
            ..active()
        };
        Self::open(world, request).await
    }

    async fn next(&mut self) -> Update {
        let response = timeout(DEADLINE, self.updates.next()).await.unwrap();
        let response = response.unwrap().unwrap();
        self.token = response.resume_token;
        response.update.unwrap()
    }

    /// The next session and its version.
    async fn session(&mut self) -> (String, u64) {
        match self.next().await {
            Update::Session(session) => (session.session_id, session.version),
            other @ (Update::SnapshotComplete(_) | Update::Heartbeat(_)) => panic!("{other:?}"),
        }
    }
}

fn active() -> pb::WatchSessionsRequest {
    pb::WatchSessionsRequest {
        state: Some(pb::SessionState::Active.into()),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_snapshot_comes_first_and_then_each_change() {
    let world = World::start().await;
    world
        .send(vec![event(1, world.now(), viewed(pb::PageKind::Browse))])
        .await;
    world
        .send(vec![event(2, world.now(), ordered("A-1", 1))])
        .await;
    let mut watch = Watch::open(&world, active()).await;

    assert_eq!(watch.session().await, (session_id(1), 1));
    assert!(matches!(watch.next().await, Update::SnapshotComplete(_)));
    world
        .send(vec![event(3, world.now(), added("shoe", 1))])
        .await;
    assert_eq!(watch.session().await, (session_id(3), 1));
    let now = world.pass(2);
    world.send(vec![event(3, now, ordered("A-2", 1))]).await;

    // The session matches no more, which its watcher has to learn.
    assert_eq!(watch.session().await, (session_id(3), 2));
}

#[tokio::test]
async fn a_watch_goes_on_where_it_ended() {
    let mut world = World::start().await;
    let mut watch = Watch::open(&world, active()).await;
    assert!(matches!(watch.next().await, Update::SnapshotComplete(_)));
    for n in 1..=3 {
        world
            .send(vec![event(n, world.now(), viewed(pb::PageKind::Browse))])
            .await;
    }
    watch.session().await;
    watch.session().await;
    let token = watch.token.clone();
    drop(watch);

    world.restart().await;
    world
        .send(vec![event(4, world.now(), viewed(pb::PageKind::Browse))])
        .await;
    world
        .send(vec![event(1, world.now(), ordered("A-1", 1))])
        .await;
    world
        .send(vec![event(5, world.now(), ordered("A-2", 1))])
        .await;
    let mut watch = Watch::resume(&world, &token).await;

    assert_eq!(watch.session().await, (session_id(3), 1));
    assert_eq!(watch.session().await, (session_id(4), 1));
    // Known from before, and gone since; session 5 was never seen and never matched.
    assert_eq!(watch.session().await, (session_id(1), 2));
    world
        .send(vec![event(6, world.now(), viewed(pb::PageKind::Browse))])
        .await;
    assert_eq!(watch.session().await, (session_id(6), 1));
}

/// The sessions of a stream until it ends, with the token and the status of its end.
async fn drained(mut watch: Watch, seen: &mut BTreeSet<String>) -> (String, Option<Status>) {
    loop {
        match timeout(DEADLINE, watch.updates.next()).await {
            Ok(Some(Ok(response))) => {
                watch.token = response.resume_token;
                if let Some(Update::Session(session)) = response.update {
                    seen.insert(session.session_id);
                }
                if seen.len() == CROWD {
                    return (watch.token, None);
                }
            }
            Ok(Some(Err(status))) => return (watch.token, Some(status)),
            Ok(None) => panic!("the stream ended without a word"),
            Err(late) => panic!("{late}: {} of {CROWD} sessions were told", seen.len()),
        }
    }
}

#[tokio::test]
async fn a_reader_that_is_too_slow_is_cut_and_loses_nothing() {
    let world = World::with(|config| config.watch.buffered_changes = 16).await;
    let mut watch = Watch::open(&world, active()).await;
    assert!(matches!(watch.next().await, Update::SnapshotComplete(_)));
    let view = |n| event(n, world.now(), viewed(pb::PageKind::Browse));
    for n in 0..20 {
        world
            .send((100 * n..100 * n + 100).map(view).collect())
            .await;
    }

    let mut seen = BTreeSet::new();
    let (token, cut) = drained(watch, &mut seen).await;
    let cut = cut.expect("the reader was cut");
    assert_eq!(cut.code(), Code::ResourceExhausted);
    assert_eq!(reason_of(&cut), Some(ErrorReason::SlowConsumer));
    assert!(seen.len() < CROWD);
    let (_, cut) = drained(Watch::resume(&world, &token).await, &mut seen).await;
    assert!(cut.is_none(), "{cut:?}");
}

#[tokio::test]
async fn a_quiet_watch_says_that_it_lives() {
    let world = World::with(|config| config.watch.heartbeat = Duration::from_millis(20)).await;
    let mut watch = Watch::open(&world, active()).await;

    assert!(matches!(watch.next().await, Update::SnapshotComplete(_)));
    assert!(matches!(watch.next().await, Update::Heartbeat(_)));
    assert!(!watch.token.is_empty());
}

#[tokio::test]
async fn a_stop_ends_a_watch_with_a_token_to_go_on_from() {
    let mut world = World::start().await;
    let mut watch = Watch::open(&world, active()).await;
    watch.next().await;

    let ((), ended) = tokio::join!(world.stop(), timeout(DEADLINE, watch.updates.next()));

    let status = ended.unwrap().unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(reason_of(&status), Some(ErrorReason::Draining));
}
