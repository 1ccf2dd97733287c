//! The life of a session: phases, progress, cart, order and end.

use std::collections::HashMap;
use std::time::Duration;

use domain::cart::CartParts;
use domain::fact::Ending;
use domain::money::{Currency, Money};
use domain::order::{OrderState, ShipmentStatus};
use domain::phase::RiskPhase;
use domain::signal::SignalKind;

use super::{HOUR, MINUTE, count};
use crate::event::{CartMove, CheckoutStep, OrderChange, PageKind, Payload};
use crate::fold::State;
use crate::samples::{
    add, ahead, at, config, decline, event, exit, folded, folded_until, line, of_order, order,
    order_id, page, remove, search, shipment, step,
};

#[test]
fn a_session_ends_by_inactivity_and_wakes_up_again() {
    let acts = || [(0, add("shoe"))];

    assert_eq!(folded_until(30 * MINUTE - 1, acts()).ending(), None);
    let ended = folded_until(30 * MINUTE, acts());
    assert_eq!(ended.ending(), Some(Ending::Abandoned));
    assert_eq!(ended.ended_at, Some(at(30 * MINUTE)));
    let awake = folded([(0, add("shoe")), (40 * MINUTE, search())]);
    assert_eq!(awake.ending(), None);
    let empty = folded_until(HOUR, [(0, search())]);
    assert_eq!(empty.ending(), Some(Ending::NoCart));
}

#[test]
fn a_session_ends_a_day_after_its_start_whatever_happens() {
    let acts = (0..=24 * 4).map(|quarter| (quarter * 15 * MINUTE, search()));

    let state = folded(acts);

    assert_eq!(state.ended_at, Some(at(24 * HOUR)));
}

#[test]
fn an_order_ends_the_session_also_late() {
    let state = folded_until(
        3 * HOUR,
        [
            (0, add("shoe")),
            (2 * HOUR, order("A-1")),
            (2 * HOUR, add("hat")),
        ],
    );

    assert_eq!(state.ending(), Some(Ending::Ordered));
    assert_eq!(state.phase(), RiskPhase::PostClickAnxiety);
    assert_eq!(state.cart.item_count(), 1);
    assert_eq!(state.orders[&order_id("A-1")].state(), OrderState::Placed);
}

#[test]
fn an_order_ends_a_session_that_follows_as_many_as_it_may() {
    let others = (0..50).map(|n| (n, of_order(&format!("B-{n}"), OrderChange::Changed)));

    let state = folded(others.chain([(60, add("shoe")), (70, order("A-1"))]));

    assert_eq!(state.ending(), Some(Ending::Ordered));
    assert_eq!(state.orders.len(), 50);
}

#[test]
fn nothing_that_sells_is_noted_after_the_order() {
    let state = folded_until(
        HOUR,
        [
            (0, add("shoe")),
            (10, order("A-1")),
            (20, exit()),
            (30, decline()),
        ],
    );

    assert_eq!(state.signals.noted().count(), 0);
}

#[test]
fn phases_follow_the_shopper() {
    let shop = [
        (0, add("shoe")),
        (5, step(CheckoutStep::Address)),
        (9, page(PageKind::Cart)),
    ];

    assert_eq!(folded(shop.clone()).phase(), RiskPhase::InformationBlock);
    assert_eq!(folded(shop).phase_reached, RiskPhase::TransactionalFriction);
    let policy = [
        (0, step(CheckoutStep::Address)),
        (5, page(PageKind::Policy)),
    ];
    assert_eq!(folded(policy).phase(), RiskPhase::TransactionalFriction);
    let waiting = || page(PageKind::OrderStatus);
    let anxious = folded([(0, waiting()), (9, waiting()), (60, waiting())]);
    assert_eq!(anxious.phase(), RiskPhase::PostClickAnxiety);
    assert_eq!(count(&anxious, SignalKind::OrderStatusRepeat), 1);
}

#[test]
fn a_version_of_the_cart_never_has_two_contents() {
    let mut seen = HashMap::new();
    let acts = [
        (0, add("shoe")),
        (10, add("shoe")),
        (20, remove("shoe")),
        (30, remove("hat")),
    ];
    // Every subset of the events may have come by the time somebody decides on the cart.
    for chosen in 1..16_u32 {
        let chosen = acts
            .iter()
            .enumerate()
            .filter(|(n, _)| chosen & (1 << n) != 0);
        let arrived: Vec<_> = chosen.map(|(_, act)| act.clone()).collect();
        let grown = folded(acts.clone());
        let state = folded(arrived.clone());
        assert!(state.cart.version() <= grown.cart.version());
        seen.insert(arrived.len(), CartParts::from(state.cart).version);
    }
    assert_eq!(seen.len(), 4);
    assert!(
        seen.iter()
            .all(|(events, version)| u64::try_from(*events).unwrap() == *version)
    );
}

#[test]
fn the_first_article_decides_the_currency() {
    let mut article = line("shoe", 100);
    article.unit_price = Money::new(100, Currency::EUR).unwrap();
    article.margin = None;
    let euros = Payload::Cart(CartMove::Added(article));

    let state = folded([(0, euros), (1, add("hat"))]);

    assert_eq!(state.cart.currency().as_str(), "EUR");
    assert_eq!((state.cart.item_count(), state.cart.version()), (1, 2));
}

#[test]
fn a_clock_that_is_ahead_is_remembered() {
    let events = [
        event(1, at(0), search()),
        ahead(event(2, at(9), search()), 7),
    ];

    let state = State::fold(&events, &config().signals).unwrap();

    assert_eq!(state.skew, Duration::from_secs(7));
}

#[test]
fn a_cancelled_order_is_watched_no_more() {
    let state = folded_until(
        90 * HOUR,
        [
            (0, order("A-1")),
            (10, shipment(ShipmentStatus::InTransit, 10)),
            (20, of_order("A-1", OrderChange::Changed)),
            (30, of_order("A-1", OrderChange::Cancelled)),
        ],
    );

    assert_eq!(
        state.orders[&order_id("A-1")].state(),
        OrderState::Cancelled
    );
    assert_eq!(count(&state, SignalKind::ShipmentStalled), 0);
}
