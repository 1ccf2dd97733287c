//! Contacts from the invitation to the survey, over the wire.

use std::time::Duration;

use domain::language::Language;
use domain::moment::{Moment, MomentKind};
use proto::block::v1::BlockReason;
use proto::channel::v1::Channel;
use proto::error::v1::ErrorReason;
use proto::fact::v1::fact::Body;
use proto::fact::v1::{InvitationAnswer, ReservationEnding};
use proto::routing::v1 as pb;
use proto::routing::v1::open_desk_response::Message as Heard;
use proto::routing::v1::watch_invitations_response::Update;
use proto::routing::v1::{InterventionState, ReservationState, TaskState};
use testkit::builders::{a_cart, an_assessment};
use testkit::grpc::assert_refused;
use testkit::ids::nth;
use tonic::Code;

use crate::desks::{OpenDesk, presence};
use crate::storefronts::{Storefront, bring_together, invite, invite_and_accept, moment_now};
use crate::world::{World, moment_of, proposal_with};

const ILLEGAL: (Code, ErrorReason) = (Code::FailedPrecondition, ErrorReason::IllegalState);

#[tokio::test]
async fn a_recovery_runs_from_the_invitation_to_the_survey() {
    let mut world = World::start().await;
    let mut desk = OpenDesk::open(&world, "ana", 2).await;

    let mut invited = invite(&world, &moment_of(1).build()).await;
    assert_eq!(invited.invitation.channel(), Channel::Chat);
    assert!(!invited.invitation.text.is_empty());
    assert_eq!(invited.invitation.verification_code.len(), 6);
    let state = |intervention: pb::Intervention| intervention.state();
    let shown = world.intervention(&invited.intervention).await;
    assert_eq!(state(shown), InterventionState::Shown);

    let invitation = invited.invitation.clone();
    invited.page.accept(&invitation).await.unwrap();
    let reservation = desk.reservation().await;
    assert_eq!(reservation.state(), ReservationState::Pending);
    let held = desk.accept(&reservation).await.unwrap();
    assert_eq!(held.state(), ReservationState::Accepted);
    let task = held.task.unwrap();
    assert_eq!(task.state(), TaskState::Assigned);
    assert_eq!(task.intervention_id, invited.intervention);
    assert!(matches!(
        invited.page.next().await.unwrap(),
        Update::AgentJoined(_)
    ));

    let started = desk.start(&task).await.unwrap();
    assert_eq!(started.agent_id, "ana");
    let engaged = desk.hear_reply(&task).await.unwrap();
    assert_eq!(state(engaged), InterventionState::Engaged);
    let ended = desk.wrap_up(&task).await.unwrap();
    assert_eq!(state(ended), InterventionState::Resolved);
    assert!(matches!(
        invited.page.next().await.unwrap(),
        Update::Survey(_)
    ));
    invited.page.answer_survey(&invitation, 5).await.unwrap();

    assert_eq!(desk.tasks().await, []);
    assert_recovery_was_told(&world).await;
    world.stop().await;
}

/// What kpi and offer-authorization are told of one recovery, in order.
async fn assert_recovery_was_told(world: &World) {
    let facts = world.told().some_facts(9).await;
    let bodies: Vec<Body> = facts.iter().filter_map(|fact| fact.body.clone()).collect();
    assert!(
        matches!(
            &bodies[..],
            [
                Body::EpisodeAssigned(_),
                Body::InvitationShown(_),
                Body::InvitationAnswered(answered),
                Body::ReservationCreated(created),
                Body::ReservationEnded(ended),
                Body::ConversationStarted(_),
                Body::ShopperEngaged(_),
                Body::ContactWrapped(wrapped),
                Body::SurveyAnswered(survey),
            ] if answered.answer() == InvitationAnswer::Accepted
                && created.queue_id == "checkout"
                && ended.ending() == ReservationEnding::Accepted
                && !wrapped.pointless
                && survey.score == 5
        ),
        "{bodies:#?}"
    );
    assert!(facts[3..].iter().all(|fact| fact.agent_id() == "ana"));
    let cases = world.told().some_cases(2).await;
    assert_eq!([cases[0].revision, cases[1].revision], [1, 2]);
    assert_eq!(cases[1].agent.as_ref().unwrap().agent_id, "ana");
    assert_eq!(cases[0].cart, cases[1].cart);
}

