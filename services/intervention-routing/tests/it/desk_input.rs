//! What desks and pages may not send, and that nothing comes of it.

use platform::auth::Role;
use proto::error::v1::ErrorReason;
use proto::routing::v1 as pb;
use proto::routing::v1::agent_desk_service_client::AgentDeskServiceClient;
use proto::routing::v1::open_desk_request::Message as Said;
use proto::routing::v1::shopper_service_client::ShopperServiceClient;
use testkit::grpc::{assert_hides, assert_refused};
use testkit::ids::nth;
use tonic::{Code, Status};

use crate::desks::{OpenDesk, accepting, presence, wrapping_up};
use crate::storefronts::{accepting as accepting_invitation, bring_together};
use crate::world::{World, request_id};

const CARD: &str = "4111111111111111";

/// What a presence gets wrong.
type Change = fn(&mut pb::DeskPresence);

#[track_caller]
fn assert_invalid(refused: &Status, reason: ErrorReason, field: &str) {
    assert_refused(refused, Code::InvalidArgument, reason, Some(field));
    assert_hides(refused, CARD);
}

#[tokio::test]
async fn a_desk_that_says_something_wrong_is_told_what_and_closed() {
    let mut world = World::start().await;
    let changes: [(Change, ErrorReason, &str); 5] = [
        (
            |it| it.presence = 0,
            ErrorReason::Required,
            "presence.presence",
        ),
        (
            |it| it.presence = 77,
            ErrorReason::UnknownEnum,
            "presence.presence",
        ),
        (
            |it| it.capacity = 21,
            ErrorReason::OutOfRange,
            "presence.capacity",
        ),
        (
            |it| it.queue_ids.clear(),
            ErrorReason::Required,
            "presence.queue_ids",
        ),
        (
            |it| it.skills = vec![CARD.to_owned()],
            ErrorReason::CardData,
            "presence.skills[0]",
        ),
    ];
    for (change, reason, field) in changes {
        let mut said = presence(1);
        change(&mut said);
        let first = Said::Presence(said);
        let mut desk = OpenDesk::try_open(world.desk_of("ana"), first)
            .await
            .unwrap();
        assert_invalid(&desk.next().await.unwrap_err(), reason, field);
    }
    let first = Said::Heartbeat(pb::DeskHeartbeat {});
    let mut desk = OpenDesk::try_open(world.desk_of("ana"), first)
        .await
        .unwrap();
    assert_invalid(
        &desk.next().await.unwrap_err(),
        ErrorReason::Required,
        "presence",
    );
    world.stop().await;
}

#[tokio::test]
async fn each_request_of_a_desk_names_its_field_at_fault() {
    let mut world = World::start().await;
    let mut desk = OpenDesk::open(&world, "ana", 1).await;
    let (_invited, task) = bring_together(&world, &mut desk, 1).await;
    let id = |text: &str| text.to_owned();

    let mut request = accepting("rsv_1");
    let refused = desk
        .client
        .accept_reservation(request.clone())
        .await
        .unwrap_err();
    assert_invalid(&refused, ErrorReason::MalformedId, "reservation_id");
    request.request_id = String::new();
    let refused = desk.client.accept_reservation(request).await.unwrap_err();
    assert_invalid(&refused, ErrorReason::Required, "request_id");

    let request = pb::DeclineReservationRequest {
        request_id: request_id(),
        reservation_id: nth::<domain::id::ReservationId>(1).to_string(),
        reason: id(CARD),
    };
    let refused = desk.client.decline_reservation(request).await.unwrap_err();
    assert_invalid(&refused, ErrorReason::CardData, "reason");

    let request = pb::StartConversationRequest {
        request_id: request_id(),
        task_id: id(CARD),
    };
    let refused = desk.client.start_conversation(request).await.unwrap_err();
    assert_invalid(&refused, ErrorReason::CardData, "task_id");

    let request = pb::WrapUpRequest {
        empowerment: 0,
        ..wrapping_up(&task.task_id)
    };
    let refused = desk.client.wrap_up(request).await.unwrap_err();
    assert_invalid(&refused, ErrorReason::Required, "empowerment");

    let request = pb::TransferTaskRequest {
        request_id: request_id(),
        task_id: task.task_id.clone(),
        queue_id: id("NO QUEUE"),
    };
    let refused = desk.client.transfer_task(request).await.unwrap_err();
    assert_invalid(&refused, ErrorReason::MalformedId, "queue_id");

    let request = pb::ListMyTasksRequest {
        page_size: 0,
        page_token: id("nonsense"),
    };
    let refused = desk.client.list_my_tasks(request).await.unwrap_err();
    assert_invalid(&refused, ErrorReason::PageTokenInvalid, "page_token");
    assert_eq!(desk.tasks().await.len(), 1, "nothing came of any of them");
    world.stop().await;
}

