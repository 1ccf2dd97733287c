//! Reports by hand: small sets of facts whose figures can be counted with a finger.

mod eligibility;
mod order;
mod scenes;

use std::time::Duration;

use domain::block::{Block, BlockReason};
use domain::experiment::Arm;
use domain::fact::{FactBody, FollowUp, InvitationAnswer, Pointless, Resolution};
use domain::id::PartnerId;
use domain::money::Currency;
use testkit::builders::usd;

use super::*;
use crate::formulas::Ratio;
use scenes::{Scene, question};

fn ratio(numerator: u64, denominator: u64) -> Ratio {
    Ratio {
        numerator,
        denominator,
    }
}

#[test]
fn the_example_of_the_definitions_comes_out_of_ten_thousand_persons() {
    let mut scene = Scene::new();
    for n in 0..10_000 {
        let (arm, buys) = if n < 9_000 {
            (Arm::Treatment, n < 3_060)
        } else {
            (Arm::Holdout, n < 9_300)
        };
        scene.person(n).assigned(arm);
        if buys {
            scene.orders(usd(10_000));
        }
    }

    let report = scene.report(&question());

    let reduction = report.abandonment_reduction;
    assert_eq!(
        (reduction.treatment, reduction.holdout),
        (ratio(5_940, 9_000), ratio(700, 1_000))
    );
    assert!((reduction.rate.unwrap() - 0.057).abs() < 5e-4);
    let interval = reduction.rate_interval.unwrap();
    assert!((interval.low - 0.016).abs() < 5e-4 && (interval.high - 0.097).abs() < 5e-4);
    assert!((reduction.difference.unwrap() - 0.04).abs() < 1e-12);
    assert!((reduction.prevented_count.unwrap() - 360.0).abs() < 1e-6);
    let revenue = report.recovered_revenue;
    assert_eq!(revenue.treatment_revenue, Some(usd(30_600_000)));
    assert!((revenue.incremental_minor_units.unwrap() - 3_600_000.0).abs() < 1e-3);
}

#[test]
fn several_chats_of_one_person_are_one_episode() {
    let mut scene = Scene::new();
    scene.person(1).assigned(Arm::Treatment);
    scene.chat().engaged().wrapped(Resolution::Resolved);
    scene
        .later(Duration::from_mins(10))
        .chat()
        .engaged()
        .wrapped(Resolution::Resolved);
    scene.orders(usd(5_000));
    scene.person(2).assigned(Arm::Treatment);
    scene.chat().engaged().wrapped(Resolution::Unresolved);

    let report = scene.report(&question());

    assert_eq!(report.proactive_chat_conversion_rate, ratio(1, 2));
    assert_eq!((report.funnel.engaged, report.funnel.ordered), (3, 1));
    assert_eq!(report.recovered_revenue.credited_revenue, Some(usd(5_000)));
    assert_eq!(report.first_contact_resolution.declared, ratio(2, 3));
}

#[test]
fn a_contact_on_the_same_issue_undoes_a_resolution() {
    let mut scene = Scene::new();
    for (n, follow_up, issue) in [
        (1, FollowUp::Undesirable, "anything"),
        (2, FollowUp::Desirable, "unexpected_cost"),
        (3, FollowUp::Unrelated, "unexpected_cost"),
        (4, FollowUp::Unrelated, "opening_hours"),
    ] {
        scene.person(n).assigned(Arm::Treatment);
        scene.chat().engaged().wrapped(Resolution::Resolved);
        scene
            .later(Duration::from_mins(1))
            .contact(follow_up, issue);
    }

    let report = scene.report(&question());

    assert_eq!(report.first_contact_resolution.declared, ratio(4, 4));
    assert_eq!(report.first_contact_resolution.observed, ratio(2, 4));
    assert_eq!(report.undesirable_follow_ups, ratio(1, 4));
}

