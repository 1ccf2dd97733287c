//! How sessions ended, and what that says of models.

use std::time::Duration;

use domain::id::SessionId;
use domain::signal::SignalKind;
use proto::convert::time::wire_timestamp;
use proto::error::v1::ErrorReason;
use proto::fact::v1::Ending;
use proto::risk::v1 as pb;
use testkit::eventually;
use testkit::grpc::assert_refused;
use tonic::Code;

use crate::world::{Risk, World, a_fresh_moment, assessed, fresh, now};

async fn end(client: &mut Risk, session: SessionId, ending: Ending) -> u32 {
    let outcome = pb::RecordOutcomeRequest {
        request_id: fresh(),
        session_id: session.to_string(),
        ending: ending.into(),
        ended_at: Some(wire_timestamp(now())),
    };
    let answer = client.record_outcome(outcome).await.unwrap();
    answer.into_inner().assessment_count
}

fn built_in() -> pb::EvaluateModelRequest {
    pb::EvaluateModelRequest {
        model_id: "rescate.scorecard".to_owned(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_model_is_judged_by_what_became_of_its_sessions() {
    let world = World::start().await;
    let mut platform = world.platform();
    let mut operator = world.operator();
    let nothing = operator.evaluate_model(built_in()).await.unwrap_err();
    let (code, reason) = (Code::FailedPrecondition, ErrorReason::IllegalState);
    assert_refused(&nothing, code, reason, None);

    for n in 0..12_u32 {
        let troubled = n % 2 == 0;
        let moment = if troubled {
            a_fresh_moment().with_trigger(SignalKind::PaymentDeclined)
        } else {
            a_fresh_moment()
        };
        let moment = moment.build();
        let session = moment.session;
        assessed(&mut platform, moment).await;
        // Of those in trouble all but one leave; of the others all but one order.
        let leaves = troubled != (n < 2);
        let ending = if leaves {
            Ending::Abandoned
        } else {
            Ending::Ordered
        };
        assert_eq!(end(&mut platform, session, ending).await, 1);
    }

    let quality = operator
        .evaluate_model(built_in())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(quality.n, 12);
    assert!((quality.base_rate - 0.5).abs() < 1e-12);
    assert!((quality.auc.unwrap() - 5.0 / 6.0).abs() < 1e-12);
    assert!(quality.log_loss > 0.0 && quality.brier > 0.0);

    let asked = pb::GetModelHealthRequest {
        model_id: "rescate.scorecard".to_owned(),
        version: 2,
    };
    let health = operator.get_model_health(asked).await.unwrap().into_inner();
    assert_eq!((health.n, health.n_known), (12, 12));
    assert_eq!(health.score_psi, None, "too few for a figure");
    assert!(health.calibration_gap.unwrap() > 0.0);

    let future = pb::EvaluateModelRequest {
        from: Some(wire_timestamp(now())),
        ..built_in()
    };
    let none = operator.evaluate_model(future).await.unwrap_err();
    assert_refused(&none, code, reason, None);
    world.stop().await;
}

#[tokio::test]
async fn an_abandoned_session_that_orders_later_counts_as_ordered() {
    let world = World::start().await;
    let mut platform = world.platform();
    let moment = a_fresh_moment().build();
    let session = moment.session;
    assessed(&mut platform, moment).await;
    for (ending, base_rate) in [
        (Ending::Abandoned, 1.0),
        (Ending::Ordered, 0.0),
        (Ending::Abandoned, 0.0),
    ] {
        assert_eq!(end(&mut platform, session, ending).await, 1);
        let quality = world.operator().evaluate_model(built_in()).await.unwrap();
        assert!(
            (quality.into_inner().base_rate - base_rate).abs() < 1e-12,
            "{ending:?}"
        );
    }
    world.stop().await;
}

#[tokio::test]
async fn the_day_is_watched_at_the_start_and_told() {
    let mut world = World::start().await;
    assessed(&mut world.platform(), a_fresh_moment()).await;
    world.restart().await;

    let mut operator = world.operator();
    let day = eventually(Duration::from_secs(20), || {
        let asked = pb::GetModelHealthRequest {
            model_id: "rescate.scorecard".to_owned(),
            version: 0,
        };
        let mut operator = operator.clone();
        async move {
            let health = operator.get_model_health(asked).await.unwrap();
            health.into_inner().days.into_iter().next()
        }
    })
    .await;

    // What was assessed today is for tomorrow.
    assert_eq!((day.n, day.n_known), (0, 0));
    assert_eq!(day.until.unwrap().seconds % 86_400, 0);
    assert_eq!((day.score_psi, day.calibration_gap), (None, None));
    assert!(day.features.is_empty() && day.alerts.is_empty());
    let unwatched = pb::GetModelHealthRequest {
        model_id: "nobody".to_owned(),
        version: 0,
    };
    let refused = operator.get_model_health(unwatched).await.unwrap_err();
    assert_refused(&refused, Code::NotFound, ErrorReason::UnknownModel, None);
    world.stop().await;
}
