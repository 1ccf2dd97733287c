//! Each sign at its threshold, and each state at its edges. What holds for all timelines is in `properties`.

use domain::cart::CartParts;
use domain::fact::Ending;
use domain::moment::Progress;
use domain::order::{OrderState, ShipmentStatus};
use domain::phase::RiskPhase;
use domain::signal::{Signal, SignalKind};

use super::*;
use crate::event::{Browse, CheckoutAct, CheckoutStep, CostKind, FaultKind, OrderChange, PageKind};
use crate::samples::{
    add, ahead, at, config, cost, decline, event, exit, folded, folded_until, look, name, of_order,
    order, order_id, page, remove, search, shipment, step,
};

mod properties;
mod retail_rocket;
mod shipments;

const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;

fn signal(state: &State, kind: SignalKind) -> Option<Signal> {
    state.signals.iter().find(|signal| signal.kind == kind).copied()
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
    let found = [(0, search()), (10, search()), (15, look("shoe", None)), (20, search())];

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
    assert_eq!((seen.count, seen.dwell), (1, Duration::from_secs(100)));
    assert_eq!(seen.last_seen, at(60));
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
    assert_eq!((seen.last_seen, seen.dwell), (at(40), Duration::from_secs(35)));
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

    let seen: Vec<_> = state.signals.iter().map(|signal| (signal.kind, signal.count)).collect();
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
    assert_eq!(count(&folded_until(99, checkout()), SignalKind::CheckoutIdle), 0);
    let idle = signal(&folded_until(110, checkout()), SignalKind::CheckoutIdle).unwrap();
    assert_eq!((idle.last_seen, idle.dwell), (at(100), Duration::from_secs(100)));
}

#[test]
fn a_pause_between_two_events_is_the_same_as_one_after_the_last() {
    let state = folded([(0, add("shoe")), (300, search()), (600, search())]);

    let idle = signal(&state, SignalKind::CartIdle).unwrap();
    assert_eq!((idle.count, idle.dwell), (2, Duration::from_secs(600)));
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
        [(0, add("shoe")), (2 * HOUR, order("A-1")), (2 * HOUR, add("hat"))],
    );

    assert_eq!(state.ending(), Some(Ending::Ordered));
    assert_eq!(state.phase(), RiskPhase::PostClickAnxiety);
    assert_eq!(state.cart.item_count(), 1);
    assert_eq!(state.orders[&order_id("A-1")].state(), OrderState::Placed);
}

#[test]
fn nothing_that_sells_is_noted_after_the_order() {
    let state = folded_until(
        HOUR,
        [(0, add("shoe")), (10, order("A-1")), (20, exit()), (30, decline())],
    );

    assert_eq!(state.signals.iter().count(), 0);
}

#[test]
fn phases_follow_the_shopper() {
    let shop = [(0, add("shoe")), (5, step(CheckoutStep::Address)), (9, page(PageKind::Cart))];

    assert_eq!(folded(shop.clone()).phase(), RiskPhase::InformationBlock);
    assert_eq!(folded(shop).phase_reached, RiskPhase::TransactionalFriction);
    let policy = [(0, step(CheckoutStep::Address)), (5, page(PageKind::Policy))];
    assert_eq!(folded(policy).phase(), RiskPhase::TransactionalFriction);
    let waiting = || page(PageKind::OrderStatus);
    let anxious = folded([(0, waiting()), (9, waiting()), (60, waiting())]);
    assert_eq!(anxious.phase(), RiskPhase::PostClickAnxiety);
    assert_eq!(count(&anxious, SignalKind::OrderStatusRepeat), 1);
}

#[test]
fn a_version_of_the_cart_never_has_two_contents() {
    let mut seen = std::collections::HashMap::new();
    let acts = [(0, add("shoe")), (10, add("shoe")), (20, remove("shoe")), (30, remove("hat"))];
    // Every subset of the events may have come by the time somebody decides on the cart.
    for chosen in 1..16_u32 {
        let chosen = acts.iter().enumerate().filter(|(n, _)| chosen & (1 << n) != 0);
        let arrived: Vec<_> = chosen.map(|(_, act)| act.clone()).collect();
        let grown = folded(acts.clone());
        let state = folded(arrived.clone());
        assert!(state.cart.version() <= grown.cart.version());
        seen.insert(arrived.len(), CartParts::from(state.cart).version);
    }
    assert_eq!(seen.len(), 4);
    assert!(seen.iter().all(|(events, version)| u64::try_from(*events).unwrap() == *version));
}

#[test]
fn the_first_article_decides_the_currency() {
    let mut line = crate::samples::line("shoe", 100);
    line.unit_price = domain::money::Money::new(100, domain::money::Currency::EUR).unwrap();
    line.margin = None;
    let euros = Payload::Cart(crate::event::CartMove::Added(line));

    let state = folded([(0, euros), (1, add("hat"))]);

    assert_eq!(state.cart.currency().as_str(), "EUR");
    assert_eq!((state.cart.item_count(), state.cart.version()), (1, 2));
}

#[test]
fn progress_is_a_recent_step_without_trouble_since() {
    let settings = &config().signals;
    let acts = || [(0, add("shoe")), (10, step(CheckoutStep::Payment))];

    assert_eq!(folded(acts()).progress(at(69), settings), Progress::Progressing);
    assert_eq!(folded(acts()).progress(at(70), settings), Progress::Hesitating);
    let declined = folded([(0, add("shoe")), (10, step(CheckoutStep::Payment)), (12, decline())]);
    assert_eq!(declined.progress(at(13), settings), Progress::Hesitating);
    let attempt = Payload::Checkout(CheckoutAct::PaymentAttempted { method: name("card") });
    let again = folded([(0, add("shoe")), (12, decline()), (20, attempt)]);
    assert_eq!(again.progress(at(21), settings), Progress::Progressing);
    let bought = folded([(0, add("shoe")), (12, decline()), (20, order("A-1"))]);
    assert_eq!(bought.progress(at(HOUR), settings), Progress::Progressing);
}

#[test]
fn a_clock_that_is_ahead_is_remembered() {
    let events = [event(1, at(0), search()), ahead(event(2, at(9), search()), 7)];

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

    assert_eq!(state.orders[&order_id("A-1")].state(), OrderState::Cancelled);
    assert_eq!(count(&state, SignalKind::ShipmentStalled), 0);
}
