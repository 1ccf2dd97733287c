//! What follows an order over the wire: its shipment, with what lies over the status, and whom a session belongs to.

use std::time::Duration;

use domain::time::{Timestamp, later};
use proto::cause::v1::SignalKind;
use proto::convert::time::wire_timestamp;
use proto::moment::v1::MomentKind;
use proto::order::v1::ShipmentStatus;
use proto::session::v1 as pb;
use proto::session::v1::event::Payload;

use crate::events::{added, event, ordered, shopper_id};
use crate::world::World;

fn checkpoint(status: ShipmentStatus, carrier_time: Timestamp, promised: Timestamp) -> Payload {
    Payload::ShipmentUpdated(pb::ShipmentUpdated {
        order_id: "A-1".to_owned(),
        status: status.into(),
        carrier_time: Some(wire_timestamp(carrier_time)),
        estimated_delivery: Some(wire_timestamp(promised)),
        detail: "customs".to_owned(),
    })
}

#[tokio::test]
async fn an_order_shows_what_became_of_it() {
    let world = World::start().await;
    let hours = |hours| later(world.now(), Duration::from_hours(hours));
    let (soon, late) = (hours(48), hours(96));
    world
        .send(vec![event(1, world.now(), ordered("A-1", 5_000))])
        .await;
    let now = world.pass(60);
    let ready = Payload::BackOrderReady(pb::BackOrderReady {
        order_id: "A-1".to_owned(),
        sku: "sofa".to_owned(),
    });
    let sent = checkpoint(ShipmentStatus::InTransit, now, soon);
    world
        .send(vec![event(1, now, ready), event(1, now, sent)])
        .await;
    let now = world.pass(60);
    let stuck = checkpoint(ShipmentStatus::Exception, now, late);
    world.send(vec![event(1, now, stuck)]).await;

    let session = world.session(1).await;
    let order = &session.orders[0];
    assert_eq!(order.shipment_status(), ShipmentStatus::Exception);
    assert_eq!(order.shipment_detail, "customs");
    assert_eq!(order.estimated_delivery, Some(wire_timestamp(late)));
    assert_eq!(order.delivery_revision_count, 1);
    assert_eq!(order.troubles, [i32::from(SignalKind::ShipmentException)]);
    assert_eq!(order.ready_skus, ["sofa"]);
}

#[tokio::test]
async fn an_article_that_is_ready_is_told_with_its_order() {
    let world = World::start().await;
    world
        .send(vec![event(1, world.now(), ordered("A-1", 5_000))])
        .await;
    let now = world.pass(60);

    let ready = Payload::BackOrderReady(pb::BackOrderReady {
        order_id: "A-1".to_owned(),
        sku: "sofa".to_owned(),
    });
    world.send(vec![event(1, now, ready)]).await;

    let moment = world.told().moment(2).await;
    assert_eq!(moment.kind(), MomentKind::BackOrderReady);
    assert_eq!(moment.order_id.as_deref(), Some("A-1"));
}

#[tokio::test]
async fn a_link_is_taken_back_by_an_event_of_its_own() {
    let world = World::start().await;
    let name = |n| Some(shopper_id(n));
    let link = Payload::IdentityLinked(pb::IdentityLinked {
        shopper_id: shopper_id(9),
    });
    let undo = Payload::IdentityUnlinked(pb::IdentityUnlinked {
        shopper_id: shopper_id(9),
    });
    let mut first = event(1, world.now(), added("shoe", 5_000));
    first.shopper_id = name(8);
    world.send(vec![first]).await;
    world.send(vec![event(1, world.pass(5), link)]).await;
    assert_eq!(world.session(1).await.shopper_id, name(9));

    world.send(vec![event(1, world.pass(5), undo)]).await;

    let session = world.session(1).await;
    assert_eq!(session.shopper_id, name(8));
    assert_eq!(session.event_count, 3);
    assert_eq!(session.cart.unwrap().lines.len(), 1);
}
