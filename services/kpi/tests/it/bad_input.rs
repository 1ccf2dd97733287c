//! Every way to ask wrongly has one answer: the field at fault and why, and nothing of what was sent.

use std::time::Duration;

use domain::time::later;
use proto::convert::time::wire_timestamp;
use proto::error::v1::ErrorReason;
use proto::kpi::v1 as pb;
use proto::money::v1::Money;
use testkit::grpc::{assert_hides, assert_refused};
use tonic::{Code, Status};

use crate::world::{World, five_persons, now, query, window};

const CARD: &str = "4111111111111111";

#[track_caller]
fn assert_invalid(refused: &Status, reason: ErrorReason, field: &str) {
    assert_refused(refused, Code::InvalidArgument, reason, Some(field));
    assert_hides(refused, CARD);
}

fn span(seconds: i64) -> Option<prost_types::Duration> {
    Some(prost_types::Duration { seconds, nanos: 0 })
}

#[tokio::test]
async fn faults_of_a_query_are_named() {
    let world = World::start().await;
    let reversed = pb::Window {
        from: Some(wire_timestamp(later(now(), Duration::from_secs(1)))),
        until: Some(wire_timestamp(now())),
    };
    let endless = prost_types::Timestamp {
        seconds: i64::MAX,
        nanos: 0,
    };
    let far = pb::Window {
        from: Some(endless),
        ..window().unwrap()
    };
    let open = pb::Window {
        until: None,
        ..window().unwrap()
    };
    let asks = [
        (
            pb::QueryKpisRequest::default(),
            ErrorReason::Required,
            "window",
        ),
        (
            pb::QueryKpisRequest {
                window: Some(open),
                ..query()
            },
            ErrorReason::Required,
            "window.until",
        ),
        (
            pb::QueryKpisRequest {
                window: Some(reversed),
                ..query()
            },
            ErrorReason::OutOfRange,
            "window.until",
        ),
        (
            pb::QueryKpisRequest {
                window: Some(far),
                ..query()
            },
            ErrorReason::OutOfRange,
            "window.from",
        ),
        (
            pb::QueryKpisRequest {
                horizon: span(59),
                ..query()
            },
            ErrorReason::OutOfRange,
            "horizon",
        ),
        (
            pb::QueryKpisRequest {
                horizon: span(-1),
                ..query()
            },
            ErrorReason::OutOfRange,
            "horizon",
        ),
        (
            pb::QueryKpisRequest {
                horizon: span(60 * 86_400 + 1),
                ..query()
            },
            ErrorReason::OutOfRange,
            "horizon",
        ),
        (
            pb::QueryKpisRequest {
                partner_id: "North!".to_owned(),
                ..query()
            },
            ErrorReason::MalformedId,
            "partner_id",
        ),
        (
            pb::QueryKpisRequest {
                partner_id: CARD.to_owned(),
                ..query()
            },
            ErrorReason::CardData,
            "partner_id",
        ),
        (
            pb::QueryKpisRequest {
                partner_id: "n".repeat(65),
                ..query()
            },
            ErrorReason::TooLong,
            "partner_id",
        ),
        (
            pb::QueryKpisRequest {
                currency: "XYZ".to_owned(),
                ..query()
            },
            ErrorReason::UnknownCurrency,
            "currency",
        ),
    ];

    for (request, reason, field) in asks {
        let refused = world.operator().query_kpis(request).await.unwrap_err();
        assert_invalid(&refused, reason, field);
    }
    world.stop().await;
}

#[tokio::test]
async fn faults_of_other_questions_are_named() {
    let world = World::start().await;
    let mut kpis = world.operator();

    let request = pb::WatchKpisRequest {
        window: span(59),
        ..Default::default()
    };
    let refused = kpis.watch_kpis(request).await.unwrap_err();
    assert_invalid(&refused, ErrorReason::OutOfRange, "window");
    let refused = kpis
        .get_experiment(pb::GetExperimentRequest::default())
        .await
        .unwrap_err();
    assert_invalid(&refused, ErrorReason::Required, "experiment_id");
    let request = pb::GetExperimentRequest {
        experiment_id: "e".to_owned(),
        holdout_bps: Some(10_000),
        horizon: None,
    };
    let refused = kpis.get_experiment(request).await.unwrap_err();
    assert_invalid(&refused, ErrorReason::OutOfRange, "holdout_bps");
    let refused = kpis
        .audit_kpis(pb::AuditKpisRequest::default())
        .await
        .unwrap_err();
    assert_invalid(&refused, ErrorReason::Required, "window");
    let refused = kpis
        .export_facts(pb::ExportFactsRequest::default())
        .await
        .unwrap_err();
    assert_invalid(&refused, ErrorReason::Required, "window");
    world.stop().await;
}

fn case() -> pb::EstimateRecoveryRequest {
    let money = |minor_units| {
        Some(Money {
            minor_units,
            currency: "USD".to_owned(),
        })
    };
    pb::EstimateRecoveryRequest {
        sessions_at_risk: 1_000,
        contact_bps: 500,
        uplift_bps: 1_200,
        order_value: money(100),
        margin_bps: 3_500,
        contact_cost: money(2),
        offer_cost: money(6),
    }
}

