//! What happens without an event, and after a restart.

use proto::cause::v1::SignalKind;
use proto::fact::v1::Ending;
use proto::fact::v1::fact::Body;
use proto::moment::v1::MomentKind;
use proto::session::v1 as pb;

use crate::events::{added, event, ordered, step};
use crate::world::World;

#[tokio::test]
async fn an_idle_checkout_is_told_after_ninety_seconds() {
    let world = World::start().await;
    world
        .send(vec![
            event(1, world.now(), added("shoe", 5_000)),
            event(1, world.now(), step(pb::CheckoutStep::Payment)),
        ])
        .await;
    world.told().moment(1).await;

    world.pass(90);

    let idle = world.told().moment(2).await;
    assert_eq!(idle.kind(), MomentKind::IdleInCheckout);
    assert_eq!(idle.trigger(), SignalKind::CheckoutIdle);
    assert_eq!(
        world.session(1).await.signals[0].kind(),
        SignalKind::CheckoutIdle
    );
}

#[tokio::test]
async fn an_abandoned_cart_is_measured_when_the_session_ends() {
    let world = World::start().await;
    world
        .send(vec![event(1, world.now(), added("shoe", 5_000))])
        .await;

    world.pass(1_800);

    assert_eq!(world.told().outcome(1).await.ending(), Ending::Abandoned);
    let facts = world.told().some_facts(1).await;
    let Body::SessionEnded(ended) = &facts[0] else {
        panic!("{facts:?}");
    };
    assert_eq!(ended.cart_value.as_ref().unwrap().minor_units, 5_000);
    assert_eq!(world.session(1).await.state(), pb::SessionState::Abandoned);
}

#[tokio::test]
async fn timers_survive_a_crash() {
    let mut world = World::start().await;
    world
        .send(vec![event(1, world.now(), added("shoe", 5_000))])
        .await;
    world.told().moment(1).await;

    world.crash().await;
    world.pass(120);

    assert_eq!(world.told().moment(2).await.kind(), MomentKind::IdleCart);
}

#[tokio::test]
async fn a_late_order_still_ends_the_session() {
    let world = World::start().await;
    world
        .send(vec![event(1, world.now(), added("shoe", 5_000))])
        .await;
    world.pass(1_800);
    world.told().outcome(1).await;
    let now = world.pass(3_600);

    world.send(vec![event(1, now, ordered("A-1", 5_000))]).await;

    assert_eq!(world.told().outcome(2).await.ending(), Ending::Ordered);
    assert_eq!(world.session(1).await.state(), pb::SessionState::Ordered);
    let facts = world.told().some_facts(2).await;
    assert!(matches!(&facts[1], Body::OrderPlaced(_)), "{facts:?}");
    let told = world.told().kinds();
    assert_eq!(told.last(), Some(&MomentKind::OrderPlaced));
}

#[tokio::test]
async fn moments_of_one_second_leave_one_by_one() {
    let world = World::start().await;
    world
        .send(vec![
            event(1, world.now(), added("shoe", 5_000)),
            event(1, world.now(), ordered("A-1", 2_500)),
            event(1, world.now(), ordered("A-2", 2_500)),
        ])
        .await;
    let first = world.told().moment(1).await;

    world.pass(1);

    let second = world.told().moment(2).await;
    assert_eq!(first.kind(), MomentKind::OrderPlaced);
    assert_eq!(second.kind(), MomentKind::OrderPlaced);
    assert_eq!(
        (first.order_id.as_deref(), second.order_id.as_deref()),
        (Some("A-1"), Some("A-2"))
    );
}
