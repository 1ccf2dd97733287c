//! A person who is forgotten leaves nothing behind.

use proto::error::v1::ErrorReason;
use proto::session::v1 as pb;
use testkit::canary::contains;
use testkit::grpc::assert_refused;
use testkit::ids::nth_uuid;
use tonic::Code;

use crate::events::{added, event, session_id, shopper_id, visitor_id};
use crate::world::World;

fn request(n: u64, person_id: String) -> pb::EraseShopperRequest {
    pb::EraseShopperRequest {
        request_id: nth_uuid(n).to_string(),
        person_id,
    }
}

async fn erase(world: &World, request: pb::EraseShopperRequest) -> pb::EraseShopperResponse {
    world
        .platform()
        .erase_shopper(request)
        .await
        .unwrap()
        .into_inner()
}

#[tokio::test]
async fn sessions_events_and_history_of_a_shopper_go() {
    let mut world = World::start().await;
    let mut known = event(1, world.now(), added("forgotten-shoe", 5_000));
    known.shopper_id = Some(shopper_id(9));
    // In one batch, so that one row of the log holds both.
    world
        .send(vec![
            known.clone(),
            event(2, world.now(), added("kept-hat", 1)),
        ])
        .await;
    world.pass(1_800);
    world.told().some_facts(2).await;

    let erased = erase(&world, request(1, shopper_id(9))).await;

    assert_eq!(erased.session_count, 1);
    let get = pb::GetSessionRequest {
        session_id: session_id(1),
    };
    let gone = world.platform().get_session(get).await.unwrap_err();
    assert_eq!(gone.code(), Code::NotFound);
    assert_eq!(erase(&world, request(1, shopper_id(9))).await, erased);
    world.restart().await;
    assert_eq!(
        world.session(2).await.cart.unwrap().lines[0].sku,
        "kept-hat"
    );
    let now = world.now();
    world.send(vec![event(2, now, added("kept-too", 1))]).await;
    assert_eq!(world.session(2).await.event_count, 2);
    let log = world.log().await;
    assert!(contains(&log, b"kept-hat") && !contains(&log, b"forgotten-shoe"));
}

#[tokio::test]
async fn a_visitor_who_comes_back_begins_anew() {
    let world = World::start().await;
    world
        .send(vec![event(1, world.now(), added("shoe", 5_000))])
        .await;
    world.pass(1_800);
    world.told().some_facts(1).await;
    erase(&world, request(1, visitor_id(1))).await;

    let now = world.now();
    let again = pb::Event {
        visitor_id: visitor_id(1),
        ..event(2, now, added("hat", 1))
    };
    world.send(vec![again]).await;
    let of_before = vec![event(1, now, added("hat", 1))];
    let refused = world.record(of_before).await.rejected;

    let session = world.session(2).await;
    assert_eq!((session.event_count, session.version), (1, 1));
    assert_eq!(session.history.unwrap().earlier_sessions, 0);
    // What is sent of a session that was forgotten, or sent again, brings nothing back.
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].reason(), ErrorReason::SessionEnded);
}

#[tokio::test]
async fn a_timer_of_a_forgotten_session_wakes_nobody() {
    let world = World::start().await;
    world
        .send(vec![event(1, world.now(), added("shoe", 5_000))])
        .await;
    world.told().moment(1).await;
    erase(&world, request(1, visitor_id(1))).await;

    world.pass(3_600);
    let now = world.now();
    world.send(vec![event(2, now, added("hat", 1))]).await;

    world.told().moment(2).await;
    assert_eq!(world.told().outcomes(), []);
    assert_eq!(world.told().moments()[1].session_id, session_id(2));
}

#[tokio::test]
async fn a_request_id_stands_for_one_request() {
    let world = World::start().await;
    erase(&world, request(1, shopper_id(9))).await;

    let reused = world
        .platform()
        .erase_shopper(request(1, shopper_id(8)))
        .await
        .unwrap_err();
    let nobody = request(2, "agent-7".to_owned());
    let malformed = world.platform().erase_shopper(nobody).await.unwrap_err();

    let reason = ErrorReason::RequestIdReused;
    assert_refused(&reused, Code::InvalidArgument, reason, Some("request_id"));
    let reason = ErrorReason::MalformedId;
    assert_refused(&malformed, Code::InvalidArgument, reason, Some("person_id"));
}
