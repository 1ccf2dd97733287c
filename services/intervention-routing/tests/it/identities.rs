//! A person is one person under every name: what one was shown, or said no to, counts for the other.

use std::time::Duration;

use domain::experiment::Arm;
use domain::id::{ExperimentId, PersonId, ShopperId, VisitorId};
use domain::moment::Moment;
use domain::money::BasisPoints;
use platform::clock::Clock;
use proto::block::v1::BlockReason;
use proto::fact::v1::{Arm as WireArm, CancelReason};
use proto::routing::v1::InterventionState;
use proto::routing::v1::watch_invitations_response::Update;
use testkit::ids::nth;

use crate::desks::OpenDesk;
use crate::propose::{assert_blocked, made};
use crate::storefronts::invite;
use crate::world::{World, moment_of};

const HALF: u32 = 5_000;

/// The first visitor, known as the shopper 9,000.
fn logged_in() -> Moment {
    moment_of(1).with_shopper(nth(9_000)).build()
}

/// The first visitor in a later session, whom nobody knows.
fn logged_out(world: &World) -> Moment {
    moment_of(2)
        .with_visitor(nth(3_001))
        .with_occurred_at(world.clock.now())
        .build()
}

#[tokio::test]
async fn a_shopper_who_declined_is_left_alone_after_logging_out() {
    let mut world = World::start().await;
    let _ana = OpenDesk::open(&world, "ana", 2).await;
    let mut invited = invite(&world, &logged_in()).await;
    let invitation = invited.invitation.clone();
    invited.page.decline(&invitation).await.unwrap();

    let answer = world.propose(&logged_out(&world)).await;

    assert_blocked(&answer, BlockReason::CoolDown);
    world.stop().await;
}

#[tokio::test]
async fn a_contact_counts_toward_the_cap_after_logging_out() {
    let mut world = World::with(|config| {
        config.rules.contact_cap = 1;
        config.desks.silent_after_ms = 600_000;
    })
    .await;
    let _ana = OpenDesk::open(&world, "ana", 2).await;
    let mut invited = invite(&world, &logged_in()).await;
    world.pass(Duration::from_mins(2));
    let ignored = invited.page.next().await.unwrap();
    assert!(matches!(ignored, Update::Withdrawn(_)));

    let answer = world.propose(&logged_out(&world)).await;

    assert_blocked(&answer, BlockReason::FrequencyCap);
    world.stop().await;
}

#[tokio::test]
async fn a_person_has_one_open_contact_also_after_logging_out() {
    let mut world = World::start().await;
    let _ana = OpenDesk::open(&world, "ana", 2).await;
    let _invited = invite(&world, &logged_in()).await;

    let answer = world.propose(&logged_out(&world)).await;

    assert_blocked(&answer, BlockReason::ExistingContact);
    world.stop().await;
}

/// A shopper who is held out, and a visitor who is not, when half are.
fn of_either_arm() -> (ShopperId, VisitorId) {
    let experiment = ExperimentId::parse("proactive-help").unwrap();
    let share = BasisPoints::new(HALF).unwrap();
    let in_arm = |arm, person| Arm::assign(&experiment, person, share) == arm;
    let held_out = (1..1_000)
        .map(nth)
        .find(|it| in_arm(Arm::Holdout, PersonId::Shopper(*it)));
    let treated = (1..1_000)
        .map(nth)
        .find(|it| in_arm(Arm::Treatment, PersonId::Visitor(*it)));
    (held_out.unwrap(), treated.unwrap())
}

#[tokio::test]
async fn an_invitation_ends_when_its_visitor_turns_out_to_be_held_out() {
    let mut world = World::with(|config| {
        config.rules.holdout_bps = BasisPoints::new(HALF).unwrap();
    })
    .await;
    let _ana = OpenDesk::open(&world, "ana", 2).await;
    let (shopper, visitor) = of_either_arm();
    let at_home = moment_of(1).with_shopper(shopper).build();
    let held_out = world.propose(&at_home).await;
    assert_eq!(made(&held_out).arm(), WireArm::Holdout);
    let on_the_way = moment_of(2).with_visitor(visitor);
    let mut invited = invite(&world, &on_the_way.clone().build()).await;

    let logs_in = on_the_way.with_id(nth(5_000)).with_shopper(shopper);
    world.propose(&logs_in.build()).await;

    let told = invited.page.next().await.unwrap();
    assert!(matches!(told, Update::Withdrawn(_)), "{told:?}");
    let ended = world.intervention(&invited.intervention).await;
    assert_eq!(ended.state(), InterventionState::Cancelled);
    assert_eq!(ended.cancel_reason(), CancelReason::Stale);
    // In another session of that browser, the shopper is held out from the start.
    let next = moment_of(3).with_visitor(visitor).with_shopper(shopper);
    let answer = world.propose(&next.build()).await;
    assert_eq!(made(&answer).arm(), WireArm::Holdout);
    world.stop().await;
}