#[tokio::test]
async fn a_shopper_who_declines_is_left_alone() {
    let mut world = World::start().await;
    let _desk = OpenDesk::open(&world, "ana", 2).await;
    let mut invited = invite(&world, &moment_of(1).build()).await;
    let invitation = invited.invitation.clone();

    invited.page.decline(&invitation).await.unwrap();

    let declined = world.intervention(&invited.intervention).await;
    assert_eq!(declined.state(), InterventionState::Declined);
    let again = invited.page.accept(&invitation).await.unwrap_err();
    assert_refused(&again, ILLEGAL.0, ILLEGAL.1, None);
    // The same person in another session, just before and just after the end of the cool-down.
    world.pass(Duration::from_hours(24) - Duration::from_millis(1));
    let mut other = OpenDesk::open(&world, "bea", 2).await;
    let next = |n| Moment {
        visitor: nth(3_001),
        ..moment_now(&world, n)
    };
    let blocked = world.propose(&next(2)).await.intervention.unwrap();
    assert_eq!(blocked.primary_block_reason(), BlockReason::CoolDown);
    world.pass(Duration::from_millis(1));
    let invited = world.propose(&next(3)).await.intervention.unwrap();
    assert_eq!(invited.state(), InterventionState::Scheduled);
    other.beat().await;
    other.tasks().await;
    world.stop().await;
}

#[tokio::test]
async fn an_invitation_of_another_session_is_not_there() {
    let mut world = World::start().await;
    let _desk = OpenDesk::open(&world, "ana", 2).await;
    let invited = invite(&world, &moment_of(1).build()).await;
    let mut stranger = Storefront::open(&world, nth(2_002)).await;

    let taken = stranger.accept(&invited.invitation).await.unwrap_err();
    let declined = stranger.decline(&invited.invitation).await.unwrap_err();
    let rated = stranger
        .answer_survey(&invited.invitation, 1)
        .await
        .unwrap_err();

    for refused in [taken, declined, rated] {
        assert_refused(&refused, Code::NotFound, ErrorReason::NotFound, None);
    }
    world.stop().await;
}

#[tokio::test]
async fn the_survey_is_asked_after_the_contact_and_answered_once() {
    let mut world = World::start().await;
    let mut desk = OpenDesk::open(&world, "ana", 2).await;
    let (mut invited, task) = bring_together(&world, &mut desk, 1).await;
    let invitation = invited.invitation.clone();

    let early = invited
        .page
        .answer_survey(&invitation, 5)
        .await
        .unwrap_err();
    assert_refused(&early, ILLEGAL.0, ILLEGAL.1, None);
    desk.wrap_up(&task).await.unwrap();
    invited.page.answer_survey(&invitation, 2).await.unwrap();
    let twice = invited
        .page
        .answer_survey(&invitation, 5)
        .await
        .unwrap_err();
    assert_refused(&twice, ILLEGAL.0, ILLEGAL.1, None);

    let told = world
        .told()
        .fact(|body| matches!(body, Body::SurveyAnswered(_)))
        .await;
    assert!(matches!(told.body, Some(Body::SurveyAnswered(survey)) if survey.score == 2));
    world.stop().await;
}

#[tokio::test]
async fn a_notice_is_shown_without_an_agent_and_needs_no_answer() {
    let mut world = World::start().await;
    let moment = moment_of(1).build();
    let mut page = Storefront::open(&world, moment.session).await;
    let doubt = an_assessment()
        .of(&moment)
        .with_cause(domain::cause::Cause::PolicyDoubt, 0.9)
        .build();
    let answer = world.send(proposal_with(&moment, doubt)).await.unwrap();

    let notice = page.invitation().await;

    assert_eq!(notice.channel(), Channel::OnPage);
    let accepted = page.accept(&notice).await.unwrap_err();
    assert_refused(&accepted, ILLEGAL.0, ILLEGAL.1, None);
    let id = answer.intervention.unwrap().intervention_id;
    assert_eq!(
        world.intervention(&id).await.state(),
        InterventionState::Shown
    );
    page.decline(&notice).await.unwrap();
    assert_eq!(
        world.intervention(&id).await.state(),
        InterventionState::Declined
    );
    world.stop().await;
}

