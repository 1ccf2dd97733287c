//! What a proposal comes to, over the wire.

use std::time::Duration;

use domain::fact::FactBody;
use domain::moment::MomentKind;
use domain::money::BasisPoints;
use intervention_routing::Outreach;
use proto::block::v1::BlockReason;
use proto::channel::v1::Channel;
use proto::error::v1::ErrorReason;
use proto::fact::v1::fact::Body;
use proto::fact::v1::{Arm, CancelReason, Fact};
use proto::remedy::v1::OfferRefusal;
use proto::routing::v1 as pb;
use proto::routing::v1::{DecisionOutcome, InterventionState};
use testkit::builders::{a_cart, an_assessment};
use testkit::grpc::assert_refused;
use testkit::ids::nth;
use tonic::Code;

use crate::desks::OpenDesk;
use crate::downstream::Authority;
use crate::world::{World, moment_of, proposal};

pub(crate) fn outcome(answer: &pb::ProposeInterventionResponse) -> DecisionOutcome {
    answer.decision.as_ref().unwrap().outcome()
}

pub(crate) fn made(answer: &pb::ProposeInterventionResponse) -> &pb::Intervention {
    answer.intervention.as_ref().unwrap()
}

#[track_caller]
pub(crate) fn assert_blocked(answer: &pb::ProposeInterventionResponse, reason: BlockReason) {
    assert_eq!(outcome(answer), DecisionOutcome::Blocked);
    assert_eq!(made(answer).primary_block_reason(), reason);
}

