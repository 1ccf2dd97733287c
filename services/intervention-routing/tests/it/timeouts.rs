//! What happens because somebody did nothing.

use std::time::Duration;

use domain::moment::Moment;
use proto::error::v1::ErrorReason;
use proto::fact::v1::fact::Body;
use proto::fact::v1::{CancelReason, InvitationAnswer};
use proto::routing::v1 as pb;
use proto::routing::v1::watch_invitations_response::Update;
use proto::routing::v1::{InterventionState, Presence, ReservationState};
use proto::session::v1::{Session, SessionOrder, SessionState};
use testkit::eventually;
use testkit::grpc::assert_refused;
use tonic::Code;

use crate::desks::{OpenDesk, presence};
use crate::storefronts::{Storefront, bring_together, invite, invite_and_accept, moment_now};
use crate::world::{World, moment_of, request_id};

const SOON: Duration = Duration::from_secs(10);
const CHAT_RESERVATION: Duration = Duration::from_secs(20);

/// What became of a session.
type Change = fn(&mut Session);

/// The session of a moment as session-tracking knows it.
fn session_of(moment: &Moment) -> Session {
    let consents: Vec<domain::consent::Consent> = moment.consents.clone().into();
    Session {
        session_id: moment.session.to_string(),
        state: SessionState::Active.into(),
        cart: Some(moment.cart.clone().into()),
        page: moment.page.clone().map(String::from).unwrap_or_default(),
        consents: consents.into_iter().map(Into::into).collect(),
        ..Session::default()
    }
}

async fn until(world: &World, intervention: &str, state: InterventionState) {
    eventually(SOON, || async {
        let now = world.intervention(intervention).await.state();
        (now == state).then_some(()).ok_or(now)
    })
    .await;
}

/// Proposes help while no page is open, so that the invitation waits.
async fn invite_unseen(world: &World, moment: &Moment) -> String {
    let made = world.propose(moment).await.intervention.unwrap();
    assert_eq!(made.state(), InterventionState::Scheduled);
    made.intervention_id
}

