//! `WatchApprovals`: what waits for a supervisor, then each change, to whom it concerns, and on from where a stream ended.

use std::time::Duration;

use domain::id::{AgentId, PartnerId};
use futures::StreamExt;
use platform::auth::{CallerKind, Grant};
use platform::status::reason_of;
use proto::error::v1::ErrorReason;
use proto::offers::v1 as pb;
use proto::offers::v1::watch_approvals_response::Update;
use testkit::builders::partner;
use testkit::grpc::assert_refused;
use tokio::time::timeout;
use tonic::{Code, Status, Streaming};

use crate::world::{Offers, World, authorize, fresh, needing_approval};

const DEADLINE: Duration = Duration::from_secs(10);

/// A supervisor who reads.
struct Reader {
    updates: Streaming<pb::WatchApprovalsResponse>,
    token: String,
}

impl Reader {
    async fn open(mut client: Offers, resume_token: &str) -> Result<Self, Status> {
        let request = pb::WatchApprovalsRequest {
            resume_token: resume_token.to_owned(),
        };
        Ok(Self {
            updates: client.watch_approvals(request).await?.into_inner(),
            token: String::new(),
        })
    }

    async fn of(world: &World) -> Self {
        Self::open(world.supervisor(), "").await.unwrap()
    }

    async fn next(&mut self) -> Update {
        let response = timeout(DEADLINE, self.updates.next()).await.unwrap();
        let response = response.unwrap().unwrap();
        self.token = response.resume_token;
        response.update.unwrap()
    }

    async fn snapshot_is_over(&mut self) {
        let update = self.next().await;
        assert!(matches!(update, Update::SnapshotComplete(_)), "{update:?}");
        assert!(!self.token.is_empty());
    }

    async fn pending(&mut self) -> pb::Offer {
        match self.next().await {
            Update::Pending(offer) => offer,
            other @ (Update::Ended(_) | Update::SnapshotComplete(_) | Update::Heartbeat(_)) => {
                panic!("{other:?}")
            }
        }
    }

    async fn ended(&mut self) -> (String, pb::OfferState) {
        match self.next().await {
            Update::Ended(offer) => (offer.offer_id.clone(), offer.state()),
            other @ (Update::Pending(_) | Update::SnapshotComplete(_) | Update::Heartbeat(_)) => {
                panic!("{other:?}")
            }
        }
    }

    /// How the stream ends.
    async fn end(&mut self) -> Status {
        let ended = async {
            loop {
                if let Err(status) = self.updates.next().await.unwrap() {
                    return status;
                }
            }
        };
        timeout(DEADLINE, ended).await.unwrap()
    }
}

/// An offer that ana has asked a supervisor for.
async fn pending(world: &World) -> String {
    let mut agent = world.agent();
    let answer = agent.authorize_offer(authorize(3_000)).await.unwrap();
    let offer_id = needing_approval(answer.into_inner());
    let request = pb::RequestApprovalRequest {
        request_id: fresh(),
        offer_id: offer_id.clone(),
    };
    agent.request_approval(request).await.unwrap();
    offer_id
}

async fn deny(world: &World, offer_id: &str) {
    let request = pb::DenyOfferRequest {
        request_id: fresh(),
        offer_id: offer_id.to_owned(),
    };
    world.supervisor().deny_offer(request).await.unwrap();
}

#[tokio::test]
async fn what_waits_comes_first_and_then_each_change() {
    let world = World::with_case().await;
    let first = pending(&world).await;
    let mut reader = Reader::of(&world).await;

    let offer = reader.pending().await;
    assert_eq!(offer.offer_id, first);
    assert_eq!(offer.state(), pb::OfferState::ApprovalPending);
    assert!(offer.individual_price && offer.first_approved_by.is_empty());
    assert_eq!(reader.token, "", "a snapshot is begun anew");
    reader.snapshot_is_over().await;

    let second = pending(&world).await;
    assert_eq!(reader.pending().await.offer_id, second);
    deny(&world, &first).await;
    assert_eq!(reader.ended().await, (first, pb::OfferState::Denied));
    drop(reader);
    world.stop().await;
}

#[tokio::test]
async fn a_reader_goes_on_where_a_stop_ended_the_stream() {
    let mut world = World::with_case().await;
    let first = pending(&world).await;
    let mut reader = Reader::of(&world).await;
    reader.pending().await;
    reader.snapshot_is_over().await;
    let token = reader.token.clone();

    let ((), end) = tokio::join!(world.restart(), reader.end());
    assert_eq!(end.code(), Code::Unavailable);
    assert_eq!(reason_of(&end), Some(ErrorReason::Draining));
    let second = pending(&world).await;
    deny(&world, &first).await;

    let mut reader = Reader::open(world.supervisor(), &token).await.unwrap();
    assert_eq!(reader.pending().await.offer_id, second);
    assert_eq!(reader.ended().await, (first, pb::OfferState::Denied));
    drop(reader);
    world.stop().await;
}

#[tokio::test]
async fn another_partner_is_told_nothing_and_cannot_use_the_token() {
    let world = World::with_case().await;
    pending(&world).await;
    let mut ours = Reader::of(&world).await;
    ours.pending().await;
    ours.snapshot_is_over().await;
    let south = PartnerId::parse("south").unwrap();
    let kim = AgentId::parse("kim").unwrap();
    let theirs = || world.offers_with(&world.tokens().supervisor_of(south.clone(), kim.clone()));

    let mut other = Reader::open(theirs(), "").await.unwrap();
    other.snapshot_is_over().await;
    let Err(refused) = Reader::open(theirs(), &ours.token).await else {
        panic!("a token of another partner leads somewhere");
    };
    let reason = ErrorReason::ResumeTokenInvalid;
    assert_refused(
        &refused,
        Code::InvalidArgument,
        reason,
        Some("resume_token"),
    );
    let mut shop = Reader::open(world.offers_with(&world.tokens().operator()), "")
        .await
        .unwrap();
    shop.pending().await;
    shop.snapshot_is_over().await;
    drop((ours, other, shop));
    world.stop().await;
}

#[tokio::test]
async fn a_person_reads_two_streams_at_most() {
    let world = World::with_case().await;
    let mut both = [Reader::of(&world).await, Reader::of(&world).await];

    let Err(refused) = Reader::open(world.supervisor(), "").await else {
        panic!("a third stream was opened");
    };

    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(reason_of(&refused), Some(ErrorReason::QuotaExceeded));
    for reader in &mut both {
        reader.snapshot_is_over().await;
    }
    drop(both);
    world.stop().await;
}

#[tokio::test]
async fn a_stream_ends_with_the_token_of_its_reader() {
    let world = World::with_case().await;
    let sol = CallerKind::Supervisor {
        partner: partner(),
        agent: AgentId::parse("sol").unwrap(),
    };
    let tokens = world.tokens();
    let short = Grant {
        life: Duration::from_secs(1),
        ..tokens.grant(sol)
    };
    let client = world.offers_with(&tokens.mint(&short));
    let mut reader = Reader::open(client, "").await.unwrap();
    reader.snapshot_is_over().await;

    let end = reader.end().await;

    assert_eq!(end.code(), Code::Unauthenticated);
    drop(reader);
    world.stop().await;
}
