//! Shipments: a fold by carrier time, with late, stalled and unconfirmed laid over it.

use domain::order::ShipmentStatus::{
    self, Delivered, Exception, FailedAttempt, InTransit, OutForDelivery,
};
use domain::signal::SignalKind;

use super::{HOUR, count};
use crate::event::{Checkpoint, OrderChange, Payload};
use crate::fold::Order;
use crate::samples::{at, folded, folded_until, of_order, order, order_id, shipment};

const DAY: u64 = 24 * HOUR;

fn of(state: &super::State) -> &Order {
    &state.orders[&order_id("A-1")]
}

fn promised(status: ShipmentStatus, carrier_seconds: u64, delivery: u64) -> Payload {
    let checkpoint = Checkpoint {
        status,
        carrier_time: at(carrier_seconds),
        estimated_delivery: Some(at(delivery)),
        detail: None,
    };
    of_order("A-1", OrderChange::Shipment(checkpoint))
}

#[test]
fn the_status_is_the_last_by_carrier_time() {
    let state = folded([
        (0, order("A-1")),
        (10, shipment(OutForDelivery, 9)),
        (20, shipment(InTransit, 5)),
    ]);

    assert_eq!(of(&state).shipment(), Some(OutForDelivery));
    let entered: Vec<_> = of(&state).entered().into_iter().collect();
    assert_eq!(entered, [(InTransit, at(5)), (OutForDelivery, at(9))]);
}

#[test]
fn what_the_buyer_says_outranks_the_carrier() {
    let state = folded([
        (0, order("A-1")),
        (10, shipment(Delivered, 10)),
        (20, of_order("A-1", OrderChange::DeliveryConfirmed)),
        (30, shipment(InTransit, 30)),
    ]);

    assert_eq!(
        of(&state).shipment(),
        Some(ShipmentStatus::ConfirmedByBuyer)
    );
}

#[test]
fn trouble_is_noted_on_first_entry_only() {
    let state = folded([
        (0, order("A-1")),
        (10, shipment(FailedAttempt, 10)),
        (20, shipment(FailedAttempt, 20)),
        (30, shipment(Exception, 30)),
    ]);

    assert_eq!(count(&state, SignalKind::DeliveryFailed), 1);
    assert_eq!(count(&state, SignalKind::ShipmentException), 1);
}

#[test]
fn silence_on_the_way_is_a_stall_each_day_three_times() {
    let acts = || [(0, order("A-1")), (0, shipment(InTransit, 0))];

    for (after, stalls) in [
        (DAY - 1, 0),
        (DAY, 1),
        (2 * DAY, 2),
        (3 * DAY, 3),
        (9 * DAY, 3),
    ] {
        let state = folded_until(after, acts());
        assert_eq!(
            count(&state, SignalKind::ShipmentStalled),
            stalls,
            "after {after} s"
        );
    }
}

#[test]
fn a_promise_that_is_broken_is_noted_once_for_each_promise() {
    let acts = || [(0, order("A-1")), (0, promised(InTransit, 0, 2 * DAY))];
    let renewed = [
        (0, order("A-1")),
        (0, promised(InTransit, 0, 2 * DAY)),
        (2 * DAY + 1, promised(InTransit, 2 * DAY + 1, 3 * DAY)),
    ];

    assert_eq!(
        count(&folded_until(2 * DAY - 1, acts()), SignalKind::ShipmentLate),
        0
    );
    assert_eq!(
        count(&folded_until(3 * DAY, acts()), SignalKind::ShipmentLate),
        1
    );
    assert_eq!(
        count(&folded_until(4 * DAY, renewed), SignalKind::ShipmentLate),
        2
    );
}

#[test]
fn a_delivery_that_nobody_confirms_is_in_doubt() {
    let acts = || [(0, order("A-1")), (0, shipment(Delivered, 0))];
    let confirmed = [
        (0, order("A-1")),
        (0, shipment(Delivered, 0)),
        (9, of_order("A-1", OrderChange::DeliveryConfirmed)),
    ];

    assert_eq!(
        count(
            &folded_until(2 * DAY, acts()),
            SignalKind::DeliveredUnconfirmed
        ),
        1
    );
    assert_eq!(
        count(
            &folded_until(9 * DAY, confirmed),
            SignalKind::DeliveredUnconfirmed
        ),
        0
    );
}

#[test]
fn what_was_overdue_before_we_heard_of_it_is_noted_when_we_do() {
    let state = folded([(0, order("A-1")), (4 * DAY, shipment(InTransit, 0))]);
    let heard = folded_until(
        4 * DAY,
        [(0, order("A-1")), (4 * DAY, shipment(InTransit, 0))],
    );

    assert_eq!(count(&state, SignalKind::ShipmentStalled), 0);
    let stall = super::signal(&heard, SignalKind::ShipmentStalled).unwrap();
    assert_eq!((stall.count, stall.last_seen), (3, at(4 * DAY)));
}

#[test]
fn thirty_days_of_silence_give_a_shipment_up() {
    let acts = || [(0, order("A-1")), (0, shipment(InTransit, 0))];

    let state = folded_until(30 * DAY, acts());
    let found = folded_until(
        32 * DAY,
        acts()
            .into_iter()
            .chain([(31 * DAY, shipment(InTransit, 31 * DAY))]),
    );

    assert_eq!(of(&state).shipment(), Some(ShipmentStatus::Expired));
    assert_eq!(state.next_due(), None);
    assert_eq!(of(&found).shipment(), Some(InTransit));
}
