//! Work that goes from one agent to another, and to nobody else.

use std::time::Duration;

use domain::id::{AgentId, PartnerId, QueueId};
use domain::moment::{Moment, MomentKind};
use domain::time::LocalHours;
use intervention_routing::PartnerConfig;
use proto::channel::v1::Channel;
use proto::error::v1::ErrorReason;
use proto::fact::v1::CancelReason;
use proto::fact::v1::fact::Body;
use proto::routing::v1 as pb;
use proto::routing::v1::agent_desk_service_client::AgentDeskServiceClient;
use proto::routing::v1::open_desk_request::Message as Said;
use proto::routing::v1::watch_invitations_response::Update;
use proto::routing::v1::{InterventionState, ReservationState, TaskState};
use testkit::builders::a_cart;
use testkit::grpc::assert_refused;
use tonic::Code;

use crate::desks::{OpenDesk, presence};
use crate::storefronts::{bring_together, invite_and_accept, moment_now};
use crate::world::{World, moment_of};

/// A moment with a cart that is worth a call.
fn worth_a_call(n: u64) -> Moment {
    moment_of(n)
        .with_kind(MomentKind::IdleInCheckout)
        .with_cart(a_cart().with_value(90_000))
        .build()
}

/// An agent who takes calls and nothing else.
fn caller(capacity: u32) -> pb::DeskPresence {
    pb::DeskPresence {
        queue_ids: vec!["calls".to_owned()],
        ..presence(capacity)
    }
}

#[tokio::test]
async fn a_refused_task_goes_to_somebody_else_and_never_back() {
    let mut world = World::start().await;
    let mut ana = OpenDesk::open(&world, "ana", 1).await;
    let _invited = invite_and_accept(&world, 1).await;
    let first = ana.reservation().await;

    let rejected = ana.decline(&first).await.unwrap();

    assert_eq!(rejected.state(), ReservationState::Rejected);
    assert_eq!(rejected.task.unwrap().state(), TaskState::Pending);
    world.pass(Duration::from_secs(1));
    let mut bea = OpenDesk::open(&world, "bea", 1).await;
    let second = bea.reservation().await;
    assert_ne!(second.reservation_id, first.reservation_id);
    bea.decline(&second).await.unwrap();
    // Both are free and have refused it: the next thing either hears is an answer, not the task.
    ana.be(presence(1)).await;
    assert_eq!(ana.acknowledged().await.used_capacity, 0);
    bea.be(presence(1)).await;
    assert_eq!(bea.acknowledged().await.used_capacity, 0);
    world.stop().await;
}

#[tokio::test]
async fn a_call_needs_no_invitation_and_takes_an_agent_whole() {
    let mut world = World::start().await;
    let mut desk = OpenDesk::open_with(world.desk_of("ana"), caller(3)).await;

    let called = world.propose(&worth_a_call(1)).await.intervention.unwrap();

    assert_eq!(called.channel(), Channel::Call);
    assert_eq!(called.state(), InterventionState::Accepted);
    let reservation = desk.reservation().await;
    desk.be(presence(3)).await;
    assert_eq!(desk.acknowledged().await.used_capacity, 3);
    let task = desk.accept(&reservation).await.unwrap().task.unwrap();
    // Nobody is invited to a chat that only an agent on the phone could answer.
    let chat = world
        .propose(&moment_of(2).build())
        .await
        .intervention
        .unwrap();
    assert_eq!(chat.state(), InterventionState::Blocked);
    desk.wrap_up(&task).await.unwrap();
    desk.be(presence(3)).await;
    assert_eq!(desk.acknowledged().await.used_capacity, 0);
    world.stop().await;
}

#[tokio::test]
async fn nobody_is_called_at_night_although_the_evening_decided_it() {
    let mut world = World::with(|config| {
        // The clock stands at 11:00 in Madrid.
        config.rules.call_hours = LocalHours::new(8, 12).unwrap();
        config.desks.silent_after_ms = 600_000;
        config.desks.call_reservation_timeout_ms = 600_000;
    })
    .await;
    world.pass(Duration::from_mins(55));
    let mut ana = OpenDesk::open_with(world.desk_of("ana"), caller(1)).await;
    let late = moment_now(&world, 1);
    let late = Moment {
        kind: MomentKind::IdleInCheckout,
        cart: worth_a_call(1).cart,
        ..late
    };
    world.propose(&late).await;
    let first = ana.reservation().await;
    let mut bea = OpenDesk::open_with(world.desk_of("bea"), caller(1)).await;

    world.pass(Duration::from_mins(5));
    ana.decline(&first).await.unwrap();

    // The task waits, and so does Bea.
    for _ in 0..5 {
        bea.be(caller(1)).await;
        assert_eq!(bea.acknowledged().await.used_capacity, 0);
    }
    world.stop().await;
}

