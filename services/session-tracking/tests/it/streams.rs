//! `StreamEvents`: batches in, acknowledgements out.

use std::time::Duration;

use domain::id::SessionId;
use proto::error::v1::ErrorReason;
use proto::session::v1 as pb;
use testkit::grpc::assert_refused;
use testkit::ids::nth;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Streaming};

use crate::events::{added, event, viewed};
use crate::world::{Sessions, World};

const DEADLINE: Duration = Duration::from_secs(10);

struct Open {
    sender: mpsc::Sender<pb::StreamEventsRequest>,
    answers: Streaming<pb::StreamEventsResponse>,
}

impl Open {
    async fn on(world: &World) -> Self {
        Self::by(world.platform()).await
    }

    async fn by(mut client: Sessions) -> Self {
        let (sender, requests) = mpsc::channel(64);
        let requests = ReceiverStream::new(requests);
        let answers = client.stream_events(requests).await.unwrap();
        Self {
            sender,
            answers: answers.into_inner(),
        }
    }

    async fn send(&self, batch: u64, events: Vec<pb::Event>) {
        let request = pb::StreamEventsRequest { batch, events };
        self.sender.send(request).await.unwrap();
    }

    async fn next(&mut self) -> Option<Result<pb::StreamEventsResponse, tonic::Status>> {
        timeout(DEADLINE, self.answers.next()).await.unwrap()
    }

    /// Reads acknowledgements up to this batch.
    async fn acknowledged(&mut self, batch: u64) -> Vec<pb::StreamEventsResponse> {
        let mut answers = Vec::new();
        loop {
            let answer = self.next().await.unwrap().unwrap();
            let durable = answer.durable_batch;
            answers.push(answer);
            if durable == batch {
                return answers;
            }
        }
    }
}

#[tokio::test]
async fn batches_are_acknowledged_in_order_when_they_are_durable() {
    let world = World::start().await;
    let mut open = Open::on(&world).await;
    for batch in 1..=100 {
        open.send(batch, vec![event(batch % 7, world.now(), added("shoe", 1))])
            .await;
    }

    let answers = open.acknowledged(100).await;

    let batches: Vec<_> = answers.iter().map(|answer| answer.durable_batch).collect();
    assert!(batches.is_sorted(), "{batches:?}");
    let accepted: u32 = answers.iter().map(|answer| answer.accepted_count).sum();
    assert_eq!(accepted, 100);
    let mut stored = 0;
    for n in 0..7 {
        stored += world.session(n).await.event_count;
    }
    assert_eq!(stored, 100);
}

#[tokio::test]
async fn what_is_rejected_is_named_by_batch_and_index() {
    let world = World::start().await;
    let mut open = Open::on(&world).await;
    let good = event(1, world.now(), viewed(pb::PageKind::Browse));
    let mut bad = event(1, world.now(), viewed(pb::PageKind::Browse));
    bad.occurred_at = None;
    open.send(3, vec![good.clone()]).await;
    open.send(8, vec![good, bad]).await;

    let answers = open.acknowledged(8).await;

    let last = answers.last().unwrap();
    let duplicates: u32 = answers.iter().map(|answer| answer.duplicate_count).sum();
    assert_eq!(duplicates, 1);
    let rejected = &last.rejected[0];
    let event = rejected.event.as_ref().unwrap();
    assert_eq!((rejected.batch, event.index), (8, 1));
    assert_eq!(event.reason(), ErrorReason::Required);
}

#[tokio::test]
async fn a_browser_streams_events_of_its_own_session_only() {
    let world = World::start().await;
    let token = world.tokens().storefront(nth::<SessionId>(1));
    let mut open = Open::by(world.with_token(&token)).await;
    let events = [1, 2].map(|n| event(n, world.now(), viewed(pb::PageKind::Browse)));
    open.send(1, events.to_vec()).await;

    let answers = open.acknowledged(1).await;

    assert_eq!(answers[0].accepted_count, 1);
    let event = answers[0].rejected[0].event.as_ref().unwrap();
    assert_eq!(event.reason(), ErrorReason::ScopeMissing);
}

#[tokio::test]
async fn a_stream_that_the_client_ends_ends_after_its_last_acknowledgement() {
    let world = World::start().await;
    let open = Open::on(&world).await;
    open.send(1, vec![event(1, world.now(), added("shoe", 1))])
        .await;
    let Open { sender, answers } = open;
    drop(sender);

    let answers: Vec<_> = timeout(DEADLINE, answers.collect::<Vec<_>>())
        .await
        .unwrap();

    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].as_ref().unwrap().durable_batch, 1);
}

#[tokio::test]
async fn batch_numbers_rise() {
    let world = World::start().await;
    let mut open = Open::on(&world).await;
    open.send(2, vec![event(1, world.now(), added("shoe", 1))])
        .await;
    open.send(2, vec![event(1, world.now(), added("shoe", 1))])
        .await;

    open.acknowledged(2).await;
    let refused = open.next().await.unwrap().unwrap_err();

    let (code, reason) = (Code::InvalidArgument, ErrorReason::OutOfRange);
    assert_refused(&refused, code, reason, Some("batch"));
}

#[tokio::test]
async fn a_stop_acknowledges_what_was_read_and_says_that_it_drains() {
    let mut world = World::start().await;
    let mut open = Open::on(&world).await;
    open.send(1, vec![event(1, world.now(), added("shoe", 1))])
        .await;
    open.acknowledged(1).await;

    let ((), ended) = tokio::join!(world.stop(), open.next());

    let ended = ended.unwrap().unwrap_err();
    assert_refused(&ended, Code::Unavailable, ErrorReason::Draining, None);
}
