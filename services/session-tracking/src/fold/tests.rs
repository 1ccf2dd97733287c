//! Each sign at its threshold, and each state at its edges. What holds for all timelines is in `properties`.

use domain::signal::{Signal, SignalKind};

use super::*;
use crate::event::{Browse, CheckoutAct, CheckoutStep, CostKind, FaultKind, PageKind};
use crate::samples::{
    add, at, cost, decline, exit, folded, folded_until, look, name, page, remove, search, step,
};

mod after_the_order;
mod life;
mod names;
mod occurrences;
mod packing;
mod progress;
mod properties;
mod rees46;
mod retail_rocket;
mod shipments;
mod shocks;
mod trail;

const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;

fn signal(state: &State, kind: SignalKind) -> Option<Signal> {
    state
        .signals
        .noted()
        .find(|signal| signal.kind == kind)
        .copied()
}

/// How long a sign has lasted by so many seconds after the start.
fn length(state: &State, kind: SignalKind, seconds: u64) -> Duration {
    let mut signals = state.signals.iter_at(at(seconds));
    let signal = signals.find(|signal| signal.kind == kind).unwrap();
    signal.dwell
}

fn count(state: &State, kind: SignalKind) -> u32 {
    signal(state, kind).map_or(0, |signal| signal.count)
}

fn faq() -> Payload {
    let topic = name("returns");
    Payload::Browse(Browse::FaqViewed { topic })
}

fn form_error() -> Payload {
    let field = name("zip");
    Payload::Checkout(CheckoutAct::FormError { field })
}

fn fault(kind: FaultKind) -> Payload {
    let load_time = None;
    Payload::Browse(Browse::PageFault { kind, load_time })
}

#[test]
fn three_policy_views_in_five_minutes_are_a_hunt() {
    let hunt = [(0, faq()), (100, page(PageKind::Policy)), (300, faq())];
    let stroll = [(0, faq()), (100, page(PageKind::Policy)), (301, faq())];

    assert_eq!(count(&folded(hunt), SignalKind::PolicyHunting), 1);
    assert_eq!(count(&folded(stroll), SignalKind::PolicyHunting), 0);
}

#[test]
fn searches_that_open_nothing_are_a_loop() {
    let lost = [(0, search()), (10, search()), (20, search())];
    let found = [
        (0, search()),
        (10, search()),
        (15, look("shoe", None)),
        (20, search()),
    ];

    assert_eq!(count(&folded(lost), SignalKind::SearchLoop), 1);
    assert_eq!(count(&folded(found), SignalKind::SearchLoop), 0);
}

#[test]
fn comparing_again_and_again_is_a_doubt() {
    let compare = || page(PageKind::Compare);

    let state = folded([(0, compare()), (60, compare()), (120, compare())]);

    assert_eq!(count(&state, SignalKind::RepeatedCompare), 1);
}

#[test]
fn a_long_look_is_seen_while_it_lasts_and_grows() {
    let early = folded_until(59, [(0, look("sofa", None))]);
    let late = folded_until(100, [(0, look("sofa", None))]);

    assert_eq!(count(&early, SignalKind::LongDwellConfigurable), 0);
    let seen = signal(&late, SignalKind::LongDwellConfigurable).unwrap();
    assert_eq!((seen.count, seen.last_seen), (1, at(60)));
    let grown = length(&late, SignalKind::LongDwellConfigurable, 100);
    assert_eq!(grown, Duration::from_secs(100));
}

#[test]
fn a_look_told_on_entry_and_on_leaving_counts_once() {
    let both = folded([(0, look("sofa", None)), (90, look("sofa", Some(90)))]);
    let leaving_only = folded([(90, look("sofa", Some(90)))]);

    assert_eq!(count(&both, SignalKind::LongDwellConfigurable), 1);
    assert_eq!(count(&leaving_only, SignalKind::LongDwellConfigurable), 1);
}

#[test]
fn a_step_back_from_a_new_cost_is_a_shock() {
    let checkout = |back: u64| {
        [
            (0, add("shoe")),
            (10, step(CheckoutStep::Delivery)),
            (12, cost(CostKind::Shipping, 990)),
            (back, page(PageKind::Cart)),
        ]
    };

    assert_eq!(count(&folded(checkout(30)), SignalKind::ShippingShock), 1);
    let calm = folded([
        (0, add("shoe")),
        (10, cost(CostKind::Shipping, 990)),
        (35, step(CheckoutStep::Delivery)),
        (60, step(CheckoutStep::Payment)),
        (80, page(PageKind::Cart)),
    ]);
    assert_eq!(count(&calm, SignalKind::ShippingShock), 0);
}

