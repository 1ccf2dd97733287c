//! A session from its first event to its order, as it reads and as it is told.

use proto::cause::v1::{RiskPhase, SignalKind};
use proto::fact::v1::Ending;
use proto::fact::v1::fact::Body;
use proto::moment::v1::{MomentKind, Progress};
use proto::session::v1 as pb;

use crate::events::{added, declined, event, ordered, session_id, step, viewed, visitor_id};
use crate::world::World;

#[tokio::test]
async fn an_event_becomes_a_session_and_a_moment() {
    let world = World::start().await;

    world
        .send(vec![event(1, world.now(), added("shoe", 5_000))])
        .await;

    let session = world.session(1).await;
    assert_eq!(session.visitor_id, visitor_id(1));
    assert_eq!(session.state(), pb::SessionState::Active);
    assert_eq!(session.phase(), RiskPhase::InformationBlock);
    assert_eq!(session.progress(), Progress::Progressing);
    assert_eq!(session.cart.unwrap().lines[0].sku, "shoe");
    assert_eq!((session.event_count, session.version), (1, 1));
    let moment = world.told().moment(1).await;
    assert_eq!(moment.session_id, session_id(1));
    assert_eq!(moment.kind(), MomentKind::CartAdded);
    assert_eq!(moment.zone.as_deref(), Some("Europe/Madrid"));
    assert_eq!((moment.session_version, moment.event_count), (1, 1));
}

#[tokio::test]
async fn a_recovery_is_told_step_by_step() {
    let world = World::start().await;

    world
        .send(vec![event(1, world.now(), added("shoe", 5_000))])
        .await;
    let now = world.pass(5);
    world
        .send(vec![event(1, now, step(pb::CheckoutStep::Payment))])
        .await;
    let now = world.pass(5);
    world.send(vec![event(1, now, declined())]).await;

    let moment = world.told().moment(3).await;
    assert_eq!(
        world.told().kinds(),
        [
            MomentKind::CartAdded,
            MomentKind::CheckoutEntered,
            MomentKind::Friction
        ]
    );
    assert_eq!(moment.trigger(), SignalKind::PaymentDeclined);
    assert_eq!(moment.phase(), RiskPhase::TransactionalFriction);
    assert_eq!(moment.progress(), Progress::Hesitating);
    assert_eq!(world.session(1).await.signals.len(), 1);
}

#[tokio::test]
async fn an_order_ends_the_session_and_is_measured() {
    let world = World::start().await;
    world
        .send(vec![event(1, world.now(), added("shoe", 5_000))])
        .await;
    let now = world.pass(5);

    world.send(vec![event(1, now, ordered("A-1", 5_000))]).await;

    let session = world.session(1).await;
    assert_eq!(session.state(), pb::SessionState::Ordered);
    assert_eq!(session.phase(), RiskPhase::PostClickAnxiety);
    assert_eq!(session.orders[0].order_id, "A-1");
    let moment = world.told().moment(2).await;
    assert_eq!(moment.kind(), MomentKind::OrderPlaced);
    assert_eq!(moment.order_id.as_deref(), Some("A-1"));
    assert_eq!(world.told().outcome(1).await.ending(), Ending::Ordered);
    let facts = world.told().some_facts(2).await;
    assert!(matches!(&facts[0], Body::OrderPlaced(order) if order.order_id == "A-1"));
    assert!(matches!(&facts[1], Body::SessionEnded(end) if end.ending() == Ending::Ordered));
}

#[tokio::test]
async fn the_next_session_of_a_visitor_knows_the_one_before() {
    let world = World::start().await;
    world
        .send(vec![event(1, world.now(), added("shoe", 5_000))])
        .await;
    let now = world.pass(5);
    world.send(vec![event(1, now, ordered("A-1", 5_000))]).await;
    let now = world.pass(60);

    let mut next = event(2, now, viewed(pb::PageKind::Browse));
    next.visitor_id = visitor_id(1);
    world.send(vec![next]).await;

    let history = world.session(2).await.history.unwrap();
    assert_eq!((history.earlier_sessions, history.earlier_orders), (1, 1));
    assert_eq!(
        (history.earlier_carts, history.earlier_abandonments),
        (1, 0)
    );
}
