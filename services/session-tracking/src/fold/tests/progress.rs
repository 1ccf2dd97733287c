//! Whether a shopper moves ahead: the predicate that keeps us from interrupting.

use domain::moment::Progress::{self, Hesitating, Progressing};
use domain::time::later;
use proptest::prelude::*;

use super::properties::timeline;
use super::*;
use crate::event::CartMove;
use crate::samples::{config, order, sku};

fn progress(seconds: u64, acts: impl IntoIterator<Item = (u64, Payload)>) -> Progress {
    folded_until(seconds, acts).progress(at(seconds), &config().signals)
}

#[test]
fn progress_is_a_recent_step_without_trouble_since() {
    let settings = &config().signals;
    let acts = || [(0, add("shoe")), (10, step(CheckoutStep::Payment))];

    assert_eq!(folded(acts()).progress(at(69), settings), Progressing);
    assert_eq!(folded(acts()).progress(at(70), settings), Hesitating);
    let declined = folded([
        (0, add("shoe")),
        (10, step(CheckoutStep::Payment)),
        (12, decline()),
    ]);
    assert_eq!(declined.progress(at(13), settings), Hesitating);
    let attempt = Payload::Checkout(CheckoutAct::PaymentAttempted {
        method: name("card"),
    });
    let again = folded([(0, add("shoe")), (12, decline()), (20, attempt)]);
    assert_eq!(again.progress(at(21), settings), Progressing);
    let bought = folded([(0, add("shoe")), (12, decline()), (20, order("A-1"))]);
    assert_eq!(bought.progress(at(HOUR), settings), Progressing);
}

/// What leads towards an order, and what does not: the whole predicate, act by act.
#[test]
fn steps_towards_an_order_are_these() {
    let quantity = domain::cart::Quantity::new(2).unwrap();
    let attempt = CheckoutAct::PaymentAttempted {
        method: name("card"),
    };
    let coupon = CheckoutAct::CouponApplied {
        discount: crate::samples::usd(100),
    };
    for ahead in [
        page(PageKind::Cart),
        page(PageKind::Checkout),
        look("sofa", None),
        Payload::Browse(Browse::ProductConfigured(sku("sofa"))),
        add("shoe"),
        Payload::Cart(CartMove::Changed(sku("shoe"), quantity)),
        step(CheckoutStep::Delivery),
        Payload::Checkout(attempt),
        Payload::Checkout(coupon),
    ] {
        let acts = [(0, add("shoe")), (100, ahead.clone())];
        assert_eq!(progress(110, acts), Progressing, "{ahead:?}");
    }
    for aside in [
        page(PageKind::Browse),
        page(PageKind::Compare),
        page(PageKind::Policy),
        page(PageKind::Other),
        search(),
        faq(),
        Payload::Browse(Browse::HelpOpened),
        look("sofa", Some(9)),
        remove("shoe"),
        exit(),
    ] {
        let acts = [(0, add("shoe")), (100, aside.clone())];
        assert_eq!(progress(110, acts), Hesitating, "{aside:?}");
    }
}

#[test]
fn any_sign_of_friction_stops_a_shopper_until_the_next_step() {
    let coupon = CheckoutAct::CouponRejected { reason: None };
    for trouble in [
        decline(),
        exit(),
        fault(FaultKind::Error),
        fault(FaultKind::Slow),
        Payload::Checkout(coupon),
        Payload::Checkout(CheckoutAct::AddressEdited),
    ] {
        let acts = [(0, step(CheckoutStep::Address)), (5, trouble.clone())];
        assert_eq!(progress(6, acts.clone()), Hesitating, "{trouble:?}");
        let again = acts.into_iter().chain([(9, step(CheckoutStep::Payment))]);
        assert_eq!(progress(10, again), Progressing, "{trouble:?}");
    }
}

#[test]
fn after_the_order_only_trouble_with_it_stops_a_buyer() {
    let acts = || [(0, add("shoe")), (9, order("A-1"))];
    let regret = acts()
        .into_iter()
        .chain([(50, page(PageKind::CancelOrder))]);

    assert_eq!(progress(20 * HOUR, acts()), Progressing);
    assert_eq!(progress(60, regret), Hesitating);
}

proptest! {
    /// Progress is a promise about the near past: without news it does not outlast its window.
    #[test]
    fn progress_ends_by_itself(events in timeline(), wait in 60..100_000_u64) {
        let settings = &config().signals;
        let last = events.iter().map(|event| event.occurred_at).max().unwrap();
        let now = later(last, Duration::from_secs(wait));
        let state = State::fold(&events, settings).unwrap();
        let state = state.at(now, settings);

        let until = state.progress_until(settings);
        let expected = if until.is_some_and(|until| now < until) { Progressing } else { Hesitating };
        prop_assert_eq!(state.progress(now, settings), expected);
        prop_assert!(expected == Hesitating || state.phase() == RiskPhase::PostClickAnxiety);
    }
}
