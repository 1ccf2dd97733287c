//! What a changed session does to a decision.

use domain::consent::Consents;
use domain::moment::Page;
use testkit::builders::{a_cart, a_consent, bps};

use super::*;
use crate::decide::tests::rules;
use crate::intervention::State;
use crate::store::tests::an_intervention;

fn unchanged(intervention: &Intervention) -> SessionNow {
    SessionNow {
        cart: a_cart().with_version(intervention.cart_version).build(),
        page: intervention.page.clone(),
        ordered: false,
        consents: consents(Purpose::ProactiveHelp),
    }
}

fn consents(purpose: Purpose) -> Consents {
    [a_consent(Channel::Chat, purpose)].into_iter().collect()
}

fn judged(change: impl FnOnce(&mut SessionNow)) -> Option<CancelReason> {
    let intervention = an_intervention(1, State::Scheduled);
    let mut session = unchanged(&intervention);
    change(&mut session);
    overtaken_by(&intervention, Some(&session), &rules())
}

#[test]
fn an_unchanged_session_holds() {
    assert_eq!(judged(|_| {}), None);
}

#[test]
fn an_order_a_new_cart_and_another_page_end_it() {
    let cart = a_cart().with_version(99).build();
    assert_eq!(judged(|it| it.ordered = true), Some(CancelReason::Ordered));
    assert_eq!(judged(|it| it.cart = cart), Some(CancelReason::Stale));
    assert_eq!(
        judged(|it| it.page = Page::parse("/cart").ok()),
        Some(CancelReason::Stale)
    );
}

#[test]
fn another_page_may_be_tolerated() {
    let intervention = an_intervention(1, State::Scheduled);
    let session = SessionNow {
        page: None,
        ..unchanged(&intervention)
    };
    let rules = Rules {
        page_change: PageChange::Tolerated,
        holdout: bps(0),
        ..rules()
    };

    assert_eq!(overtaken_by(&intervention, Some(&session), &rules), None);
}

#[test]
fn a_consent_that_was_taken_back_ends_it_and_so_does_an_erased_session() {
    let none = judged(|it| it.consents = Consents::default());
    let other = judged(|it| it.consents = consents(Purpose::OrderUpdates));
    let erased = overtaken_by(&an_intervention(1, State::Scheduled), None, &rules());

    assert_eq!([none, other, erased], [Some(CancelReason::Requested); 3]);
}

#[test]
fn after_the_order_an_order_ends_nothing_and_order_updates_are_enough() {
    let intervention = Intervention {
        phase: RiskPhase::PostClickAnxiety,
        ..an_intervention(1, State::Scheduled)
    };
    let session = SessionNow {
        ordered: true,
        consents: consents(Purpose::OrderUpdates),
        ..unchanged(&intervention)
    };

    assert_eq!(overtaken_by(&intervention, Some(&session), &rules()), None);
}

#[test]
fn an_accepted_contact_outlives_a_change_of_cart_but_not_an_order() {
    let accepted = an_intervention(1, State::Accepted);
    let changed = SessionNow {
        cart: a_cart().with_version(99).build(),
        page: None,
        ..unchanged(&accepted)
    };
    let bought = SessionNow {
        ordered: true,
        ..changed.clone()
    };

    assert_eq!(overtaken_by(&accepted, Some(&changed), &rules()), None);
    assert_eq!(
        overtaken_by(&accepted, Some(&bought), &rules()),
        Some(CancelReason::Ordered)
    );
}