#[tokio::test]
async fn a_transferred_task_is_taken_over_by_another_agent() {
    let mut world = World::start().await;
    let mut ana = OpenDesk::open(&world, "ana", 1).await;
    let (mut invited, task) = bring_together(&world, &mut ana, 1).await;
    ana.start(&task).await.unwrap();
    ana.hear_reply(&task).await.unwrap();

    let waiting = ana.transfer(&task, "orders").await.unwrap();

    assert_eq!(waiting.state(), TaskState::Pending);
    assert_eq!(waiting.queue_id, "orders");
    assert_eq!(ana.tasks().await, []);
    let released = world.intervention(&invited.intervention).await;
    assert_eq!(
        (released.state(), released.agent_id.as_str()),
        (InterventionState::Engaged, "")
    );
    let cases = world.told().some_cases(3).await;
    assert_eq!(
        cases[2].agent, None,
        "who gave it away grants nothing any more"
    );
    let mut bea = OpenDesk::open(&world, "bea", 1).await;
    let reservation = bea.reservation().await;
    bea.accept(&reservation).await.unwrap();
    assert!(matches!(
        invited.page.next().await.unwrap(),
        Update::AgentJoined(_)
    ));
    bea.start(&task).await.unwrap();
    let ended = bea.wrap_up(&task).await.unwrap();
    assert_eq!(ended.agent_id, "bea");
    let refused = ana.wrap_up(&task).await.unwrap_err();
    assert_refused(&refused, Code::NotFound, ErrorReason::NotFound, None);
    world.stop().await;
}

#[tokio::test]
async fn a_transfer_that_nobody_takes_ends_and_is_counted() {
    let mut world = World::start().await;
    let mut ana = OpenDesk::open(&world, "ana", 1).await;
    let (mut invited, task) = bring_together(&world, &mut ana, 1).await;
    ana.start(&task).await.unwrap();
    ana.hear_reply(&task).await.unwrap();
    ana.transfer(&task, "checkout").await.unwrap();

    world.pass(Duration::from_mins(1));

    assert!(matches!(
        invited.page.next().await.unwrap(),
        Update::Withdrawn(_)
    ));
    let ended = world.intervention(&invited.intervention).await;
    assert_eq!(ended.state(), InterventionState::Unanswered);
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
async fn a_task_is_not_handed_to_a_queue_that_nobody_knows() {
    let mut world = World::start().await;
    let mut ana = OpenDesk::open(&world, "ana", 1).await;
    let (_invited, task) = bring_together(&world, &mut ana, 1).await;

    let refused = ana.transfer(&task, "checkuot").await.unwrap_err();

    let unknown = ErrorReason::UnknownQueue;
    assert_refused(&refused, Code::InvalidArgument, unknown, Some("queue_id"));
    assert_eq!(ana.tasks().await.len(), 1);
    world.stop().await;
}

#[tokio::test]
async fn tasks_of_others_are_not_there_not_even_within_the_partner() {
    let mut world = World::start().await;
    let mut ana = OpenDesk::open(&world, "ana", 1).await;
    let (_invited, task) = bring_together(&world, &mut ana, 1).await;
    let strangers = [world.desk_at("north", "bea"), world.desk_at("south", "ana")];
    for stranger in strangers {
        let mut desk = OpenDesk::open_with(stranger, presence(1)).await;
        let refusals = [
            desk.start(&task).await.unwrap_err(),
            desk.hear_reply(&task).await.unwrap_err(),
            desk.wrap_up(&task).await.unwrap_err(),
            desk.transfer(&task, "orders").await.unwrap_err(),
        ];
        for refused in refusals {
            assert_refused(&refused, Code::NotFound, ErrorReason::NotFound, None);
        }
        assert_eq!(desk.tasks().await, []);
    }
    assert_eq!(ana.tasks().await.len(), 1);
    world.stop().await;
}

#[tokio::test]
async fn a_supervisor_sees_the_tasks_of_the_partner() {
    let mut world = World::start().await;
    let mut ana = OpenDesk::open(&world, "ana", 1).await;
    let (_invited, task) = bring_together(&world, &mut ana, 1).await;
    let seen_by = async |partner: &str| {
        let partner = PartnerId::parse(partner).unwrap();
        let agent = AgentId::parse("sue").unwrap();
        let token = world.tokens().supervisor_of(partner, agent);
        let mut client = AgentDeskServiceClient::new(world.client(&token));
        let request = pb::ListMyTasksRequest::default();
        client
            .list_my_tasks(request)
            .await
            .unwrap()
            .into_inner()
            .tasks
    };

    let of_north = seen_by("north").await;
    let of_south = seen_by("south").await;

    assert_eq!(of_north.len(), 1);
    assert_eq!(of_north[0].task_id, task.task_id);
    assert_eq!(of_south, []);
    world.stop().await;
}

#[tokio::test]
async fn a_partner_serves_the_queues_it_is_contracted_for() {
    let mut world = World::with(|config| {
        let orders = PartnerConfig {
            queues: [QueueId::parse("orders").unwrap()].into(),
        };
        let north = PartnerId::parse("north").unwrap();
        config.partners.insert(north, orders);
    })
    .await;
    let only = |queue: &str| pb::DeskPresence {
        queue_ids: vec![queue.to_owned()],
        ..presence(1)
    };

    let first = Said::Presence(only("checkout"));
    let mut foreign = OpenDesk::try_open(world.desk_of("ana"), first)
        .await
        .unwrap();

    let refused = foreign.next().await.unwrap_err();
    let unknown = ErrorReason::UnknownQueue;
    let field = Some("presence.queue_ids");
    assert_refused(&refused, Code::InvalidArgument, unknown, field);
    OpenDesk::open_with(world.desk_of("ana"), only("orders")).await;
    OpenDesk::open_with(world.desk_at("south", "ana"), only("checkout")).await;
    world.stop().await;
}
