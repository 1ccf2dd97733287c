//! Every write of a desk and of a page is idempotent: the same request again gets the first answer and has no effect.

use std::collections::BTreeSet;

use proto::error::v1::ErrorReason;
use proto::routing::v1 as pb;
use testkit::grpc::assert_refused;
use tonic::Code;

use crate::desks::{OpenDesk, wrapping_up};
use crate::storefronts::{bring_together, invite, invite_and_accept};
use crate::world::{World, moment_of, request_id};

/// Sends a request twice, the second time after a restart, and then with another body under the same id.
macro_rules! assert_replays {
    ($world:ident, $client:expr, $method:ident, $request:expr, $change:expr) => {{
        let request = $request;
        let first = $client.$method(request.clone()).await.unwrap();
        let first = first.into_inner();
        $world.crash().await;
        let again = $client.$method(request.clone()).await.unwrap();
        assert_eq!(again.into_inner(), first, stringify!($method));
        let mut changed = request;
        $change(&mut changed);
        let reused = $client.$method(changed).await.unwrap_err();
        let reason = ErrorReason::RequestIdReused;
        assert_refused(&reused, Code::InvalidArgument, reason, Some("request_id"));
    }};
}

#[tokio::test]
async fn what_a_desk_sends_again_has_one_effect() {
    let mut world = World::start().await;
    let mut desk = OpenDesk::open(&world, "ana", 2).await;
    let (_invited, task) = bring_together(&world, &mut desk, 1).await;
    let task_id = task.task_id;
    let other = testkit::ids::nth::<domain::id::TaskId>(77).to_string();

    let request = pb::StartConversationRequest {
        request_id: request_id(),
        task_id: task_id.clone(),
    };
    let change = |it: &mut pb::StartConversationRequest| it.task_id = other.clone();
    assert_replays!(
        world,
        world.desk_of("ana"),
        start_conversation,
        request,
        change
    );
    let request = pb::RecordShopperReplyRequest {
        request_id: request_id(),
        task_id: task_id.clone(),
    };
    let change = |it: &mut pb::RecordShopperReplyRequest| it.task_id = other.clone();
    assert_replays!(
        world,
        world.desk_of("ana"),
        record_shopper_reply,
        request,
        change
    );
    let change = |it: &mut pb::WrapUpRequest| it.empowerment = 2;
    let request = wrapping_up(&task_id);
    assert_replays!(world, world.desk_of("ana"), wrap_up, request, change);

    // Assigned, shown, answered, reserved, accepted, started, engaged, wrapped. A relay that crashes may tell twice, under
    // the same id.
    world.told().some_facts(8).await;
    let facts = world.told().facts();
    let ids: BTreeSet<String> = facts.iter().map(|fact| fact.fact_id.clone()).collect();
    assert_eq!(ids.len(), 8, "{facts:#?}");
    world.stop().await;
}

#[tokio::test]
async fn what_an_agent_answers_and_hands_on_again_has_one_effect() {
    let mut world = World::start().await;
    let mut desk = OpenDesk::open(&world, "ana", 2).await;
    let (_invited, task) = bring_together(&world, &mut desk, 1).await;
    let request = pb::TransferTaskRequest {
        request_id: request_id(),
        task_id: task.task_id,
        queue_id: "orders".to_owned(),
    };
    let change = |it: &mut pb::TransferTaskRequest| it.queue_id = "checkout".to_owned();
    assert_replays!(world, world.desk_of("ana"), transfer_task, request, change);

    let mut bea = OpenDesk::open(&world, "bea", 2).await;
    let reservation = bea.reservation().await;
    let request = pb::DeclineReservationRequest {
        request_id: request_id(),
        reservation_id: reservation.reservation_id,
        reason: String::new(),
    };
    let change = |it: &mut pb::DeclineReservationRequest| it.reason = "lunch".to_owned();
    assert_replays!(
        world,
        world.desk_of("bea"),
        decline_reservation,
        request,
        change
    );
    world.stop().await;
}

#[tokio::test]
async fn what_a_page_sends_again_has_one_effect() {
    let mut world = World::start().await;
    let mut desk = OpenDesk::open(&world, "ana", 3).await;
    let (first, second) = (moment_of(1).build(), moment_of(2).build());
    let accepted = invite(&world, &first).await.invitation.invitation_id;
    let declined = invite(&world, &second).await.invitation.invitation_id;
    let wrapped = invite_and_accept(&world, 3).await;
    let reservation = desk.reservation().await;
    let task = desk.accept(&reservation).await.unwrap().task.unwrap();
    desk.wrap_up(&task).await.unwrap();

    let request = pb::AcceptInvitationRequest {
        request_id: request_id(),
        invitation_id: accepted.clone(),
    };
    let change = |it: &mut pb::AcceptInvitationRequest| it.invitation_id = declined.clone();
    assert_replays!(
        world,
        world.shopper_in(first.session),
        accept_invitation,
        request,
        change
    );
    let request = pb::DeclineInvitationRequest {
        request_id: request_id(),
        invitation_id: declined.clone(),
    };
    let change = |it: &mut pb::DeclineInvitationRequest| it.invitation_id = accepted.clone();
    assert_replays!(
        world,
        world.shopper_in(second.session),
        decline_invitation,
        request,
        change
    );
    let request = pb::AnswerSurveyRequest {
        request_id: request_id(),
        invitation_id: wrapped.invitation.invitation_id.clone(),
        score: 5,
    };
    let change = |it: &mut pb::AnswerSurveyRequest| it.score = 1;
    let session = moment_of(3).build().session;
    assert_replays!(
        world,
        world.shopper_in(session),
        answer_survey,
        request,
        change
    );
    world.stop().await;
}