#[tokio::test]
async fn steps_out_of_order_are_refused_and_change_nothing() {
    let mut world = World::start().await;
    let mut desk = OpenDesk::open(&world, "ana", 1).await;
    let (invited, task) = bring_together(&world, &mut desk, 1).await;
    let before = world.intervention(&invited.intervention).await;
    let illegal = |refused: Status| {
        let reason = ErrorReason::IllegalState;
        assert_refused(&refused, Code::FailedPrecondition, reason, None);
    };

    illegal(desk.hear_reply(&task).await.unwrap_err());
    assert_eq!(world.intervention(&invited.intervention).await, before);
    desk.start(&task).await.unwrap();
    illegal(desk.start(&task).await.unwrap_err());
    desk.wrap_up(&task).await.unwrap();
    illegal(desk.wrap_up(&task).await.unwrap_err());
    illegal(desk.hear_reply(&task).await.unwrap_err());
    illegal(desk.transfer(&task, "orders").await.unwrap_err());
    world.stop().await;
}

#[tokio::test]
async fn each_answer_of_a_page_names_its_field_at_fault() {
    let mut world = World::start().await;
    let mut page = world.shopper_in(nth(2_001));

    let refused = page.accept_invitation(accepting_invitation("inv_1")).await;
    assert_invalid(
        &refused.unwrap_err(),
        ErrorReason::MalformedId,
        "invitation_id",
    );
    let survey = |score| pb::AnswerSurveyRequest {
        request_id: request_id(),
        invitation_id: nth::<domain::id::InvitationId>(1).to_string(),
        score,
    };
    for score in [0, 6, u32::MAX] {
        let refused = page.answer_survey(survey(score)).await.unwrap_err();
        assert_invalid(&refused, ErrorReason::OutOfRange, "score");
    }
    let unknown = page.answer_survey(survey(5)).await.unwrap_err();
    assert_refused(&unknown, Code::NotFound, ErrorReason::NotFound, None);
    world.stop().await;
}

#[tokio::test]
async fn desks_are_for_agents_and_pages_for_shoppers() {
    let mut world = World::start().await;
    let missing = ErrorReason::ScopeMissing;
    for role in [
        Role::Platform,
        Role::Storefront,
        Role::Operator,
        Role::Service,
    ] {
        let mut desk = AgentDeskServiceClient::new(world.client(&world.tokens().of(role)));
        let refused = desk.list_my_tasks(pb::ListMyTasksRequest::default()).await;
        assert_refused(&refused.unwrap_err(), Code::PermissionDenied, missing, None);
    }
    for role in [Role::Platform, Role::Agent, Role::Operator, Role::Service] {
        let mut page = ShopperServiceClient::new(world.client(&world.tokens().of(role)));
        let refused = page.watch_invitations(pb::WatchInvitationsRequest {}).await;
        assert_refused(&refused.unwrap_err(), Code::PermissionDenied, missing, None);
    }
    world.stop().await;
}

#[tokio::test]
async fn ids_of_another_tenant_are_not_there() {
    let mut world = World::start().await;
    let mut desk = OpenDesk::open(&world, "ana", 1).await;
    let (_invited, task) = bring_together(&world, &mut desk, 1).await;
    let token = world.tokens().of_other_tenant(Role::Agent);
    let mut stranger = AgentDeskServiceClient::new(world.client(&token));

    let refused = stranger
        .wrap_up(wrapping_up(&task.task_id))
        .await
        .unwrap_err();

    assert_refused(&refused, Code::NotFound, ErrorReason::NotFound, None);
    let listed = stranger
        .list_my_tasks(pb::ListMyTasksRequest::default())
        .await;
    assert_eq!(listed.unwrap().into_inner().tasks, []);
    world.stop().await;
}
