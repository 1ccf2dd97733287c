//! Which moments leave, when, and how often.

use domain::order::ShipmentStatus;

use super::*;
use crate::event::{CheckoutStep, Checkpoint, OrderChange, OrderEvent, Payload};
use crate::samples::{
    add, at, config, decline, exit, folded_until, of_order, order, order_id, shipment, sku, step,
};

mod arrival;

/// A session that is looked at again and again.
struct Teller {
    acts: Vec<(u64, Payload)>,
    told: Told,
}

impl Teller {
    fn new() -> Self {
        Self {
            acts: Vec::new(),
            told: Told::default(),
        }
    }

    /// Takes an event in, without a look at the session.
    fn quietly(&mut self, seconds: u64, payload: Payload) {
        self.acts.push((seconds, payload));
        self.acts.sort_by_key(|(seconds, _)| *seconds);
    }

    fn event(&mut self, seconds: u64, payload: Payload) -> Option<Cue> {
        self.quietly(seconds, payload);
        self.look(seconds)
    }

    fn look(&mut self, seconds: u64) -> Option<Cue> {
        let state = folded_until(seconds, self.acts.clone());
        self.told.next(&state, at(seconds), &config().moments)
    }

    fn due(&self) -> Option<Timestamp> {
        self.told.next_due(&config().moments)
    }
}

fn kind(cue: Option<Cue>) -> Option<MomentKind> {
    cue.map(|cue| cue.kind)
}

#[test]
fn a_change_is_told_once() {
    let mut teller = Teller::new();

    assert_eq!(
        kind(teller.event(0, add("shoe"))),
        Some(MomentKind::CartAdded)
    );
    assert_eq!(teller.look(10), None);
    assert_eq!(
        kind(teller.event(20, add("hat"))),
        Some(MomentKind::CartAdded)
    );
}

#[test]
fn a_session_that_is_loaded_again_tells_nothing_twice() {
    let mut teller = Teller::new();
    teller.event(0, add("shoe"));

    let kept = serde_json::to_string(&teller.told).unwrap();
    teller.told = serde_json::from_str(&kept).unwrap();

    assert_eq!(teller.look(10), None);
}

#[test]
fn at_most_one_moment_leaves_a_second() {
    let mut teller = Teller::new();
    teller.event(10, add("shoe"));

    assert_eq!(teller.event(10, step(CheckoutStep::Payment)), None);
    assert_eq!(teller.due(), Some(at(11)));
    let cue = teller.look(11);
    assert_eq!(kind(cue), Some(MomentKind::CheckoutEntered));
    assert_eq!(teller.due(), None);
}

#[test]
fn the_weightiest_of_what_waits_is_told() {
    let mut teller = Teller::new();
    teller.event(10, add("shoe"));
    teller.event(10, step(CheckoutStep::Payment));
    teller.event(10, exit());
    teller.event(10, decline());

    let cue = teller.look(11).unwrap();

    assert_eq!(cue.kind, MomentKind::ExitIntent);
    assert_eq!(cue.trigger, Some(SignalKind::ExitIntent));
    assert_eq!(teller.look(12), None);
}

#[test]
fn orders_and_milestones_wait_and_are_never_dropped() {
    let mut teller = Teller::new();
    teller.event(10, add("shoe"));
    teller.quietly(10, order("A-1"));
    teller.quietly(10, of_order("A-1", OrderChange::Changed));
    teller.quietly(10, shipment(ShipmentStatus::InfoReceived, 10));
    teller.quietly(10, shipment(ShipmentStatus::InTransit, 10));

    let told: Vec<_> = (10..20)
        .filter_map(|second| kind(teller.look(second)))
        .collect();

    assert_eq!(
        told,
        [
            MomentKind::OrderPlaced,
            MomentKind::OrderChanged,
            MomentKind::ShipmentMilestone,
            MomentKind::ShipmentMilestone,
        ]
    );
}

#[test]
fn an_order_silences_what_would_still_sell() {
    let mut teller = Teller::new();
    teller.event(10, add("shoe"));
    teller.event(10, exit());
    teller.event(10, order("A-1"));

    let cue = teller.look(11).unwrap();

    assert_eq!(
        (cue.kind, cue.order),
        (MomentKind::OrderPlaced, Some(order_id("A-1")))
    );
    assert_eq!(teller.look(13), None);
}

#[test]
fn an_order_that_comes_first_silences_what_came_late() {
    let mut teller = Teller::new();
    assert_eq!(
        kind(teller.event(60, order("A-1"))),
        Some(MomentKind::OrderPlaced)
    );

    teller.quietly(30, decline());
    teller.quietly(20, add("shoe"));

    assert_eq!(teller.look(62), None);
}

#[test]
fn what_comes_too_late_for_a_live_decision_is_not_told() {
    let mut teller = Teller::new();
    teller.quietly(0, add("shoe"));
    teller.quietly(5, decline());

    assert_eq!(teller.look(125), None);
    assert_eq!(kind(teller.look(130)), None);
}

#[test]
fn idleness_is_told_by_a_timer() {
    let mut teller = Teller::new();
    teller.event(0, add("shoe"));
    teller.event(5, step(CheckoutStep::Payment));

    assert_eq!(teller.look(94), None);
    let cue = teller.look(95).unwrap();
    assert_eq!(cue.kind, MomentKind::IdleInCheckout);
    assert_eq!(
        (cue.trigger, cue.occurred_at),
        (Some(SignalKind::CheckoutIdle), at(95))
    );
}