#[test]
fn silence_is_no_resolution_before_its_time() {
    let mut scene = Scene::new();
    scene.person(1).assigned(Arm::Treatment);
    scene.chat().engaged().wrapped(Resolution::Resolved);
    let early = Question {
        as_of: scene.now(),
        ..question()
    };

    let report = scene.report(&early);

    assert_eq!(report.first_contact_resolution.observed, ratio(0, 0));
    assert_eq!(report.mature, ratio(0, 1));
    assert_eq!(
        scene.report(&question()).first_contact_resolution.observed,
        ratio(1, 1)
    );
}

#[test]
fn the_funnel_counts_interventions_by_step() {
    let mut scene = Scene::new();
    scene.person(1).assigned(Arm::Treatment);
    scene
        .shown()
        .answered(InvitationAnswer::Accepted)
        .reserved(200);
    scene.chat().engaged().wrapped(Resolution::Resolved);
    scene
        .person(2)
        .assigned(Arm::Treatment)
        .shown()
        .answered(InvitationAnswer::Declined);
    scene.person(3).assigned(Arm::Holdout);
    let block = Block::from_reasons([BlockReason::NoAgent, BlockReason::Pacing]).unwrap();
    scene.person(4).assigned(Arm::Treatment).blocked(block);

    let funnel = scene.report(&question()).funnel;

    assert_eq!(
        (funnel.qualified, funnel.held_out, funnel.blocked),
        (4, 1, 1)
    );
    assert_eq!(
        (
            funnel.shown,
            funnel.accepted,
            funnel.declined,
            funnel.ignored
        ),
        (2, 1, 1, 0)
    );
    assert_eq!(
        (funnel.reservations, funnel.conversations, funnel.resolved),
        (1, 1, 1)
    );
    assert_eq!(
        funnel.event_to_reservation.p95,
        Some(Duration::from_millis(200))
    );
    let reasons = scene.report(&question()).block_reasons;
    let counts: Vec<_> = reasons
        .iter()
        .map(|row| (row.reason, row.primary_count, row.other_count))
        .collect();
    assert_eq!(
        counts,
        [(BlockReason::NoAgent, 1, 0), (BlockReason::Pacing, 0, 1)]
    );
}

#[test]
fn quantiles_are_times_that_occurred() {
    let mut scene = Scene::new();
    for n in 1..=100 {
        scene.person(n).assigned(Arm::Treatment).reserved(n * 10);
    }

    let latency = scene.report(&question()).funnel.event_to_reservation;

    let millis = |at: Option<Duration>| at.unwrap().as_millis();
    assert_eq!(
        (
            millis(latency.p50),
            millis(latency.p95),
            millis(latency.p99)
        ),
        (500, 950, 990)
    );
}

#[test]
fn a_partner_sees_its_own_conversations_and_no_arms() {
    let mut scene = Scene::new();
    for (n, partner) in [(1, "north"), (2, "north"), (3, "south")] {
        scene.person(n).assigned(Arm::Treatment).of_partner(partner);
        scene
            .chat()
            .engaged()
            .wrapped(Resolution::Resolved)
            .orders(usd(1_000));
    }
    scene.person(4).assigned(Arm::Holdout);
    let own = |name| Question {
        partner: Some(PartnerId::parse(name).unwrap()),
        ..question()
    };

    let (north, south) = (scene.report(&own("north")), scene.report(&own("south")));

    assert_eq!(north.proactive_chat_conversion_rate, ratio(2, 2));
    assert_eq!(south.proactive_chat_conversion_rate, ratio(1, 1));
    assert_eq!(south.recovered_revenue.credited_revenue, Some(usd(1_000)));
    assert_eq!(north.abandonment_reduction.treatment, ratio(0, 0));
    assert_eq!(north.recovered_revenue.treatment_n, 0);
    assert_eq!(
        scene.report(&own("east")).funnel,
        scene.report(&own("west")).funnel
    );
}

