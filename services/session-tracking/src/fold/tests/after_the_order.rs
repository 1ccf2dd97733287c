//! What happens to an order beside its shipment: changes, back orders, promises that move, trouble by order.

use domain::order::ShipmentStatus::{Exception, InTransit};

use super::*;
use crate::event::{Checkpoint, OrderChange, OrderEvent};
use crate::samples::{of_order, order, order_id, shipment, sku};

fn of<'s>(state: &'s State, order: &str) -> &'s Order {
    &state.orders[&order_id(order)]
}

fn ready(article: &str) -> Payload {
    of_order("A-1", OrderChange::BackOrderReady(sku(article)))
}

/// A checkpoint with a promise, by the carrier at the time of the event.
fn promise(order: &str, seconds: u64, delivery: u64) -> (u64, Payload) {
    let checkpoint = Checkpoint {
        status: InTransit,
        carrier_time: at(seconds),
        estimated_delivery: Some(at(delivery)),
        detail: None,
    };
    let change = OrderChange::Shipment(checkpoint);
    let order = order_id(order);
    (seconds, Payload::Order(OrderEvent { order, change }))
}

#[test]
fn each_article_becomes_ready_once() {
    let state = folded([
        (0, order("A-1")),
        (10, ready("sofa")),
        (20, ready("sofa")),
        (30, ready("lamp")),
    ]);

    let ready = &of(&state, "A-1").ready;
    let ready: Vec<_> = ready.iter().map(|(sku, at)| (sku.as_str(), *at)).collect();
    assert_eq!(ready, [("lamp", at(30)), ("sofa", at(10))]);
}

#[test]
fn a_promise_that_moves_far_is_a_revision() {
    let revisions = |second: u64| {
        let acts = [promise("A-1", 0, 48 * HOUR), promise("A-1", HOUR, second)];
        of(&folded(acts), "A-1").revisions.count
    };

    assert_eq!(revisions(48 * HOUR), 0);
    assert_eq!(revisions(60 * HOUR - 1), 0);
    assert_eq!(
        [60 * HOUR, 36 * HOUR].map(revisions),
        [1, 1],
        "later and earlier"
    );
}

#[test]
fn small_moves_of_a_promise_add_up() {
    let acts = (0..5).map(|n| promise("A-1", n, (48 + 4 * n) * HOUR));

    let revisions = of(&folded(acts), "A-1").revisions;

    assert_eq!((revisions.count, revisions.last), (1, Some(at(3))));
}

#[test]
fn an_old_promise_that_comes_late_revises_nothing() {
    let (_, old) = promise("A-1", 0, 480 * HOUR);
    let acts = [promise("A-1", 50, 48 * HOUR), (90, old)];

    assert_eq!(of(&folded(acts), "A-1").revisions.count, 0);
}

#[test]
fn trouble_is_known_of_each_order() {
    let exception = |order: &str| {
        let Payload::Order(OrderEvent { change, .. }) = shipment(Exception, 5) else {
            panic!("no shipment");
        };
        of_order(order, change)
    };
    let state = folded([
        (0, order("A-1")),
        (1, order("B-2")),
        (9, exception("A-1")),
        (9, exception("B-2")),
    ]);

    assert_eq!(count(&state, SignalKind::ShipmentException), 2);
    for id in ["A-1", "B-2"] {
        let trouble = of(&state, id).troubles[&SignalKind::ShipmentException];
        assert_eq!((trouble.count, trouble.last), (1, Some(at(9))));
    }
}
