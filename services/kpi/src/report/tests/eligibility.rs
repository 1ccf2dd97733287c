//! Who and what counts: persons with an order to win, chats, first contacts, outreaches.

use domain::channel::Channel;
use domain::phase::RiskPhase;

use super::scenes::{Scene, question};
use super::*;

const AFTER_ORDER: RiskPhase = RiskPhase::PostClickAnxiety;
const CHECKOUT: RiskPhase = RiskPhase::TransactionalFriction;

#[test]
fn whoever_has_ordered_cannot_abandon_a_cart() {
    let mut scene = Scene::new();
    scene.person(1).assigned(Arm::Treatment).orders(usd(500));
    scene.person(2).assigned(Arm::Holdout);
    scene
        .person(3)
        .assigned_as(Arm::Treatment, Channel::Chat, AFTER_ORDER);
    scene
        .chat()
        .engaged()
        .wrapped(Resolution::Resolved)
        .survey(5);
    scene
        .person(4)
        .assigned_as(Arm::Holdout, Channel::Chat, AFTER_ORDER);

    let report = scene.report(&question());

    let arms = report.abandonment_reduction;
    assert_eq!((arms.treatment, arms.holdout), (ratio(0, 1), ratio(1, 1)));
    assert_eq!(report.recovered_revenue.treatment_n, 1);
    assert_eq!(report.mature, ratio(2, 2));
    assert_eq!(report.proactive_chat_conversion_rate, ratio(0, 0));
    assert_eq!(report.net_transaction_score.n, 0);
    assert_eq!(report.first_contact_resolution.declared, ratio(1, 1));
    assert_eq!((report.funnel.qualified, report.funnel.engaged), (4, 1));
    let planned = testkit::builders::bps(5_000);
    let reading = read_experiment(
        &scene.episodes(),
        &scenes::experiment(),
        planned,
        question().horizon,
    );
    assert_eq!(
        (reading.treatment, reading.holdout),
        (ratio(1, 1), ratio(0, 1))
    );
}

#[test]
fn a_call_is_no_chat() {
    let mut scene = Scene::new();
    scene
        .person(1)
        .assigned_as(Arm::Treatment, Channel::Call, CHECKOUT);
    scene
        .chat()
        .engaged()
        .wrapped(Resolution::Resolved)
        .orders(usd(900));

    let report = scene.report(&question());

    assert_eq!(report.proactive_chat_conversion_rate, ratio(0, 0));
    assert_eq!((report.funnel.engaged, report.funnel.ordered), (1, 1));
    assert_eq!(report.recovered_revenue.credited_revenue, Some(usd(900)));
}

#[test]
fn a_contact_that_changed_hands_is_no_first_contact() {
    let mut scene = Scene::new();
    for n in [1, 2] {
        scene.person(n).assigned(Arm::Treatment).chat().engaged();
        if n == 2 {
            scene.handed_on().engaged();
        }
        scene.wrapped(Resolution::Resolved).survey(5);
    }

    let report = scene.report(&question());

    let readings = report.first_contact_resolution;
    assert_eq!(readings.declared, ratio(1, 2));
    assert_eq!(readings.confirmed, ratio(1, 2));
    assert_eq!(readings.observed, ratio(1, 2));
    assert_eq!(report.funnel.conversations, 2);
}

#[test]
fn an_invitation_that_nobody_answers_can_cause_trouble_too() {
    let mut scene = Scene::new();
    for n in 1..=4 {
        scene.person(n).assigned(Arm::Treatment);
        if n < 4 {
            scene.shown();
        }
        if n == 1 {
            scene.contact(FollowUp::Undesirable, "is_this_a_scam");
        }
    }

    let report = scene.report(&question());

    assert_eq!(report.undesirable_follow_ups, ratio(1, 3));
}