#[tokio::test]
async fn a_missed_reservation_goes_to_the_next_agent() {
    let mut world = World::start().await;
    let mut ana = OpenDesk::open(&world, "ana", 1).await;
    let _invited = invite_and_accept(&world, 1).await;
    let missed = ana.reservation().await;
    let mut bea = OpenDesk::open(&world, "bea", 1).await;

    world.pass(Duration::from_millis(19_999));
    ana.beat().await;
    bea.beat().await;
    world.pass(Duration::from_millis(1));

    let rescinded = ana.rescinded().await;
    assert_eq!(rescinded.reservation_id, missed.reservation_id);
    assert_eq!(rescinded.state(), ReservationState::TimedOut);
    let late = ana.accept(&missed).await.unwrap_err();
    let illegal = ErrorReason::IllegalState;
    assert_refused(&late, Code::FailedPrecondition, illegal, None);
    let second = bea.reservation().await;
    bea.accept(&second).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn an_agent_who_misses_three_in_a_row_gets_no_more_until_they_speak() {
    let mut world = World::with(|config| config.desks.silent_after_ms = 600_000).await;
    let mut ana = OpenDesk::open(&world, "ana", 1).await;
    for n in 1..=3 {
        let _invited = invite_and_accept(&world, n).await;
        ana.reservation().await;
        world.pass(CHAT_RESERVATION);
        ana.rescinded().await;
    }

    assert_eq!(ana.acknowledged().await.presence(), Presence::NotResponding);

    let blocked = world
        .propose(&moment_now(&world, 4))
        .await
        .intervention
        .unwrap();
    assert_eq!(blocked.state(), InterventionState::Blocked);
    ana.be(presence(1)).await;
    assert_eq!(ana.acknowledged().await.presence(), Presence::Available);
    let _invited = invite_and_accept(&world, 5).await;
    ana.reservation().await;
    world.stop().await;
}

#[tokio::test]
async fn a_task_that_nobody_takes_expires_and_is_counted_as_harm() {
    let mut world = World::start().await;
    let mut ana = OpenDesk::open(&world, "ana", 1).await;
    let mut invited = invite_and_accept(&world, 1).await;
    let only = ana.reservation().await;
    ana.decline(&only).await.unwrap();

    world.pass(Duration::from_mins(1));

    assert!(matches!(
        invited.page.next().await.unwrap(),
        Update::Withdrawn(_)
    ));
    until(&world, &invited.intervention, InterventionState::Unanswered).await;
    let told = world
        .told()
        .fact(|it| matches!(it, Body::InterventionCancelled(_)))
        .await;
    let Some(Body::InterventionCancelled(cancelled)) = told.body else {
        panic!("told {told:?}");
    };
    assert_eq!(cancelled.reason(), CancelReason::NoAgent);
    world.stop().await;
}

#[tokio::test]
async fn an_invitation_that_nobody_answers_is_ignored() {
    let mut world = World::start().await;
    let _ana = OpenDesk::open(&world, "ana", 1).await;
    let mut invited = invite(&world, &moment_of(1).build()).await;

    world.pass(Duration::from_mins(2));

    assert!(matches!(
        invited.page.next().await.unwrap(),
        Update::Withdrawn(_)
    ));
    until(&world, &invited.intervention, InterventionState::Ignored).await;
    let told = world
        .told()
        .fact(|it| matches!(it, Body::InvitationAnswered(_)))
        .await;
    let Some(Body::InvitationAnswered(answered)) = told.body else {
        panic!("told {told:?}");
    };
    assert_eq!(answered.answer(), InvitationAnswer::Ignored);
    let invitation = invited.invitation.clone();
    let late = invited.page.accept(&invitation).await.unwrap_err();
    let illegal = ErrorReason::IllegalState;
    assert_refused(&late, Code::FailedPrecondition, illegal, None);
    world.stop().await;
}

#[tokio::test]
async fn an_invitation_that_found_no_page_dies_stale() {
    let mut world = World::start().await;
    let _ana = OpenDesk::open(&world, "ana", 1).await;
    let id = invite_unseen(&world, &moment_of(1).build()).await;

    world.pass(Duration::from_mins(2));

    until(&world, &id, InterventionState::Cancelled).await;
    let stale = world.intervention(&id).await;
    assert_eq!(stale.cancel_reason(), CancelReason::Stale);
    world.stop().await;
}

#[tokio::test]
async fn a_silent_desk_is_gone_and_its_reservation_goes_to_somebody_else() {
    let mut world = World::with(|config| config.desks.silent_after_ms = 5_000).await;
    let mut ana = OpenDesk::open(&world, "ana", 1).await;
    let _invited = invite_and_accept(&world, 1).await;
    let lost = ana.reservation().await;
    let mut bea = OpenDesk::open(&world, "bea", 1).await;

    world.pass(Duration::from_millis(4_999));
    bea.be(presence(1)).await;
    bea.acknowledged().await;
    world.pass(Duration::from_millis(1));

    let next = bea.reservation().await;
    assert_ne!(next.reservation_id, lost.reservation_id);
    let cut = ana.next().await.unwrap_err();
    assert_refused(&cut, Code::Unavailable, ErrorReason::Unavailable, None);
    // Gone is not the same as refused: the task may come back to who comes back.
    let mut ana = OpenDesk::open(&world, "ana", 1).await;
    bea.decline(&next).await.unwrap();
    ana.reservation().await;
    world.stop().await;
}

#[tokio::test]
async fn a_fresh_invitation_is_shown_without_a_question() {
    let mut world = World::start().await;
    let _ana = OpenDesk::open(&world, "ana", 1).await;
    let moment = moment_of(1).build();
    invite_unseen(&world, &moment).await;

    world.pass(Duration::from_millis(2_999));
    let mut page = Storefront::open(&world, moment.session).await;
    page.invitation().await;

    assert_eq!(world.told().session_questions(), 0);
    world.stop().await;
}

#[tokio::test]
async fn an_older_invitation_is_shown_only_while_it_is_true() {
    let mut world = World::start().await;
    let _ana = OpenDesk::open(&world, "ana", 9).await;
    let changes: [(u64, Change, CancelReason); 4] = [
        (
            1,
            |it| it.cart.as_mut().unwrap().version += 1,
            CancelReason::Stale,
        ),
        (2, |it| it.page = "/cart".to_owned(), CancelReason::Stale),
        (
            3,
            |it| it.orders.push(SessionOrder::default()),
            CancelReason::Ordered,
        ),
        (4, |it| it.consents.clear(), CancelReason::Requested),
    ];
    let mut waiting = Vec::new();
    for (n, change, reason) in changes {
        let moment = moment_of(n).build();
        let mut session = session_of(&moment);
        change(&mut session);
        world.told().session_is(session);
        waiting.push((moment.session, invite_unseen(&world, &moment).await, reason));
    }
    let unchanged = moment_of(5).build();
    world.told().session_is(session_of(&unchanged));
    invite_unseen(&world, &unchanged).await;

    world.pass(Duration::from_secs(3));

    for (session, id, reason) in waiting {
        let _page = Storefront::open(&world, session).await;
        until(&world, &id, InterventionState::Cancelled).await;
        assert_eq!(world.intervention(&id).await.cancel_reason(), reason);
    }
    let mut page = Storefront::open(&world, unchanged.session).await;
    page.invitation().await;
    assert_eq!(world.told().session_questions(), 5);
    world.stop().await;
}

#[tokio::test]
async fn nothing_is_shown_of_a_play_that_was_stopped_meanwhile() {
    let mut world = World::start().await;
    let _ana = OpenDesk::open(&world, "ana", 1).await;
    let moment = moment_of(1).build();
    let id = invite_unseen(&world, &moment).await;
    let pause = pb::PausePlayRequest {
        request_id: request_id(),
        play_id: "cost-shock-chat".to_owned(),
    };
    world.plays().pause_play(pause).await.unwrap();

    let _page = Storefront::open(&world, moment.session).await;

    until(&world, &id, InterventionState::Cancelled).await;
    let stopped = world.intervention(&id).await;
    assert_eq!(stopped.cancel_reason(), CancelReason::Requested);
    world.stop().await;
}

#[tokio::test]
async fn nothing_is_shown_once_the_agents_have_left() {
    let mut world = World::start().await;
    let mut ana = OpenDesk::open(&world, "ana", 1).await;
    let moment = moment_of(1).build();
    let id = invite_unseen(&world, &moment).await;
    let on_break = pb::DeskPresence {
        presence: Presence::Break.into(),
        ..presence(1)
    };
    ana.be(on_break).await;
    ana.acknowledged().await;

    let mut page = Storefront::open(&world, moment.session).await;
    let waits = world.intervention(&id).await;
    assert_eq!(waits.state(), InterventionState::Scheduled);
    let _bea = OpenDesk::open(&world, "bea", 2).await;

    page.invitation().await;
    until(&world, &id, InterventionState::Shown).await;
    world.stop().await;
}

#[tokio::test]
async fn an_agent_who_takes_a_task_and_does_not_begin_loses_it() {
    let mut world = World::with(|config| config.desks.silent_after_ms = 600_000).await;
    let mut ana = OpenDesk::open(&world, "ana", 1).await;
    let (mut invited, task) = bring_together(&world, &mut ana, 1).await;
    let mut bea = OpenDesk::open(&world, "bea", 1).await;

    world.pass(Duration::from_mins(1));

    assert_eq!(ana.rescinded().await.state(), ReservationState::Rescinded);
    let reservation = bea.reservation().await;
    assert_eq!(reservation.task.as_ref().unwrap().task_id, task.task_id);
    bea.accept(&reservation).await.unwrap();
    assert!(matches!(
        invited.page.next().await.unwrap(),
        Update::AgentJoined(_)
    ));
    let refused = ana.start(&task).await.unwrap_err();
    assert_refused(&refused, Code::NotFound, ErrorReason::NotFound, None);
    world.stop().await;
}

#[tokio::test]
async fn a_contact_that_is_never_wrapped_up_holds_nobody_for_ever() {
    let mut world = World::with(|config| config.desks.silent_after_ms = 600_000_000).await;
    let mut ana = OpenDesk::open(&world, "ana", 1).await;
    let (mut invited, task) = bring_together(&world, &mut ana, 1).await;
    ana.start(&task).await.unwrap();

    world.pass(Duration::from_hours(4));

    assert!(matches!(
        invited.page.next().await.unwrap(),
        Update::Withdrawn(_)
    ));
    until(&world, &invited.intervention, InterventionState::Unresolved).await;
    let mut ana = OpenDesk::open(&world, "ana", 1).await;
    assert_eq!(ana.tasks().await, []);
    ana.be(presence(1)).await;
    assert_eq!(ana.acknowledged().await.used_capacity, 0);
    world.stop().await;
}