#[test]
fn a_pause_that_a_late_event_explains_may_be_told_again_when_it_comes_true() {
    let mut teller = Teller::new();
    teller.event(0, add("shoe"));
    assert_eq!(kind(teller.look(120)), Some(MomentKind::IdleCart));

    assert_eq!(teller.event(110, crate::samples::search()), None);

    assert_eq!(teller.look(229), None);
    assert_eq!(kind(teller.look(230)), Some(MomentKind::IdleCart));
}

#[test]
fn trouble_with_a_shipment_names_its_order() {
    let mut teller = Teller::new();
    teller.event(0, order("A-1"));
    teller.event(10, shipment(ShipmentStatus::Exception, 10));

    let cue = teller.look(12).unwrap();

    assert_eq!(cue.kind, MomentKind::ShipmentTrouble);
    assert_eq!(cue.order, Some(order_id("A-1")));
}

#[test]
fn a_clock_that_goes_back_does_not_silence_a_session() {
    let mut teller = Teller::new();
    teller.told.last_at = Some(at(5_000));

    assert_eq!(
        kind(teller.event(10, add("shoe"))),
        Some(MomentKind::CartAdded)
    );
}

#[test]
fn trouble_with_two_orders_is_told_of_both() {
    let exception = |id: &str| {
        let Payload::Order(OrderEvent { change, .. }) = shipment(ShipmentStatus::Exception, 10)
        else {
            panic!("no shipment");
        };
        of_order(id, change)
    };
    let mut teller = Teller::new();
    teller.event(0, order("A-1"));
    teller.look(2);
    teller.event(3, order("B-2"));
    teller.quietly(10, exception("A-1"));
    teller.quietly(10, exception("B-2"));

    let told = (10..20).filter_map(|second| teller.look(second));
    let mut troubled: Vec<_> = told
        .filter(|cue| cue.kind == MomentKind::ShipmentTrouble)
        .map(|cue| (cue.order.unwrap(), cue.trigger.unwrap()))
        .collect();

    troubled.sort();
    let trouble = SignalKind::ShipmentException;
    assert_eq!(
        troubled,
        [(order_id("A-1"), trouble), (order_id("B-2"), trouble)]
    );
}

#[test]
fn a_promise_that_moved_and_an_article_that_is_ready_are_told_once() {
    let promise = |carrier: u64, days: u64| {
        let checkpoint = Checkpoint {
            status: ShipmentStatus::InTransit,
            carrier_time: at(carrier),
            estimated_delivery: Some(at(days * 86_400)),
            detail: None,
        };
        of_order("A-1", OrderChange::Shipment(checkpoint))
    };
    let ready = || of_order("A-1", OrderChange::BackOrderReady(sku("sofa")));
    let mut teller = Teller::new();
    teller.quietly(0, order("A-1"));
    teller.quietly(10, promise(10, 3));
    teller.quietly(20, promise(20, 5));
    teller.quietly(30, ready());
    teller.quietly(40, ready());

    let told: Vec<_> = (50..60)
        .filter_map(|second| kind(teller.look(second)))
        .collect();

    assert_eq!(
        told,
        [
            MomentKind::OrderPlaced,
            MomentKind::ShipmentMilestone,
            MomentKind::DeliveryRevised,
            MomentKind::BackOrderReady,
        ]
    );
}

/// What happens after an order is worth telling each time, and each is a moment of its own kind.
#[test]
fn everything_after_an_order_is_told() {
    let mut teller = Teller::new();
    teller.quietly(0, order("A-1"));
    teller.quietly(10, shipment(ShipmentStatus::FailedAttempt, 10));
    teller.quietly(20, of_order("A-1", OrderChange::Changed));
    teller.quietly(30, shipment(ShipmentStatus::Delivered, 30));
    let two_days_later = 2 * 86_400 + 40;
    let mut told: Vec<_> = (0..20)
        .filter_map(|n| teller.look(two_days_later + n))
        .collect();
    teller.quietly(two_days_later + 30, of_order("A-1", OrderChange::Cancelled));
    told.extend(teller.look(two_days_later + 31));

    let told: Vec<_> = told.iter().map(|cue| (cue.kind, cue.trigger)).collect();

    assert_eq!(
        told,
        [
            (MomentKind::OrderPlaced, None),
            (MomentKind::ShipmentMilestone, None),
            (
                MomentKind::ShipmentTrouble,
                Some(SignalKind::DeliveryFailed)
            ),
            (MomentKind::OrderChanged, None),
            (MomentKind::ShipmentMilestone, None),
            (
                MomentKind::ShipmentTrouble,
                Some(SignalKind::DeliveredUnconfirmed)
            ),
            (MomentKind::OrderCancelled, None),
        ]
    );
}

/// The order comes an hour after the buyer was taken for one who left: it is told before anything else, and what was
/// about to be told of the sale is not told at all.
#[test]
fn a_late_order_withdraws_what_was_decided() {
    let mut teller = Teller::new();
    teller.event(0, add("shoe"));
    teller.event(5, step(CheckoutStep::Payment));
    assert_eq!(kind(teller.look(95)), Some(MomentKind::IdleInCheckout));
    teller.quietly(3_600, decline());
    teller.quietly(3_600, exit());
    assert_eq!(kind(teller.look(3_600)), Some(MomentKind::ExitIntent));

    teller.quietly(60, order("A-1"));
    assert_eq!(teller.look(3_600), None, "not two moments in one second");
    let cue = teller.look(3_601).unwrap();

    assert_eq!(
        (cue.kind, cue.order, cue.occurred_at),
        (MomentKind::OrderPlaced, Some(order_id("A-1")), at(60))
    );
    assert!((3_602..3_800).all(|second| teller.look(second).is_none()));
}
