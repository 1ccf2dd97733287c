//! A restart loses nothing, and whoever comes back is told again.

use std::collections::BTreeSet;
use std::time::Duration;

use proto::error::v1::ErrorReason;
use proto::fact::v1::fact::Body;
use proto::routing::v1::watch_invitations_response::Update;
use proto::routing::v1::{InterventionState, ReservationState};
use testkit::eventually;
use testkit::grpc::assert_refused;
use tonic::Code;

use crate::desks::{OpenDesk, presence};
use crate::storefronts::{Storefront, bring_together, invite, invite_and_accept};
use crate::world::{World, moment_of};

const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_pending_reservation_survives_a_crash_and_is_offered_again() {
    let mut world = World::start().await;
    let mut desk = OpenDesk::open(&world, "ana", 2).await;
    let invited = invite_and_accept(&world, 1).await;
    let before = desk.reservation().await;

    world.crash().await;

    let mut desk = OpenDesk::open(&world, "ana", 2).await;
    let after = desk.reservation().await;
    assert_eq!(after, before);
    desk.accept(&after).await.unwrap();
    let mut page = Storefront::open(&world, moment_of(1).build().session).await;
    assert!(matches!(page.next().await.unwrap(), Update::AgentJoined(_)));
    let taken = world.intervention(&invited.intervention).await;
    assert_eq!(taken.agent_id, "ana");
    world.stop().await;
}

#[tokio::test]
async fn a_waiting_task_is_handed_out_after_a_restart() {
    let mut world = World::start().await;
    let mut ana = OpenDesk::open(&world, "ana", 1).await;
    let _invited = invite_and_accept(&world, 1).await;
    let refused = ana.reservation().await;
    ana.decline(&refused).await.unwrap();

    world.restart().await;

    // Who refused it before is not asked after the restart either.
    let mut ana = OpenDesk::open(&world, "ana", 1).await;
    let mut bea = OpenDesk::open(&world, "bea", 1).await;
    let reservation = bea.reservation().await;
    bea.accept(&reservation).await.unwrap();
    ana.be(presence(1)).await;
    assert_eq!(ana.acknowledged().await.used_capacity, 0);
    world.stop().await;
}

#[tokio::test]
async fn a_deadline_that_passed_while_the_service_was_down_is_kept() {
    let mut world = World::start().await;
    let mut ana = OpenDesk::open(&world, "ana", 1).await;
    let invited = invite_and_accept(&world, 1).await;
    let missed = ana.reservation().await;
    let shown = invite_another(&world).await;

    world.pass(Duration::from_mins(3));
    world.crash().await;

    for (id, state) in [
        (&invited.intervention, InterventionState::Unanswered),
        (&shown, InterventionState::Ignored),
    ] {
        eventually(SOON, || async {
            world.intervention(id).await.state() == state
        })
        .await;
    }
    let mut ana = OpenDesk::open(&world, "ana", 1).await;
    let late = ana.accept(&missed).await.unwrap_err();
    let illegal = ErrorReason::IllegalState;
    assert_refused(&late, Code::FailedPrecondition, illegal, None);
    world.stop().await;
}

/// A second shopper who sees an invitation, which a second agent could answer.
async fn invite_another(world: &World) -> String {
    let _bea = OpenDesk::open(world, "bea", 1).await;
    invite(world, &moment_of(2).build()).await.intervention
}

#[tokio::test]
async fn an_agents_load_is_known_again_after_a_restart() {
    let mut world = World::start().await;
    let mut ana = OpenDesk::open(&world, "ana", 1).await;
    let (_invited, task) = bring_together(&world, &mut ana, 1).await;

    world.restart().await;

    let mut ana = OpenDesk::open(&world, "ana", 1).await;
    ana.be(presence(1)).await;
    assert_eq!(ana.acknowledged().await.used_capacity, 1);
    let blocked = world
        .propose(&moment_of(2).build())
        .await
        .intervention
        .unwrap();
    assert_eq!(blocked.state(), InterventionState::Blocked);
    ana.wrap_up(&task).await.unwrap();
    invite(&world, &moment_of(3).build()).await;
    world.stop().await;
}

#[tokio::test]
async fn a_page_that_comes_back_sees_what_it_saw() {
    let mut world = World::start().await;
    let _ana = OpenDesk::open(&world, "ana", 1).await;
    let moment = moment_of(1).build();
    let invited = invite(&world, &moment).await;

    world.crash().await;

    let mut page = Storefront::open(&world, moment.session).await;
    assert_eq!(page.invitation().await, invited.invitation);
    world.told().some_facts(2).await;
    let facts = world.told().facts();
    let shown = facts
        .iter()
        .filter(|fact| matches!(fact.body, Some(Body::InvitationShown(_))))
        .map(|fact| &fact.fact_id);
    assert_eq!(shown.collect::<BTreeSet<_>>().len(), 1, "shown once");
    world.stop().await;
}

#[tokio::test]
async fn a_desk_that_comes_back_in_time_keeps_its_reservation() {
    let mut world = World::start().await;
    let mut ana = OpenDesk::open(&world, "ana", 1).await;
    let _invited = invite_and_accept(&world, 1).await;
    let before = ana.reservation().await;
    drop(ana);
    let mut bea = OpenDesk::open(&world, "bea", 1).await;

    let mut ana = OpenDesk::open(&world, "ana", 1).await;

    let after = ana.reservation().await;
    assert_eq!(after.reservation_id, before.reservation_id);
    assert_eq!(after.state(), ReservationState::Pending);
    ana.accept(&after).await.unwrap();
    assert_eq!(bea.tasks().await, []);
    world.stop().await;
}

#[tokio::test]
async fn a_stop_ends_streams_with_a_word() {
    let mut world = World::start().await;
    let mut desk = OpenDesk::open(&world, "ana", 1).await;
    let mut page = Storefront::open(&world, moment_of(1).build().session).await;

    world.stop().await;

    let draining = ErrorReason::Draining;
    let desk = desk.next().await.unwrap_err();
    assert_refused(&desk, Code::Unavailable, draining, None);
    let page = page.next().await.unwrap_err();
    assert_refused(&page, Code::Unavailable, draining, None);
}
