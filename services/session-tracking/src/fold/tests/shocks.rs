//! The first sight of shipping, tax and total, and what followed.

use super::*;
use crate::samples::{config, order, timeline};

const COSTS: [(CostKind, SignalKind); 3] = [
    (CostKind::Shipping, SignalKind::ShippingShock),
    (CostKind::Tax, SignalKind::TaxShock),
    (CostKind::Total, SignalKind::TotalShock),
];

/// Ten seconds after the checkout was entered a cost is seen, of which the cart told nothing.
fn seen(kind: CostKind) -> [(u64, Payload); 3] {
    [
        (0, add("shoe")),
        (0, step(CheckoutStep::Delivery)),
        (10, cost(kind, 6_990)),
    ]
}

fn then(kind: CostKind, acts: impl IntoIterator<Item = (u64, Payload)>) -> State {
    folded(seen(kind).into_iter().chain(acts))
}

#[test]
fn whoever_turns_back_from_a_cost_was_shocked() {
    for (kind, shock) in COSTS {
        for back in [
            page(PageKind::Cart),
            page(PageKind::Browse),
            page(PageKind::Compare),
            look("hat", None),
            search(),
            remove("shoe"),
            exit(),
        ] {
            let state = then(kind, [(30, back.clone())]);
            assert_eq!(count(&state, shock), 1, "{shock} by {back:?}");
            let other = COSTS.iter().filter(|(_, other)| *other != shock);
            assert!(
                other
                    .into_iter()
                    .all(|(_, other)| count(&state, *other) == 0)
            );
        }
    }
}

#[test]
fn whoever_goes_on_was_not() {
    let pay = || {
        let method = name("card");
        Payload::Checkout(CheckoutAct::PaymentAttempted { method })
    };
    for (kind, shock) in COSTS {
        let on = then(kind, [(30, step(CheckoutStep::Payment)), (50, pay())]);
        let late = then(kind, [(30, pay()), (55, pay()), (71, page(PageKind::Cart))]);
        let bought = then(kind, [(30, pay()), (40, order("A-1")), (90, exit())]);
        for state in [on, late, bought] {
            assert_eq!(count(&state, shock), 0, "{shock}");
        }
    }
}

#[test]
fn a_pause_that_begins_at_the_cost_is_as_long_as_it_lasts() {
    for (kind, shock) in COSTS {
        assert_eq!(count(&folded_until(39, seen(kind)), shock), 0, "{shock}");
        let paused = folded_until(40, seen(kind));
        assert_eq!(count(&paused, shock), 1, "{shock}");
        assert_eq!(length(&paused, shock, 75), Duration::from_secs(65));
        let back = then(kind, [(75, page(PageKind::Cart)), (900, search())]);
        assert_eq!(length(&back, shock, 900), Duration::from_secs(65));
        assert_eq!(count(&back, shock), 1, "the step back is the same shock");
    }
}

#[test]
fn only_the_first_sight_of_a_cost_counts() {
    let again = cost(CostKind::Shipping, 6_990);
    let calm = [20, 40, 60, 80].map(|seconds| (seconds, step(CheckoutStep::Payment)));
    let acts = calm
        .into_iter()
        .chain([(100, again), (105, page(PageKind::Cart))]);

    let state = then(CostKind::Shipping, acts);

    assert_eq!(count(&state, SignalKind::ShippingShock), 0);
}

#[test]
fn how_long_a_shock_may_take_is_a_setting() {
    let mut settings = config().signals.clone();
    settings.shock_window = Duration::from_secs(15);
    let back = |seconds: u64| {
        let acts = seen(CostKind::Tax).into_iter().chain([(seconds, exit())]);
        count(
            &State::fold(&timeline(acts), &settings).unwrap(),
            SignalKind::TaxShock,
        )
    };

    assert_eq!([25, 26].map(back), [1, 0]);
}