#[tokio::test]
async fn faults_of_a_business_case_are_named() {
    let world = World::start().await;
    let euros = Some(Money {
        minor_units: 1,
        currency: "EUR".to_owned(),
    });
    let debt = Some(Money {
        minor_units: -1,
        currency: "USD".to_owned(),
    });
    let asks = [
        (
            pb::EstimateRecoveryRequest {
                sessions_at_risk: 0,
                ..case()
            },
            ErrorReason::Required,
            "sessions_at_risk",
        ),
        (
            pb::EstimateRecoveryRequest {
                contact_bps: 10_001,
                ..case()
            },
            ErrorReason::OutOfRange,
            "contact_bps",
        ),
        (
            pb::EstimateRecoveryRequest {
                uplift_bps: 0,
                ..case()
            },
            ErrorReason::OutOfRange,
            "uplift_bps",
        ),
        (
            pb::EstimateRecoveryRequest {
                margin_bps: 10_001,
                ..case()
            },
            ErrorReason::OutOfRange,
            "margin_bps",
        ),
        (
            pb::EstimateRecoveryRequest {
                order_value: None,
                ..case()
            },
            ErrorReason::Required,
            "order_value",
        ),
        (
            pb::EstimateRecoveryRequest {
                order_value: debt,
                ..case()
            },
            ErrorReason::NegativeMoney,
            "order_value.minor_units",
        ),
        (
            pb::EstimateRecoveryRequest {
                contact_cost: euros.clone(),
                ..case()
            },
            ErrorReason::CurrencyMismatch,
            "contact_cost.currency",
        ),
        (
            pb::EstimateRecoveryRequest {
                offer_cost: euros,
                ..case()
            },
            ErrorReason::CurrencyMismatch,
            "offer_cost.currency",
        ),
        (
            pb::EstimateRecoveryRequest {
                sessions_at_risk: u64::MAX,
                ..case()
            },
            ErrorReason::MoneyOverflow,
            "sessions_at_risk",
        ),
    ];

    for (request, reason, field) in asks {
        let refused = world
            .operator()
            .estimate_recovery(request)
            .await
            .unwrap_err();
        assert_invalid(&refused, reason, field);
    }
    world.stop().await;
}

fn plan() -> pb::PlanStaffingRequest {
    pb::PlanStaffingRequest {
        contacts: 10,
        interval: span(1_800),
        handle_time: span(180),
        ..pb::PlanStaffingRequest::default()
    }
}

#[tokio::test]
async fn faults_of_a_staffing_plan_are_named() {
    let world = World::start().await;
    let asks = [
        (
            pb::PlanStaffingRequest {
                contacts: 0,
                ..plan()
            },
            ErrorReason::Required,
            "contacts",
        ),
        (
            pb::PlanStaffingRequest {
                contacts: u32::MAX,
                ..plan()
            },
            ErrorReason::OutOfRange,
            "contacts",
        ),
        (
            pb::PlanStaffingRequest {
                interval: span(59),
                ..plan()
            },
            ErrorReason::OutOfRange,
            "interval",
        ),
        (
            pb::PlanStaffingRequest {
                interval: None,
                ..plan()
            },
            ErrorReason::Required,
            "interval",
        ),
        (
            pb::PlanStaffingRequest {
                handle_time: span(0),
                ..plan()
            },
            ErrorReason::OutOfRange,
            "handle_time",
        ),
        (
            pb::PlanStaffingRequest {
                concurrency: 11,
                ..plan()
            },
            ErrorReason::OutOfRange,
            "concurrency",
        ),
        (
            pb::PlanStaffingRequest {
                service_level_bps: 10_000,
                ..plan()
            },
            ErrorReason::OutOfRange,
            "service_level_bps",
        ),
        (
            pb::PlanStaffingRequest {
                answer_within: span(-1),
                ..plan()
            },
            ErrorReason::OutOfRange,
            "answer_within",
        ),
        (
            pb::PlanStaffingRequest {
                max_occupancy_bps: 10_000,
                ..plan()
            },
            ErrorReason::OutOfRange,
            "max_occupancy_bps",
        ),
    ];

    for (request, reason, field) in asks {
        let refused = world.supervisor().plan_staffing(request).await.unwrap_err();
        assert_invalid(&refused, reason, field);
    }
    world.stop().await;
}

#[tokio::test]
async fn a_batch_has_its_bounds() {
    let world = World::start().await;
    let mut kpis = world.service();

    let refused = kpis
        .record_facts(pb::RecordFactsRequest::default())
        .await
        .unwrap_err();
    assert_invalid(&refused, ErrorReason::Required, "facts");
    let many = std::iter::repeat_with(proto::fact::v1::Fact::default)
        .take(1_001)
        .collect();
    let refused = kpis
        .record_facts(pb::RecordFactsRequest { facts: many })
        .await
        .unwrap_err();
    assert_invalid(&refused, ErrorReason::TooManyItems, "facts");
    let huge = five_persons().into_iter().cycle().take(20_000).collect();
    let refused = kpis
        .record_facts(pb::RecordFactsRequest { facts: huge })
        .await
        .unwrap_err();
    assert_ne!(refused.code(), Code::Internal, "{refused:?}");
    world.stop().await;
}