pub(crate) fn assigned(facts: &[Fact]) -> Vec<Arm> {
    facts
        .iter()
        .filter_map(|fact| match &fact.body {
            Some(Body::EpisodeAssigned(assigned)) => Some(assigned.arm()),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn a_hesitating_shopper_is_invited_and_all_are_told() {
    let mut world = World::start().await;
    let _desk = OpenDesk::open(&world, "ana", 2).await;
    let moment = moment_of(1).build();

    let answer = world.propose(&moment).await;

    assert_eq!(outcome(&answer), DecisionOutcome::Scheduled);
    let intervention = made(&answer);
    assert_eq!(intervention.play_id, "cost-shock-chat");
    assert_eq!(intervention.state(), InterventionState::Scheduled);
    assert_eq!(intervention.arm(), Arm::Treatment);
    assert_eq!(intervention.cart_version, moment.cart.version());
    let cases = world.told().some_cases(1).await;
    assert_eq!(cases[0].revision, 1);
    assert_eq!(cases[0].intervention_id, intervention.intervention_id);
    assert_eq!(cases[0].agent, None);
    assert_eq!(cases[0].channel(), Channel::Chat);
    let facts = world.told().some_facts(1).await;
    assert_eq!(assigned(&facts), [Arm::Treatment]);
    assert_eq!(facts[0].intervention_id(), intervention.intervention_id);
    let question = &world.told().questions()[0];
    assert_eq!(question.cart, Some(moment.cart.clone().into()));
    assert_eq!(question.channel(), Channel::Chat);
    assert_eq!(
        world.intervention(&intervention.intervention_id).await,
        *intervention
    );
    world.stop().await;
}

#[tokio::test]
async fn nobody_is_invited_while_no_agent_is_there() {
    let mut world = World::start().await;

    let answer = world.propose(&moment_of(1).build()).await;

    assert_blocked(&answer, BlockReason::NoAgent);
    assert_eq!(world.told().questions(), [], "there is nobody to ask about");
    let facts = world.told().some_facts(2).await;
    assert_eq!(assigned(&facts), [Arm::Treatment]);
    let blocked = FactBody::try_from(facts[1].body.clone().unwrap()).unwrap();
    assert!(matches!(blocked, FactBody::InterventionBlocked { .. }));
    world.stop().await;
}

#[tokio::test]
async fn no_more_are_invited_than_agents_can_answer() {
    let mut world = World::start().await;
    let _desk = OpenDesk::open(&world, "ana", 2).await;
    let mut answers = tokio::task::JoinSet::new();
    for n in 1..=12 {
        let request = proposal(&moment_of(n).build());
        let mut client = world.proposer();
        answers.spawn(async move { client.propose_intervention(request).await });
    }

    let answers: Vec<_> = answers
        .join_all()
        .await
        .into_iter()
        .map(|answer| answer.unwrap().into_inner())
        .collect();

    let of = |wanted| {
        answers
            .iter()
            .filter(|answer| outcome(answer) == wanted)
            .count()
    };
    assert_eq!(of(DecisionOutcome::Scheduled), 2);
    assert_eq!(of(DecisionOutcome::Blocked), 10);
    for blocked in answers
        .iter()
        .filter(|answer| outcome(answer) == DecisionOutcome::Blocked)
    {
        assert_blocked(blocked, BlockReason::Pacing);
    }
    world.stop().await;
}

#[tokio::test]
async fn without_authority_nobody_is_contacted() {
    let mut world = World::start().await;
    let _desk = OpenDesk::open(&world, "ana", 2).await;
    let lacks = [
        (OfferRefusal::AboveAuthority, BlockReason::NotEmpowered),
        (OfferRefusal::BudgetExhausted, BlockReason::Budget),
        (OfferRefusal::PurseExhausted, BlockReason::Budget),
        (OfferRefusal::MarginFloor, BlockReason::Margin),
    ];
    for (n, (refusal, reason)) in (1..).zip(lacks) {
        world.told().say(Authority::Refused(vec![refusal]));
        let answer = world.propose(&moment_of(n).build()).await;
        assert_blocked(&answer, reason);
    }
    world.stop().await;
}

#[tokio::test]
async fn a_proposal_waits_while_authority_cannot_be_asked() {
    let mut world = World::start().await;
    let _desk = OpenDesk::open(&world, "ana", 2).await;
    let request = proposal(&moment_of(1).build());
    world.told().say(Authority::Down);

    let refused = world.send(request.clone()).await.unwrap_err();

    assert_refused(&refused, Code::Unavailable, ErrorReason::Unavailable, None);
    assert_eq!(world.told().facts(), [], "nothing was decided");
    world.told().say(Authority::Empowered);
    let answer = world.send(request).await.unwrap();
    assert_eq!(outcome(&answer), DecisionOutcome::Scheduled);
    world.stop().await;
}

#[tokio::test]
async fn whoever_is_held_out_is_measured_and_left_alone() {
    let mut world = World::with(|config| config.rules.holdout_bps = BasisPoints::ALL).await;
    let _desk = OpenDesk::open(&world, "ana", 2).await;

    let answer = world.propose(&moment_of(1).build()).await;

    assert_eq!(outcome(&answer), DecisionOutcome::HeldOut);
    assert_eq!(made(&answer).state(), InterventionState::HeldOut);
    let facts = world.told().some_facts(1).await;
    assert_eq!(assigned(&facts), [Arm::Holdout]);
    assert_eq!(world.told().questions(), []);
    assert_eq!(world.told().cases(), []);
    world.stop().await;
}

#[tokio::test]
async fn a_visitor_who_logs_in_keeps_the_arm() {
    let mut world = World::with(|config| {
        config.rules.holdout_bps = BasisPoints::new(5_000).unwrap();
    })
    .await;
    for n in 1..=12 {
        let visitor = moment_of(n);
        let first = world.propose(&visitor.clone().build()).await;
        let known = visitor
            .with_id(nth(5_000 + n))
            .with_session(nth(6_000 + n))
            .with_shopper(nth(7_000 + n));

        let second = world.propose(&known.build()).await;

        assert_eq!(made(&first).arm(), made(&second).arm());
    }
    world.stop().await;
}

#[tokio::test]
async fn a_moment_without_a_play_is_a_decision_too() {
    let mut world = World::start().await;
    let moment = moment_of(1).with_kind(MomentKind::CartAdded).build();

    let answer = world.propose(&moment).await;

    assert_eq!(outcome(&answer), DecisionOutcome::NotQualified);
    assert_eq!(answer.intervention, None);
    world.stop().await;
}

#[tokio::test]
async fn another_cart_makes_an_invitation_stale() {
    let mut world = World::start().await;
    let _desk = OpenDesk::open(&world, "ana", 2).await;
    let first = world.propose(&moment_of(1).build()).await;
    let id = &made(&first).intervention_id;
    world.pass(Duration::from_secs(1));
    let newer = moment_of(1)
        .with_id(nth(5_001))
        .with_cart(a_cart().with_version(99))
        .with_session_version(8);

    world.propose(&newer.build()).await;

    let stale = world.intervention(id).await;
    assert_eq!(stale.state(), InterventionState::Cancelled);
    assert_eq!(stale.cancel_reason(), CancelReason::Stale);
    let cancelled = world
        .told()
        .fact(|body| matches!(body, Body::InterventionCancelled(_)));
    assert_eq!(cancelled.await.intervention_id(), id);
    world.stop().await;
}

#[tokio::test]
async fn an_order_ends_what_sells() {
    let mut world = World::start().await;
    let _desk = OpenDesk::open(&world, "ana", 2).await;
    let first = world.propose(&moment_of(1).build()).await;
    let bought = moment_of(1)
        .with_id(nth(5_001))
        .with_kind(MomentKind::OrderPlaced)
        .with_session_version(8);

    let answer = world.propose(&bought.build()).await;

    assert_eq!(outcome(&answer), DecisionOutcome::Ordered);
    let ended = world.intervention(&made(&first).intervention_id).await;
    assert_eq!(ended.state(), InterventionState::Cancelled);
    assert_eq!(ended.cancel_reason(), CancelReason::Ordered);
    world.stop().await;
}

#[tokio::test]
async fn a_moment_that_came_too_late_is_stale() {
    let mut world = World::start().await;
    let _desk = OpenDesk::open(&world, "ana", 2).await;
    let moment = moment_of(1).build();
    world.pass(Duration::from_mins(1));

    let answer = world.propose(&moment).await;

    assert_blocked(&answer, BlockReason::Stale);
    world.stop().await;
}

#[tokio::test]
async fn the_kill_switch_stops_one_tenant_or_all() {
    fn stop_acme(config: &mut intervention_routing::Config) {
        let stopped = intervention_routing::TenantRules {
            outreach: Some(Outreach::Stopped),
            ..Default::default()
        };
        config.tenants.insert(testkit::builders::tenant(), stopped);
    }
    fn stop_all(config: &mut intervention_routing::Config) {
        config.rules.outreach = Outreach::Stopped;
    }
    for change in [stop_acme, stop_all] {
        let mut world = World::with(change).await;
        let _desk = OpenDesk::open(&world, "ana", 2).await;

        let answer = world.propose(&moment_of(1).build()).await;

        assert_blocked(&answer, BlockReason::KillSwitch);
        world.stop().await;
    }
}

#[tokio::test]
async fn a_dearer_channel_gives_way_to_a_cheaper_one() {
    let mut world = World::start().await;
    let moment = moment_of(1).with_kind(MomentKind::StatusAnxiety).build();
    let assessment = an_assessment()
        .of(&moment)
        .with_cause(domain::cause::Cause::DeliveryDoubt, 0.9)
        .build();

    let request = crate::world::proposal_with(&moment, assessment);
    let answer = world.send(request).await.unwrap();

    assert_eq!(outcome(&answer), DecisionOutcome::Scheduled);
    assert_eq!(made(&answer).play_id, "delivery-notice");
    world.told().some_facts(1).await;
    assert_eq!(world.told().cases(), [], "a notice grants nothing");
    world.stop().await;
}
