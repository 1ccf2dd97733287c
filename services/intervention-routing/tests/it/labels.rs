//! The cause that an agent notes at wrap-up reaches risk-scoring as the label of the assessment, once, whatever happens
//! on the way, and keeps nobody waiting.

use std::time::Duration;

use domain::id::AssessmentId;
use platform::status::Kind;
use proto::cause::v1::Cause;
use proto::risk::v1::RecordCauseRequest;
use proto::routing::v1 as pb;
use testkit::eventually;

use crate::desks::{OpenDesk, wrapping_up};
use crate::storefronts::{bring_together, moment_now};
use crate::world::World;

const DEADLINE: Duration = Duration::from_secs(10);

/// Brings the `n`th shopper and the agent into a conversation.
async fn converse(world: &World, desk: &mut OpenDesk, n: u64) -> pb::Task {
    let (_invited, task) = bring_together(world, desk, n).await;
    desk.start(&task).await.unwrap();
    task
}

/// Wraps up with a cause that differs from the one found.
fn correcting(task: &pb::Task) -> pb::WrapUpRequest {
    pb::WrapUpRequest {
        cause: Cause::PaymentFriction.into(),
        ..wrapping_up(&task.task_id)
    }
}

/// The id under which `world` proposes the `n`th moment's assessment.
fn assessment_of(world: &World, n: u64) -> String {
    let moment = moment_now(world, n).id;
    AssessmentId::from_uuid(moment.uuid()).to_string()
}

#[tokio::test]
async fn the_agents_cause_becomes_the_label_of_the_assessment_once() {
    let mut world = World::start().await;
    let mut desk = OpenDesk::open(&world, "ana", 2).await;
    let task = converse(&world, &mut desk, 1).await;
    assert_eq!(task.causes[0].cause(), Cause::UnexpectedCost);

    let request = correcting(&task);
    desk.client.wrap_up(request.clone()).await.unwrap();
    desk.client.wrap_up(request).await.unwrap();
    let later = converse(&world, &mut desk, 2).await;
    desk.wrap_up(&later).await.unwrap();

    let labels = world.told().labels();
    labels
        .found(|label| label.assessment_id == assessment_of(&world, 2))
        .await;
    let of_first = |label: &RecordCauseRequest| label.assessment_id == assessment_of(&world, 1);
    let first = labels.found(of_first).await;
    assert_eq!(first.cause(), Cause::PaymentFriction);
    assert_eq!(labels.messages().len(), 2, "{:?}", labels.messages());
    world.stop().await;
}

#[tokio::test]
async fn a_wrap_up_waits_for_nobody_and_its_label_survives_a_crash() {
    let mut world = World::start().await;
    let mut desk = OpenDesk::open(&world, "ana", 1).await;
    let task = converse(&world, &mut desk, 1).await;
    world.told().labels().refuse(Kind::Unavailable);

    let wrapped = desk.client.wrap_up(correcting(&task)).await.unwrap();

    let ended = wrapped.into_inner().intervention.unwrap();
    assert_eq!(ended.state(), pb::InterventionState::Resolved);
    world.crash().await;
    world.told().labels().answer();
    // What could not be delivered is put off, by the clock of the service.
    let label = eventually(DEADLINE, || async {
        world.pass(Duration::from_secs(1));
        world.told().labels().messages().pop()
    })
    .await;
    assert_eq!(label.assessment_id, assessment_of(&world, 1));
    assert_eq!(label.cause(), Cause::PaymentFriction);
    world.stop().await;
}

/// risk-scoring keeps assessments for a while only; the label of one that it has forgotten is for nobody.
#[tokio::test]
async fn a_label_that_is_refused_for_good_holds_no_other_up() {
    let mut world = World::start().await;
    let mut desk = OpenDesk::open(&world, "ana", 2).await;
    let (forgotten, known) = (
        converse(&world, &mut desk, 1).await,
        converse(&world, &mut desk, 2).await,
    );
    world.told().forget(assessment_of(&world, 1));
    desk.wrap_up(&forgotten).await.unwrap();
    let labels = world.told().labels().clone();
    labels.nth(1).await;

    desk.wrap_up(&known).await.unwrap();

    let of_known = assessment_of(&world, 2);
    labels.found(|label| label.assessment_id == of_known).await;
    world.restart().await;
    let mut desk = OpenDesk::open(&world, "ana", 2).await;
    let third = converse(&world, &mut desk, 3).await;
    desk.wrap_up(&third).await.unwrap();
    let of_third = assessment_of(&world, 3);
    labels.found(|label| label.assessment_id == of_third).await;
    assert_eq!(labels.asked(), 3, "each label is tried once");
    world.stop().await;
}

#[tokio::test]
async fn a_contact_without_the_agents_word_labels_nothing() {
    let mut world = World::with(|config| config.desks.silent_after_ms = 600_000_000).await;
    let mut desk = OpenDesk::open(&world, "ana", 1).await;
    converse(&world, &mut desk, 1).await;
    world.pass(Duration::from_hours(4));
    eventually(DEADLINE, || async {
        let mut desk = world.desk_of("ana");
        let listed = desk.list_my_tasks(pb::ListMyTasksRequest::default()).await;
        let tasks = listed.unwrap().into_inner().tasks;
        tasks.is_empty().then_some(())
    })
    .await;

    let mut desk = OpenDesk::open(&world, "ana", 1).await;
    let task = converse(&world, &mut desk, 2).await;
    desk.wrap_up(&task).await.unwrap();

    let label = world.told().labels().nth(1).await;
    assert_eq!(label.assessment_id, assessment_of(&world, 2));
    world.stop().await;
}
