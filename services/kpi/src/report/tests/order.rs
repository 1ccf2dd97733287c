//! The invariant of this service: a report is a function of the set of facts. Stories told by chance are shuffled,
//! repeated and cut into portions, and every digit stays.

use std::time::Duration;

use domain::block::{Block, BlockReason};
use domain::experiment::Arm;
use domain::fact::{Fact, FactBody, FollowUp, InvitationAnswer, Pointless, Resolution};
use domain::id::PartnerId;
use proptest::prelude::*;
use testkit::builders::usd;

use super::scenes::{Scene, question};
use super::{Question, assemble};
use crate::episodes::Episodes;

/// One step of a story: which person, what happens, and a number to vary it.
type Step = (u64, u8, u8);

fn story(steps: &[Step]) -> Scene {
    let mut scene = Scene::new();
    for (person, step, number) in steps {
        scene
            .person(*person)
            .later(Duration::from_secs(u64::from(*number) * 40));
        if number % 3 > 0 {
            scene.of_partner(if number % 3 == 1 { "north" } else { "south" });
        }
        happen(&mut scene, *step, *number);
    }
    scene
}

fn happen(scene: &mut Scene, step: u8, number: u8) {
    let odd = number % 2 == 1;
    match step {
        0 | 1 => scene.assigned(if odd { Arm::Treatment } else { Arm::Holdout }),
        2 => scene.orders(usd(i64::from(number) * 997)),
        3 => scene
            .assigned(Arm::Treatment)
            .chat()
            .engaged()
            .wrapped(Resolution::Resolved)
            .survey(1 + number % 5),
        4 => scene.chat().engaged().wrapped_as(
            Resolution::Unresolved,
            if odd { Pointless::Yes } else { Pointless::No },
        ),
        5 => scene.contact(
            if odd {
                FollowUp::Undesirable
            } else {
                FollowUp::Unrelated
            },
            "unexpected_cost",
        ),
        6 => scene.shown().answered(if odd {
            InvitationAnswer::Accepted
        } else {
            InvitationAnswer::Ignored
        }),
        7 => scene.reserved(u64::from(number)),
        8 => {
            scene.blocked(Block::from_reasons([BlockReason::NoAgent, BlockReason::Budget]).unwrap())
        }
        _ => {
            let offer = scene.offer_held(usd(i64::from(number) * 10));
            if odd {
                scene.offer_redeemed(offer, usd(i64::from(number) * 9));
            } else {
                scene.offer(FactBody::OfferExpired {
                    offer,
                    amount: usd(1),
                });
            }
            scene
        }
    };
}

/// The facts of a story, each at the last full hour: many at one time, so that only their ids can tell them apart.
fn at_full_hours(scene: &Scene) -> Vec<Fact> {
    let start = question().window.from;
    let full_hour = |at| {
        let hours = domain::time::elapsed(start, at).as_secs() / 3_600;
        domain::time::later(start, Duration::from_hours(hours))
    };
    let facts = scene.facts().iter().cloned();
    let moved = facts.map(|fact| Fact {
        occurred_at: full_hour(fact.occurred_at),
        ..fact
    });
    moved.collect()
}

/// The report to its last digit.
fn digits(episodes: &Episodes, question: &Question) -> String {
    serde_json::to_string(&assemble(episodes, question).unwrap()).unwrap()
}

fn fold<'f>(facts: impl IntoIterator<Item = &'f Fact>) -> Episodes {
    let mut episodes = Episodes::default();
    for fact in facts {
        episodes.add(fact);
    }
    episodes
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec((0_u64..12, 0_u8..10, any::<u8>()), 1..80)
}

proptest! {
    #[test]
    fn order_and_repetition_change_no_digit(
        (facts, shuffled) in steps().prop_map(|steps| at_full_hours(&story(&steps))).prop_flat_map(|facts| {
            let repeated = facts.iter().cloned().chain(facts.iter().step_by(3).cloned()).collect::<Vec<_>>();
            (Just(facts), Just(repeated).prop_shuffle())
        })
    ) {
        let (in_order, in_disorder) = (fold(&facts), fold(&shuffled));

        prop_assert_eq!(&in_order, &in_disorder);
        prop_assert_eq!(digits(&in_order, &question()), digits(&in_disorder, &question()));
    }

    #[test]
    fn partners_together_have_no_more_than_the_whole(steps in steps()) {
        let episodes = fold(story(&steps).facts());
        let of = |partner: &str| {
            let partner = Some(PartnerId::parse(partner).unwrap());
            assemble(&episodes, &Question { partner, ..question() }).unwrap()
        };
        let (all, north, south) = (assemble(&episodes, &question()).unwrap(), of("north"), of("south"));

        prop_assert!(north.funnel.engaged + south.funnel.engaged <= all.funnel.engaged);
        prop_assert!(north.funnel.reservations + south.funnel.reservations <= all.funnel.reservations);
        prop_assert!(north.offers.held + south.offers.held <= all.offers.held);
        prop_assert_eq!(north.abandonment_reduction.treatment.denominator, 0);
    }

    #[test]
    fn windows_add_up(steps in steps(), cut in 1_u64..86_400) {
        let episodes = fold(story(&steps).facts());
        let whole = question();
        let middle = domain::time::later(whole.window.from, Duration::from_secs(cut));
        let part = |from, until| {
            let window = super::Window { from, until };
            assemble(&episodes, &Question { window, ..question() }).unwrap().funnel
        };
        let (one, two, all) = (
            part(whole.window.from, middle),
            part(middle, whole.window.until),
            part(whole.window.from, whole.window.until),
        );

        prop_assert_eq!(one.qualified + two.qualified, all.qualified);
        prop_assert_eq!(one.shown + two.shown, all.shown);
        prop_assert_eq!(one.engaged + two.engaged, all.engaged);
        prop_assert_eq!(one.reservations + two.reservations, all.reservations);
    }
}
