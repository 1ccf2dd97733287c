//! What a changed session does to a decision.

use domain::consent::{Consents, Purpose};
use domain::moment::Page;
use domain::phase::RiskPhase;
use testkit::builders::{a_cart, a_consent};

use super::*;
use crate::config::PageChange;
use crate::decide::Order;
use crate::decide::tests::rules;
use crate::intervention::State;
use crate::store::tests::an_intervention;

fn unchanged(intervention: &Intervention) -> SessionNow {
    SessionNow {
        cart: a_cart().with_version(intervention.cart_version).build(),
        page: intervention.page.clone(),
        order: Order::None,
        consents: consents(Purpose::ProactiveHelp),
    }
}

fn consents(purpose: Purpose) -> Consents {
    [a_consent(Channel::Chat, purpose)].into_iter().collect()
}

fn after(change: impl FnOnce(&mut SessionNow)) -> Freshness {
    let intervention = an_intervention(1, State::Scheduled);
    let mut session = unchanged(&intervention);
    change(&mut session);
    judged(&intervention, Some(&session), &rules())
}

#[test]
fn an_unchanged_session_holds() {
    assert_eq!(after(|_| {}), Freshness::Fresh);
}

#[test]
fn an_order_a_new_cart_and_another_page_end_it() {
    let cart = a_cart().with_version(99).build();
    let stale = Freshness::Over(CancelReason::Stale);
    assert_eq!(
        after(|it| it.order = Order::Placed),
        Freshness::Over(CancelReason::Ordered)
    );
    assert_eq!(after(|it| it.cart = cart), stale);
    assert_eq!(after(|it| it.page = Page::parse("/cart").ok()), stale);
}

#[test]
fn another_page_may_be_tolerated_but_not_a_silent_one() {
    let intervention = an_intervention(1, State::Scheduled);
    let rules = Rules {
        page_change: PageChange::Tolerated,
        ..rules()
    };
    let on = |page| SessionNow {
        page: Page::parse(page).ok(),
        ..unchanged(&intervention)
    };

    let judge = |session: SessionNow| judged(&intervention, Some(&session), &rules);

    assert_eq!(judge(on("/cart")), Freshness::Fresh);
    assert_eq!(judge(on("/legal/imprint")), Freshness::NotNow);
}

#[test]
fn a_consent_that_was_taken_back_ends_it_and_so_does_an_erased_session() {
    let none = after(|it| it.consents = Consents::default());
    let other = after(|it| it.consents = consents(Purpose::OrderUpdates));
    let erased = judged(&an_intervention(1, State::Scheduled), None, &rules());

    let requested = Freshness::Over(CancelReason::Requested);
    assert_eq!([none, other, erased], [requested; 3]);
}

#[test]
fn after_the_order_an_order_ends_nothing_and_order_updates_are_enough() {
    let intervention = Intervention {
        phase: RiskPhase::PostClickAnxiety,
        ..an_intervention(1, State::Scheduled)
    };
    let session = SessionNow {
        order: Order::Placed,
        consents: consents(Purpose::OrderUpdates),
        ..unchanged(&intervention)
    };

    let judged = judged(&intervention, Some(&session), &rules());
    assert_eq!(judged, Freshness::Fresh);
}

#[test]
fn an_accepted_chat_outlives_a_change_of_cart_but_not_an_order() {
    let accepted = an_intervention(1, State::Accepted);
    let changed = SessionNow {
        cart: a_cart().with_version(99).build(),
        page: None,
        ..unchanged(&accepted)
    };
    let bought = SessionNow {
        order: Order::Placed,
        ..changed.clone()
    };

    let judge = |session: SessionNow| judged(&accepted, Some(&session), &rules());

    assert_eq!(judge(changed), Freshness::Fresh);
    assert_eq!(judge(bought), Freshness::Over(CancelReason::Ordered));
}

#[test]
fn a_call_to_make_outlives_the_page_but_not_the_cart() {
    let call = Intervention {
        channel: Channel::Call,
        ..an_intervention(1, State::Accepted)
    };
    let elsewhere = SessionNow {
        page: Page::parse("/legal/imprint").ok(),
        consents: [a_consent(Channel::Call, Purpose::ProactiveHelp)]
            .into_iter()
            .collect(),
        ..unchanged(&call)
    };
    let emptied = SessionNow {
        cart: a_cart().with_version(99).build(),
        ..elsewhere.clone()
    };

    let judge = |session: SessionNow| judged(&call, Some(&session), &rules());

    assert_eq!(judge(elsewhere), Freshness::Fresh);
    assert_eq!(judge(emptied), Freshness::Over(CancelReason::Stale));
}
