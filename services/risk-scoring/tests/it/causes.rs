//! What agents note at wrap-up is learned from, tenant by tenant, and can be taken back.

use domain::signal::SignalKind;
use platform::auth::Role;
use proto::assessment::v1::Assessment;
use proto::cause::v1::Cause;
use proto::error::v1::ErrorReason;
use proto::risk::v1 as pb;
use testkit::grpc::assert_refused;
use tonic::Code;

use crate::world::{Models, Risk, World, a_fresh_moment, assessed, fresh};

/// Stands before the last button: three causes are about as likely.
async fn a_stall(platform: &mut Risk) -> Assessment {
    assessed(
        platform,
        a_fresh_moment().with_trigger(SignalKind::LastPageStall),
    )
    .await
}

async fn note(platform: &mut Risk, assessment: &Assessment, cause: Cause) -> Cause {
    let noted = pb::RecordCauseRequest {
        request_id: fresh(),
        assessment_id: assessment.assessment_id.clone(),
        cause: cause.into(),
    };
    platform
        .record_cause(noted)
        .await
        .unwrap()
        .into_inner()
        .found()
}

async fn learn(operator: &mut Models) -> pb::CauseTable {
    let asked = pb::LearnCausesRequest {
        request_id: fresh(),
    };
    operator
        .learn_causes(asked)
        .await
        .unwrap()
        .into_inner()
        .table
        .unwrap()
}

async fn tables(operator: &mut Models) -> Vec<pb::CauseTable> {
    let listed = operator
        .list_cause_tables(pb::ListCauseTablesRequest {})
        .await;
    listed.unwrap().into_inner().tables
}

fn likely(assessment: &Assessment) -> Cause {
    assessment.causes[0].cause()
}

#[tokio::test]
#[expect(
    clippy::too_many_lines,
    reason = "one story: labels, learning, use, judgement and the way back"
)]
async fn causes_are_learned_from_agents_in_versions_that_can_be_gone_back_to() {
    let world = World::start().await;
    let (mut platform, mut operator) = (world.platform(), world.operator());
    let nothing = pb::LearnCausesRequest {
        request_id: fresh(),
    };
    let refused = operator.learn_causes(nothing).await.unwrap_err();
    assert_refused(
        &refused,
        Code::FailedPrecondition,
        ErrorReason::IllegalState,
        None,
    );

    let first = a_stall(&mut platform).await;
    assert_eq!(
        (likely(&first), first.cause_table_version),
        (Cause::UnexpectedCost, Some(1))
    );
    for _ in 0..40 {
        let stall = a_stall(&mut platform).await;
        assert_eq!(
            note(&mut platform, &stall, Cause::PaymentFriction).await,
            Cause::UnexpectedCost
        );
    }
    let learned = learn(&mut operator).await;
    assert_eq!(
        (learned.version, learned.active, learned.labels),
        (1_001, true, 40)
    );
    assert_eq!(learned.accuracy, None, "it has made no assessment yet");

    let after = a_stall(&mut platform).await;
    assert_eq!(
        (likely(&after), after.cause_table_version),
        (Cause::PaymentFriction, Some(1_001))
    );
    note(&mut platform, &after, Cause::PaymentFriction).await;
    let listed = tables(&mut operator).await;
    assert_eq!(
        listed.iter().map(|table| table.version).collect::<Vec<_>>(),
        [1_001, 1]
    );
    assert_eq!((listed[0].judged, listed[0].accuracy), (1, Some(1.0)));
    assert_eq!((listed[1].judged, listed[1].accuracy), (40, Some(0.0)));

    let back = pb::ActivateCauseTableRequest {
        request_id: fresh(),
        version: 1,
    };
    let table = operator
        .activate_cause_table(back)
        .await
        .unwrap()
        .into_inner()
        .table
        .unwrap();
    assert_eq!((table.version, table.active), (1, true));
    let again = a_stall(&mut platform).await;
    assert_eq!(
        (likely(&again), again.cause_table_version),
        (Cause::UnexpectedCost, Some(1))
    );
    assert_eq!(learn(&mut operator).await.version, 1_002);
    let unknown = pb::ActivateCauseTableRequest {
        request_id: fresh(),
        version: 1_009,
    };
    let refused = operator.activate_cause_table(unknown).await.unwrap_err();
    assert_refused(&refused, Code::NotFound, ErrorReason::UnknownModel, None);
    world.stop().await;
}

#[tokio::test]
async fn a_cause_noted_again_counts_once_and_that_of_another_tenant_not_at_all() {
    let world = World::start().await;
    let (mut platform, mut operator) = (world.platform(), world.operator());
    let stall = a_stall(&mut platform).await;
    note(&mut platform, &stall, Cause::PaymentFriction).await;
    note(&mut platform, &stall, Cause::UnexpectedCost).await;
    let listed = tables(&mut operator).await;
    assert_eq!((listed[0].judged, listed[0].accuracy), (1, Some(1.0)));

    let mut stranger = world.risk_with(&world.tokens().of_other_tenant(Role::Platform));
    let noted = pb::RecordCauseRequest {
        request_id: fresh(),
        assessment_id: stall.assessment_id.clone(),
        cause: Cause::PaymentFriction.into(),
    };
    let refused = stranger.record_cause(noted).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let unset = pb::RecordCauseRequest {
        request_id: fresh(),
        assessment_id: stall.assessment_id,
        cause: 0,
    };
    let refused = platform.record_cause(unset).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    world.stop().await;
}