#[test]
fn a_pause_after_a_new_cost_is_a_shock() {
    let reveal = || [(0, add("shoe")), (10, cost(CostKind::Tax, 400))];

    assert_eq!(count(&folded_until(39, reveal()), SignalKind::TaxShock), 0);
    let shocked = folded_until(45, reveal());
    let seen = signal(&shocked, SignalKind::TaxShock).unwrap();
    assert_eq!(seen.last_seen, at(40));
    let paused = length(&shocked, SignalKind::TaxShock, 45);
    assert_eq!(paused, Duration::from_secs(35));
}

#[test]
fn a_cost_that_was_expected_shocks_nobody() {
    let quiet = |payload: Payload| folded_until(60, [(0, add("shoe")), (10, payload)]);

    let free = quiet(cost(CostKind::Shipping, 0));
    let expected = quiet(cost(CostKind::Total, 5_000));
    let jump = quiet(cost(CostKind::Total, 5_990));

    assert_eq!(count(&free, SignalKind::ShippingShock), 0);
    assert_eq!(count(&expected, SignalKind::TotalShock), 0);
    assert_eq!(count(&jump, SignalKind::TotalShock), 1);
}

#[test]
fn friction_in_checkout_is_noted_as_it_comes() {
    let coupon = Payload::Checkout(CheckoutAct::CouponRejected { reason: None });
    let edit = Payload::Checkout(CheckoutAct::AddressEdited);
    let state = folded([
        (0, add("shoe")),
        (1, step(CheckoutStep::Address)),
        (2, edit),
        (3, coupon),
        (4, decline()),
        (5, decline()),
        (6, form_error()),
        (7, form_error()),
        (8, fault(FaultKind::Error)),
        (9, fault(FaultKind::Slow)),
        (10, exit()),
    ]);

    let seen: Vec<_> = state
        .signals
        .noted()
        .map(|signal| (signal.kind, signal.count))
        .collect();
    assert_eq!(
        seen,
        [
            (SignalKind::CouponRejected, 1),
            (SignalKind::PaymentDeclined, 2),
            (SignalKind::FormRetry, 1),
            (SignalKind::AddressEdited, 1),
            (SignalKind::PageFault, 1),
            (SignalKind::SlowPage, 1),
            (SignalKind::ExitIntent, 1),
        ]
    );
}

#[test]
fn idleness_is_noted_at_its_threshold_and_once_a_pause() {
    let cart = || [(0, add("shoe"))];
    let checkout = || [(0, add("shoe")), (10, step(CheckoutStep::Address))];

    assert_eq!(count(&folded_until(119, cart()), SignalKind::CartIdle), 0);
    assert_eq!(count(&folded_until(600, cart()), SignalKind::CartIdle), 1);
    assert_eq!(
        count(&folded_until(99, checkout()), SignalKind::CheckoutIdle),
        0
    );
    let state = folded_until(110, checkout());
    let idle = signal(&state, SignalKind::CheckoutIdle).unwrap();
    assert_eq!(idle.last_seen, at(100));
    let paused = length(&state, SignalKind::CheckoutIdle, 110);
    assert_eq!(paused, Duration::from_secs(100));
}

#[test]
fn a_pause_between_two_events_is_the_same_as_one_after_the_last() {
    let state = folded([(0, add("shoe")), (300, search()), (600, search())]);

    let idle = signal(&state, SignalKind::CartIdle).unwrap();
    assert_eq!((idle.count, idle.dwell), (2, Duration::from_mins(10)));
}

#[test]
fn an_empty_cart_is_never_idle() {
    let state = folded_until(10 * MINUTE, [(0, add("shoe")), (5, remove("shoe"))]);

    assert_eq!(count(&state, SignalKind::CartIdle), 0);
}

#[test]
fn fifteen_minutes_on_the_last_page_are_a_stall() {
    let review = || [(0, add("shoe")), (0, step(CheckoutStep::Review))];
    let busy = [
        (0, add("shoe")),
        (0, step(CheckoutStep::Review)),
        (10 * MINUTE, decline()),
    ];

    let early = folded_until(15 * MINUTE - 1, review());
    assert_eq!(count(&early, SignalKind::LastPageStall), 0);
    let late = folded_until(15 * MINUTE, busy);
    assert_eq!(count(&late, SignalKind::LastPageStall), 1);
}