#[tokio::test]
async fn a_desk_hears_what_becomes_of_the_session_it_works_on() {
    let mut world = World::start().await;
    let mut desk = OpenDesk::open(&world, "ana", 2).await;
    let (invited, task) = bring_together(&world, &mut desk, 1).await;
    let changed = moment_of(1)
        .with_id(nth(1_900))
        .with_cart(a_cart().with_version(40))
        .with_page("/checkout/payment")
        .with_session_version(8)
        .build();

    world.propose(&changed).await;

    let Heard::SessionUpdate(update) = desk.next().await.unwrap() else {
        panic!("no session update");
    };
    assert_eq!(update.task_id, task.task_id);
    assert_eq!(update.page, "/checkout/payment");
    assert_eq!(update.cart.unwrap().version, 40);
    assert!(!update.ordered);
    let ordered = moment_of(1)
        .with_id(nth(1_901))
        .with_kind(MomentKind::OrderPlaced)
        .with_cart(a_cart().with_version(40))
        .with_session_version(9)
        .build();
    world.propose(&ordered).await;
    assert!(matches!(desk.next().await.unwrap(), Heard::SessionUpdate(update) if update.ordered));
    let runs_on = world.intervention(&invited.intervention).await;
    assert_eq!(runs_on.state(), InterventionState::Accepted);
    world.stop().await;
}

#[tokio::test]
async fn the_case_of_an_agent_has_the_newest_cart() {
    let mut world = World::start().await;
    let mut desk = OpenDesk::open(&world, "ana", 2).await;
    let _invited = invite_and_accept(&world, 1).await;
    let reservation = desk.reservation().await;
    let changed = moment_of(1)
        .with_id(nth(1_900))
        .with_cart(a_cart().with_version(40))
        .with_session_version(8)
        .build();
    world.propose(&changed).await;

    desk.accept(&reservation).await.unwrap();

    let cases = world.told().some_cases(3).await;
    let seen: Vec<_> = cases
        .iter()
        .map(|case| (case.revision, case.cart.as_ref().unwrap().version))
        .collect();
    assert_eq!(seen[1..], [(2, 40), (3, 40)]);
    assert_eq!(cases[2].agent.as_ref().unwrap().agent_id, "ana");
    world.stop().await;
}

#[tokio::test]
async fn an_order_takes_everything_back_before_an_agent_has_it() {
    let mut world = World::start().await;
    let mut desk = OpenDesk::open(&world, "ana", 2).await;
    let mut invited = invite_and_accept(&world, 1).await;
    let reservation = desk.reservation().await;
    let ordered = moment_of(1)
        .with_id(nth(1_900))
        .with_kind(MomentKind::OrderPlaced)
        .with_session_version(8)
        .build();

    world.propose(&ordered).await;

    let rescinded = desk.rescinded().await;
    assert_eq!(rescinded.reservation_id, reservation.reservation_id);
    assert_eq!(rescinded.state(), ReservationState::Cancelled);
    assert!(matches!(
        invited.page.next().await.unwrap(),
        Update::Withdrawn(_)
    ));
    let late = desk.accept(&reservation).await.unwrap_err();
    assert_refused(&late, ILLEGAL.0, ILLEGAL.1, None);
    desk.be(presence(2)).await;
    assert_eq!(desk.acknowledged().await.used_capacity, 0);
    world.stop().await;
}

#[tokio::test]
async fn the_shoppers_language_decides_who_is_asked() {
    let mut world = World::start().await;
    let english = pb::DeskPresence {
        languages: vec!["en".to_owned()],
        ..presence(5)
    };
    let _ana = OpenDesk::open_with(world.desk_of("ana"), english).await;
    world.pass(Duration::from_secs(1));
    let mut bea = OpenDesk::open(&world, "bea", 5).await;
    let spanish = moment_of(1).with_language(Language::ES).build();

    let mut invited = invite(&world, &spanish).await;
    let invitation = invited.invitation.clone();
    invited.page.accept(&invitation).await.unwrap();

    // Ana has been idle longer.
    assert_eq!(bea.reservation().await.task.unwrap().language, "es");
    world.stop().await;
}
