//! The steps that need no question to the world.

use domain::consent::ConsentState;
use domain::id::ShopperId;
use domain::moment::Progress;
use domain::time::later;
use proptest::prelude::*;
use testkit::builders::{a_cart, a_consent, usd};
use testkit::ids::nth;
use uuid::Uuid;

use super::*;

#[test]
fn a_hesitating_shopper_with_consent_comes_through() {
    let world = World::helpable();

    let Gate::Open { plays, steps } = world.gate() else {
        panic!("the gate is open");
    };

    assert_eq!(plays, [&world.plays[0]]);
    assert!(steps.iter().all(|step| step.verdict == Verdict::Passed));
}

#[test]
fn steps_are_told_in_the_order_in_which_they_are_taken() {
    let world = World::helpable();
    let Gate::Open { steps, .. } = world.gate() else {
        panic!("the gate is open");
    };

    let names: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();

    assert_eq!(
        names,
        [
            "order",
            "qualify",
            "dedupe",
            "assign",
            "kill_switch",
            "consent",
            "hours",
            "page",
            "caps",
            "cool_down",
            "contact",
            "progress",
            "freshness"
        ]
    );
}

#[test]
fn whoever_has_ordered_is_not_sold_to() {
    for moment in [
        a_helpable_moment().with_kind(MomentKind::OrderPlaced),
        a_helpable_moment().with_order("ORDER-1"),
    ] {
        let world = World::new(moment, vec![a_play("cost-shock", 500)]);
        assert!(matches!(
            world.gate(),
            Gate::Closed {
                closed: Closed::Ordered,
                ..
            }
        ));
    }
}

#[test]
fn a_play_qualifies_once_in_a_session() {
    let mut world = World::helpable();
    world
        .record
        .qualified_plays
        .insert(world.plays[0].id.clone());

    let Gate::Closed { closed, .. } = world.gate() else {
        panic!("closed");
    };

    let play = world.plays[0].id.clone();
    assert_eq!(closed, Closed::Duplicate { play });
}

#[test]
fn every_condition_of_a_play_must_hold() {
    let other_kind = World::new(
        a_helpable_moment().with_kind(MomentKind::CartAdded),
        vec![a_play("cost-shock", 500)],
    );
    let mut other_cause = World::helpable();
    other_cause.assessment.causes[0].cause = Cause::PromoCode;
    let mut unsure = World::helpable();
    unsure.assessment.causes[0].confidence = testkit::builders::probability(0.29);
    let mut at_ease = World::helpable();
    at_ease.assessment.abandonment = testkit::builders::probability(0.29);
    let mut just_arrived = World::helpable();
    just_arrived.moment.session_started_at = start();
    let mut small_cart = World::helpable();
    small_cart.plays[0].rule.min_cart_value = Some(usd(12_001));

    for world in [
        other_kind,
        other_cause,
        unsure,
        at_ease,
        just_arrived,
        small_cart,
    ] {
        assert!(matches!(
            world.gate(),
            Gate::Closed {
                closed: Closed::NotQualified,
                ..
            }
        ));
    }
}

#[test]
fn a_cart_value_counts_from_its_limit_on() {
    let mut world = World::helpable();
    world.moment.cart = a_cart().with_value(12_001).build();
    world.plays[0].rule.min_cart_value = Some(usd(12_001));

    assert!(world.reasons().is_empty());
}

#[test]
fn the_play_worth_most_is_named_and_equals_go_by_id() {
    let plays = vec![a_play("c", 500), a_play("b", 700), a_play("a", 500)];
    let world = World::new(a_helpable_moment(), plays);

    let Gate::Open { plays, .. } = world.gate() else {
        panic!("the gate is open");
    };

    let order: Vec<&str> = plays.iter().map(|play| play.id.as_str()).collect();
    assert_eq!(order, ["b", "a", "c"]);
}

#[test]
fn the_arm_is_drawn_before_anything_that_depends_on_the_hour_or_consent() {
    let mut world = World::helpable();
    world.plays[0] = held_out_by(10_000, world.plays[0].clone());
    world.moment.consents = domain::consent::Consents::default();
    world.rules.outreach = Outreach::Stopped;

    assert!(matches!(
        world.gate(),
        Gate::Withheld {
            how: Withheld::HeldOut,
            ..
        }
    ));
}

#[test]
fn a_person_keeps_the_arm_they_have_whatever_the_share_is_now() {
    let mut world = World::helpable();
    world.record.arm = Some(Arm::Holdout);
    assert!(matches!(
        world.gate(),
        Gate::Withheld {
            how: Withheld::HeldOut,
            ..
        }
    ));

    world.record.arm = Some(Arm::Treatment);
    world.plays[0] = held_out_by(10_000, world.plays[0].clone());
    assert!(world.reasons().is_empty());
}

#[test]
fn all_reasons_are_found_and_the_first_by_rank_is_primary() {
    let mut world = World::helpable();
    world.rules.outreach = Outreach::Stopped;
    world.moment.consents = domain::consent::Consents::default();
    world.assessment.progress = Progress::Progressing;
    world.record.contacts_in_window = 3;
    world.record.contact = Contact::Open;

    assert_eq!(
        world.reasons(),
        [
            BlockReason::KillSwitch,
            BlockReason::ConsentMissing,
            BlockReason::FrequencyCap,
            BlockReason::ExistingContact,
            BlockReason::Progressing,
        ]
    );
}

