//! Signs that are counted: each at its threshold, below it, and outside its window.

use super::*;
use crate::event::CartMove;
use crate::samples::{config, line, order, timeline};

/// A sign, what makes it, how many of that, and within how many seconds.
type Row = (SignalKind, Payload, u64, u64);

fn table() -> Vec<Row> {
    let coupon = CheckoutAct::CouponRejected { reason: None };
    let edit = CheckoutAct::AddressEdited;
    vec![
        (SignalKind::PolicyHunting, faq(), 3, 300),
        (SignalKind::PolicyHunting, page(PageKind::Policy), 3, 300),
        (SignalKind::RepeatedCompare, page(PageKind::Compare), 3, 600),
        (SignalKind::SearchLoop, search(), 3, 300),
        (SignalKind::FormRetry, form_error(), 2, 180),
        (
            SignalKind::CouponRejected,
            Payload::Checkout(coupon),
            1,
            600,
        ),
        (SignalKind::PaymentDeclined, decline(), 1, 600),
        (SignalKind::AddressEdited, Payload::Checkout(edit), 1, 600),
        (SignalKind::PageFault, fault(FaultKind::Error), 1, 600),
        (SignalKind::SlowPage, fault(FaultKind::Slow), 1, 600),
        (SignalKind::ExitIntent, exit(), 1, 600),
        (
            SignalKind::OrderStatusRepeat,
            page(PageKind::OrderStatus),
            3,
            86_400,
        ),
        (
            SignalKind::CancelPageViewed,
            page(PageKind::CancelOrder),
            1,
            86_400,
        ),
    ]
}

/// So many of one act, the first at the start and the last after so many seconds.
fn spread(act: &Payload, times: u64, seconds: u64) -> State {
    let gaps = times.saturating_sub(1).max(1);
    folded((0..times).map(|n| (seconds * n / gaps, act.clone())))
}

#[test]
fn as_many_as_the_threshold_within_the_window_are_a_sign() {
    for (kind, act, times, seconds) in table() {
        assert_eq!(count(&spread(&act, times, seconds), kind), 1, "{kind}");
        assert_eq!(count(&spread(&act, 2 * times, 1), kind), 2, "{kind} again");
    }
}

#[test]
fn fewer_or_slower_ones_are_none() {
    for (kind, act, times, seconds) in table().into_iter().filter(|(_, _, times, _)| *times > 1) {
        assert_eq!(count(&spread(&act, times - 1, 1), kind), 0, "fewer: {kind}");
        let slower = spread(&act, times, seconds + 1);
        assert_eq!(count(&slower, kind), 0, "slower: {kind}");
    }
}

#[test]
fn every_threshold_is_a_setting() {
    let mut settings = config().signals.clone();
    for times in [
        &mut settings.policy_views,
        &mut settings.compare_views,
        &mut settings.search_count,
        &mut settings.form_errors,
        &mut settings.coupon_rejections,
        &mut settings.payment_declines,
        &mut settings.address_edits,
        &mut settings.page_faults,
        &mut settings.slow_pages,
        &mut settings.exit_intents,
        &mut settings.order_status_views,
        &mut settings.cancel_page_views,
    ] {
        *times = 5;
    }
    for (kind, act, _, _) in table() {
        let seen = |times: u64| {
            let events = timeline((0..times).map(|n| (n, act.clone())));
            count(&State::fold(&events, &settings).unwrap(), kind)
        };
        assert_eq!([4, 5].map(seen), [0, 1], "{kind}");
    }
}

#[test]
fn a_page_is_slow_from_its_limit_on() {
    let slow = |millis: Option<u64>| {
        let load_time = millis.map(Duration::from_millis);
        let kind = FaultKind::Slow;
        let fault = Payload::Browse(Browse::PageFault { kind, load_time });
        count(&folded([(0, fault)]), SignalKind::SlowPage)
    };

    assert_eq!([Some(2_999), Some(3_000), None].map(slow), [0, 1, 1]);
}

#[test]
fn what_would_sell_is_not_counted_after_the_order() {
    for (kind, act, times, _) in table() {
        let acts = (1..=times).map(|n| (n, act.clone()));
        let state = folded([(0, order("A-1"))].into_iter().chain(acts));

        let expected = u32::from(kind.phase() == RiskPhase::PostClickAnxiety);
        assert_eq!(count(&state, kind), expected, "{kind}");
    }
}

#[test]
fn taking_a_product_ends_a_search() {
    let taken = Payload::Cart(CartMove::Added(line("shoe", 100)));
    let acts = [(0, search()), (1, search()), (2, taken), (3, search())];

    assert_eq!(count(&folded(acts), SignalKind::SearchLoop), 0);
}
