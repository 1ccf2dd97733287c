//! Whom a session belongs to: links and their undoing are facts of the log.

use domain::id::ShopperId;
use testkit::ids::nth;

use super::*;
use crate::event::Event;
use crate::samples::{config, event};

fn shopper(n: u64) -> ShopperId {
    nth(n)
}

fn link(n: u64) -> Payload {
    Payload::Person(PersonEvent::IdentityLinked(shopper(n)))
}

fn unlink(n: u64) -> Payload {
    Payload::Person(PersonEvent::IdentityUnlinked(shopper(n)))
}

fn belongs_to(acts: impl IntoIterator<Item = (u64, Payload)>) -> Option<ShopperId> {
    folded(acts).shopper
}

#[test]
fn a_link_that_was_wrong_is_taken_back() {
    let acts = [(0, add("shoe")), (10, link(1)), (20, link(2))];

    assert_eq!(belongs_to(acts.clone()), Some(shopper(2)));
    let undone = acts.into_iter().chain([(30, unlink(2))]);
    assert_eq!(belongs_to(undone), Some(shopper(1)));
    assert_eq!(belongs_to([(0, link(1)), (10, unlink(1))]), None);
}

#[test]
fn taking_back_another_name_changes_nothing() {
    let acts = [(0, link(1)), (10, unlink(2))];

    assert_eq!(belongs_to(acts), Some(shopper(1)));
}

#[test]
fn a_storefront_that_still_sends_the_wrong_name_is_not_believed() {
    let known = |n: u64, seconds: u64, payload: Payload| Event {
        shopper: Some(shopper(1)),
        ..event(n, at(seconds), payload)
    };
    let before = known(1, 0, add("shoe"));
    let after = known(3, 20, search());
    let undo = event(2, at(10), unlink(1));
    let again = event(4, at(30), link(1));
    let settings = &config().signals;

    let state = State::fold([&before], settings).unwrap();
    assert_eq!(state.shopper, Some(shopper(1)));
    let state = State::fold([&before, &undo, &after], settings).unwrap();
    assert_eq!(state.shopper, None);
    let state = State::fold([&before, &undo, &after, &again], settings).unwrap();
    assert_eq!(state.shopper, Some(shopper(1)));
}

#[test]
fn nothing_that_the_session_showed_is_lost_with_a_name() {
    let acts = || [(0, add("shoe")), (5, link(1)), (10, decline())];
    let undone = folded(acts().into_iter().chain([(20, unlink(1))]));

    assert_eq!(undone.cart.item_count(), 1);
    assert_eq!(count(&undone, SignalKind::PaymentDeclined), 1);
    assert_eq!(undone.event_count, 4);
}