#[test]
fn scores_are_shown_from_thirty_answers_on() {
    let mut scene = Scene::new();
    for n in 0..29 {
        scene.person(n).assigned(Arm::Treatment);
        scene
            .chat()
            .engaged()
            .wrapped(Resolution::Resolved)
            .survey(if n < 19 { 5 } else { 1 });
    }
    assert_eq!(scene.report(&question()).net_transaction_score.score, None);

    scene.person(29).assigned(Arm::Treatment);
    scene
        .chat()
        .engaged()
        .wrapped(Resolution::Resolved)
        .survey(5)
        .orders(usd(100));

    let score = scene.report(&question()).net_transaction_score;
    assert_eq!((score.n, score.answers), (30, [10, 0, 0, 0, 20]));
    assert!((score.score.unwrap() - 100.0 / 3.0).abs() < 1e-9);
    assert_eq!(score.response_rate, ratio(30, 30));
    assert!(score.correlation_with_order.unwrap() > 0.0);
    assert_eq!(score.buyers_less_others, None);
}

#[test]
fn pointless_contacts_are_counted_out_of_wrapped_ones() {
    let mut scene = Scene::new();
    for (n, pointless) in [(1, Pointless::Yes), (2, Pointless::No)] {
        scene.person(n).assigned(Arm::Treatment);
        scene
            .chat()
            .engaged()
            .wrapped_as(Resolution::Unresolved, pointless);
    }

    assert_eq!(scene.report(&question()).pointless_contacts, ratio(1, 2));
}

#[test]
fn offers_belong_to_the_window_of_their_hold() {
    let mut scene = Scene::new();
    scene.person(1).assigned(Arm::Treatment);
    let (used, back) = (scene.offer_held(usd(700)), scene.offer_held(usd(300)));
    scene.offer(FactBody::OfferReleased {
        offer: back,
        amount: usd(300),
    });
    scene.offer_redeemed(used, usd(650));
    scene.later(Duration::from_hours(48));
    scene.offer(FactBody::OfferReversed {
        offer: used,
        amount: usd(150),
    });

    let offers = scene.report(&question()).offers;

    assert_eq!(
        (
            offers.held,
            offers.released,
            offers.redeemed,
            offers.reversed
        ),
        (2, 1, 1, 1)
    );
    assert_eq!(offers.held_amount, Some(usd(1_000)));
    assert_eq!(offers.redeemed_amount, Some(usd(500)));
}

#[test]
fn amounts_in_several_currencies_need_a_choice() {
    let mut scene = Scene::new();
    let euros = |minor_units| Money::new(minor_units, Currency::EUR).unwrap();
    scene
        .person(1)
        .assigned(Arm::Treatment)
        .orders(usd(100))
        .orders(euros(70));

    let report = assemble(&scene.episodes(), &question());
    assert_eq!(report, Err(AmbiguousCurrency));

    let in_euros = Question {
        currency: Some(Currency::EUR),
        ..question()
    };
    assert_eq!(
        scene.report(&in_euros).recovered_revenue.treatment_revenue,
        Some(euros(70))
    );
}

#[test]
fn an_experiment_with_a_broken_split_is_not_trusted() {
    let read = |held_out: u64| {
        let mut scene = Scene::new();
        for n in 0..1_000 {
            let arm = if n < held_out {
                Arm::Holdout
            } else {
                Arm::Treatment
            };
            scene.person(n).assigned(arm);
        }
        let planned = testkit::builders::bps(1_000);
        read_experiment(
            &scene.episodes(),
            &scenes::experiment(),
            planned,
            question().horizon,
        )
    };

    assert!(read(105).is_trusted());
    assert!(!read(60).is_trusted());
    assert_eq!(read(100).lift, Some(0.0));
    assert_eq!(read(100).needed_per_arm, None);
}

#[test]
fn reports_that_differ_in_one_bit_name_the_figure() {
    let mut scene = Scene::new();
    scene.person(1).assigned(Arm::Treatment);
    scene.person(2).assigned(Arm::Holdout);
    let report = scene.report(&question());
    let mut other = report.clone();
    other.abandonment_reduction.rate = Some(f64::EPSILON);
    other.funnel.shown += 1;

    let differing = differing_figures(&report, &other).unwrap();

    assert_eq!(differing, ["abandonment_reduction.rate", "funnel.shown"]);
    assert!(differing_figures(&report, &report).unwrap().is_empty());
}