#[test]
fn a_cheaper_play_goes_on_when_the_best_is_blocked() {
    let mut world = World::helpable();
    world.plays.push(on(Channel::Call, a_play("call", 900)));
    world.moment.zone = None;

    let Gate::Open { plays, .. } = world.gate() else {
        panic!("the chat is open");
    };

    assert_eq!(plays, [&world.plays[0]]);
}

#[test]
fn a_withdrawn_or_half_given_consent_is_none() {
    for state in [
        ConsentState::Unknown,
        ConsentState::Requested,
        ConsentState::Withdrawn,
    ] {
        let mut consent = a_consent(Channel::Chat, Purpose::ProactiveHelp);
        consent.state = state;
        let moment = a_moment().with_consent(consent);
        let world = World::new(moment, vec![a_play("cost-shock", 500)]);

        assert_eq!(world.reasons(), [BlockReason::ConsentMissing], "{state}");
    }
}

#[test]
fn caps_and_cool_downs_hold_to_the_millisecond() {
    let mut world = World::helpable();
    world.record.contacts_in_window = 2;
    assert!(world.reasons().is_empty());
    world.record.contacts_in_window = 3;
    assert_eq!(world.reasons(), [BlockReason::FrequencyCap]);

    let mut world = World::helpable();
    world.record.quiet_until = Some(later(world.now, Duration::from_millis(1)));
    assert_eq!(world.reasons(), [BlockReason::CoolDown]);
    world.record.quiet_until = Some(world.now);
    assert!(world.reasons().is_empty());
}

#[test]
fn a_moment_holds_until_it_expires_and_no_longer() {
    let mut world = World::helpable();
    world.now = later(world.moment.expires_at, Duration::ZERO);
    assert_eq!(world.reasons(), [BlockReason::Stale]);

    world.now = domain::time::earlier(world.moment.expires_at, Duration::from_millis(1));
    assert!(world.reasons().is_empty());
}

#[test]
fn a_moment_that_a_later_one_has_overtaken_is_stale() {
    let mut world = World::helpable();
    world.record.newest_session_version = Some(world.moment.session_version + 1);

    assert_eq!(world.reasons(), [BlockReason::Stale]);
}

#[test]
fn nothing_is_shown_on_a_silent_page() {
    let moment = a_helpable_moment().with_page("/legal/terms");
    let world = World::new(moment, vec![a_play("cost-shock", 500)]);

    assert_eq!(world.reasons(), [BlockReason::Page]);
}

proptest! {
    #[test]
    fn the_order_in_which_plays_are_stored_changes_nothing(
        uplifts in proptest::collection::vec(0_u32..4, 1..6),
        rotation in 0_usize..6,
    ) {
        let plays: Vec<Play> = uplifts
            .iter()
            .enumerate()
            .map(|(index, uplift)| a_play(&format!("play-{index}"), *uplift))
            .collect();
        let world = World::new(a_helpable_moment(), plays.clone());
        let mut turned = plays;
        let middle = rotation % turned.len();
        turned.rotate_left(middle);
        let other = World { plays: turned, ..world.clone() };

        prop_assert_eq!(world.gate(), other.gate());
    }

    #[test]
    fn a_holdout_is_never_let_through(uuid: u128, share in 0_u32..=10_000, contacts in 0_u32..6) {
        let mut world = World::helpable();
        let shopper = ShopperId::from_uuid(Uuid::from_u128(uuid));
        world.moment.shopper = Some(shopper);
        world.plays[0] = held_out_by(share, world.plays[0].clone());
        world.record.contacts_in_window = contacts;
        let arm = Arm::assign(&world.rules.experiment, shopper.into(), bps(share));

        match world.gate() {
            Gate::Open { .. } => prop_assert_eq!(arm, Arm::Treatment),
            Gate::Withheld { how: Withheld::HeldOut, .. } => prop_assert_eq!(arm, Arm::Holdout),
            Gate::Withheld { how: Withheld::Blocked(_), .. } => prop_assert_eq!(arm, Arm::Treatment),
            Gate::Closed { .. } => prop_assert!(false, "the play matches"),
        }
    }
}

#[test]
fn a_visitor_is_drawn_as_such_until_the_shopper_is_known() {
    let mut world = World::helpable();
    world.plays[0] = held_out_by(5_000, world.plays[0].clone());
    let arm_now = |world: &World| match world.gate() {
        Gate::Withheld {
            how: Withheld::HeldOut,
            ..
        } => Arm::Holdout,
        Gate::Open { .. } | Gate::Withheld { .. } | Gate::Closed { .. } => Arm::Treatment,
    };
    for n in 1..50 {
        world.moment.shopper = Some(nth(n));
        let drawn = Arm::assign(&world.rules.experiment, world.moment.person(), bps(5_000));
        assert_eq!(arm_now(&world), drawn);
    }
}
