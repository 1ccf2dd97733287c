//! Nobody is promised an agent who is promised to somebody else.

use std::net::TcpListener;
use std::time::Duration;

use domain::cause::Cause;
use domain::moment::MomentKind;
use intervention_routing::Config;
use proto::block::v1::BlockReason;
use proto::routing::v1 as pb;
use testkit::builders::{a_cart, an_assessment};

use crate::desks::{OpenDesk, presence};
use crate::propose::{assert_blocked, outcome};
use crate::storefronts::{invite, invite_and_accept};
use crate::world::{World, moment_of, proposal_with};

#[tokio::test]
async fn one_agent_is_not_promised_to_the_shoppers_of_two_queues() {
    let mut world = World::start().await;
    // Ana serves both queues, and can take one chat.
    let _ana = OpenDesk::open(&world, "ana", 1).await;
    let _at_checkout = invite(&world, &moment_of(1).build()).await;
    let doubting = moment_of(2).build();
    let about_a_product = an_assessment()
        .of(&doubting)
        .with_cause(Cause::ProductDoubt, 0.9)
        .build();

    let request = proposal_with(&doubting, about_a_product);
    let answer = world.send(request).await.unwrap();

    assert_blocked(&answer, BlockReason::Pacing);
    world.stop().await;
}

#[tokio::test]
async fn a_task_that_its_only_agent_refused_holds_up_no_other_shopper() {
    let mut world = World::start().await;
    let mut ana = OpenDesk::open(&world, "ana", 1).await;
    let _first = invite_and_accept(&world, 1).await;
    let refused = ana.reservation().await;
    ana.decline(&refused).await.unwrap();

    let _second = invite_and_accept(&world, 2).await;

    let taken = ana.reservation().await;
    ana.accept(&taken).await.unwrap();
    // Now she is busy, and nobody is left.
    let third = world.propose(&moment_of(3).build()).await;
    assert_eq!(outcome(&third), pb::DecisionOutcome::Blocked);
    world.stop().await;
}

/// An agent of one queue.
fn only(queue: &str) -> pb::DeskPresence {
    pb::DeskPresence {
        queue_ids: vec![queue.to_owned()],
        ..presence(1)
    }
}

/// session-tracking takes questions and never answers.
fn never_answered(config: &mut Config) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    config.upstreams.session_tracking = format!("http://{address}");
    config.client.default_deadline_ms = 300_000;
    // It listens for as long as the test runs.
    std::mem::forget(listener);
}

#[tokio::test]
async fn a_shopper_who_waits_in_a_chat_does_not_wait_for_what_is_asked_about_a_call() {
    let mut world = World::with(never_answered).await;
    let mut ana = OpenDesk::open_with(world.desk_of("ana"), only("calls")).await;
    let mut cai = OpenDesk::open_with(world.desk_of("cai"), only("checkout")).await;
    let worth_a_call = moment_of(1)
        .with_kind(MomentKind::IdleInCheckout)
        .with_cart(a_cart().with_value(90_000));
    world.propose(&worth_a_call.build()).await;
    let refused = ana.reservation().await;
    ana.decline(&refused).await.unwrap();
    let mut invited = invite(&world, &moment_of(2).build()).await;
    world.pass(Duration::from_secs(3));

    // Bea could call: whether the call is still wanted is asked now.
    let _bea = OpenDesk::open_with(world.desk_of("bea"), only("calls")).await;
    let invitation = invited.invitation.clone();
    invited.page.accept(&invitation).await.unwrap();

    let reservation = cai.reservation().await;
    cai.accept(&reservation).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn a_call_waits_while_a_shopper_may_say_yes_to_a_chat() {
    let mut world = World::start().await;
    // Ana alone can call, and refuses; then Bea alone can, and chat.
    let mut ana = OpenDesk::open_with(world.desk_of("ana"), only("calls")).await;
    let worth_a_call = moment_of(1)
        .with_kind(MomentKind::IdleInCheckout)
        .with_cart(a_cart().with_value(90_000));
    world.propose(&worth_a_call.build()).await;
    let mut cai = OpenDesk::open_with(world.desk_of("cai"), only("checkout")).await;
    let mut invited = invite(&world, &moment_of(2).build()).await;
    let refused = ana.reservation().await;
    let on_break = pb::DeskPresence {
        presence: pb::Presence::Break.into(),
        ..only("checkout")
    };
    cai.be(on_break).await;
    cai.acknowledged().await;
    let mut bea = OpenDesk::open(&world, "bea", 1).await;
    ana.decline(&refused).await.unwrap();

    let invitation = invited.invitation.clone();
    invited.page.accept(&invitation).await.unwrap();

    let task = bea.reservation().await.task.unwrap();
    assert_eq!(task.intervention_id, invited.intervention);
    world.stop().await;
}
