//! Every way to ask wrongly has one answer: the field at fault and why, and nothing of what was sent.
//!
//! Each row of a table spoils one field of a good request.

use std::time::Duration;

use domain::time::later;
use proto::convert::time::wire_timestamp;
use proto::error::v1::ErrorReason::{
    CardData, CurrencyMismatch, MalformedId, MoneyOverflow, NegativeMoney, OutOfRange, Required,
    TooLong, TooManyItems, UnknownCurrency, Unreadable,
};
use proto::kpi::v1 as pb;
use proto::money::v1::Money;
use testkit::grpc::assert_refused;
use testkit::spoil::{CARD, Row, assert_invalid, spoilt};
use tonic::Code;

use crate::world::{World, day, five_persons, now, query, window};

fn seconds(seconds: i64) -> prost_types::Duration {
    prost_types::Duration { seconds, nanos: 0 }
}

fn money(minor_units: i64, currency: &str) -> Money {
    let currency = currency.to_owned();
    Money {
        minor_units,
        currency,
    }
}

fn reversed() -> pb::Window {
    pb::Window {
        from: Some(wire_timestamp(later(now(), Duration::from_secs(1)))),
        until: Some(wire_timestamp(now())),
    }
}

fn endless() -> pb::Window {
    let from = prost_types::Timestamp {
        seconds: i64::MAX,
        nanos: 0,
    };
    pb::Window {
        from: Some(from),
        ..window()
    }
}

fn open() -> pb::Window {
    pb::Window {
        until: None,
        ..window()
    }
}

const QUERIES: &[Row<pb::QueryKpisRequest>] = &[
    (|ask| ask.window = None, Required, "window"),
    (|ask| ask.window = Some(open()), Required, "window.until"),
    (
        |ask| ask.window = Some(reversed()),
        OutOfRange,
        "window.until",
    ),
    (
        |ask| ask.window = Some(endless()),
        OutOfRange,
        "window.from",
    ),
    (|ask| ask.horizon = Some(seconds(59)), OutOfRange, "horizon"),
    (|ask| ask.horizon = Some(seconds(-1)), OutOfRange, "horizon"),
    (
        |ask| ask.horizon = Some(seconds(5_184_001)),
        OutOfRange,
        "horizon",
    ),
    (
        |ask| ask.partner_id = "N!".into(),
        MalformedId,
        "partner_id",
    ),
    (|ask| ask.partner_id = CARD.into(), CardData, "partner_id"),
    (|ask| ask.partner_id = "n".repeat(65), TooLong, "partner_id"),
    (
        |ask| ask.currency = "XYZ".into(),
        UnknownCurrency,
        "currency",
    ),
];

#[tokio::test]
async fn faults_of_a_query_are_named() {
    let world = World::start().await;

    for (spoil, reason, field) in QUERIES {
        let request = spoilt(&query(), *spoil);
        let refused = world.operator().query_kpis(request).await.unwrap_err();
        assert_invalid(&refused, *reason, field);
    }
    world.stop().await;
}

#[tokio::test]
async fn faults_of_other_questions_are_named() {
    let world = World::start().await;
    let mut kpis = world.operator();

    let request = pb::WatchKpisRequest {
        window: Some(seconds(59)),
        ..Default::default()
    };
    let refused = kpis.watch_kpis(request).await.unwrap_err();
    assert_invalid(&refused, OutOfRange, "window");
    let request = pb::GetExperimentRequest::default();
    let refused = kpis.get_experiment(request).await.unwrap_err();
    assert_invalid(&refused, Required, "experiment_id");
    let request = pb::GetExperimentRequest {
        experiment_id: "e".to_owned(),
        holdout_bps: Some(10_000),
        horizon: Some(day()),
    };
    let refused = kpis.get_experiment(request).await.unwrap_err();
    assert_invalid(&refused, OutOfRange, "holdout_bps");
    let request = pb::AuditKpisRequest::default();
    let refused = kpis.audit_kpis(request).await.unwrap_err();
    assert_invalid(&refused, Required, "window");
    let request = pb::ExportFactsRequest::default();
    let refused = kpis.export_facts(request).await.unwrap_err();
    assert_invalid(&refused, Required, "window");
    world.stop().await;
}

const CASES: &[Row<pb::EstimateRecoveryRequest>] = &[
    (
        |case| case.sessions_at_risk = 0,
        Required,
        "sessions_at_risk",
    ),
    (
        |case| case.sessions_at_risk = u64::MAX,
        MoneyOverflow,
        "sessions_at_risk",
    ),
    (|case| case.contact_bps = 10_001, OutOfRange, "contact_bps"),
    (|case| case.uplift_bps = 0, OutOfRange, "uplift_bps"),
    (|case| case.margin_bps = 10_001, OutOfRange, "margin_bps"),
    (|case| case.order_value = None, Required, "order_value"),
    (
        |case| case.order_value = Some(money(-1, "USD")),
        NegativeMoney,
        "order_value.minor_units",
    ),
    (
        |case| case.contact_cost = Some(money(1, "EUR")),
        CurrencyMismatch,
        "contact_cost.currency",
    ),
    (
        |case| case.offer_cost = Some(money(1, "EUR")),
        CurrencyMismatch,
        "offer_cost.currency",
    ),
];

#[tokio::test]
async fn faults_of_a_business_case_are_named() {
    let world = World::start().await;
    let good = pb::EstimateRecoveryRequest {
        sessions_at_risk: 1_000,
        contact_bps: 500,
        uplift_bps: 1_200,
        order_value: Some(money(100, "USD")),
        margin_bps: 3_500,
        contact_cost: Some(money(2, "USD")),
        offer_cost: Some(money(6, "USD")),
    };

    for (spoil, reason, field) in CASES {
        let request = spoilt(&good, *spoil);
        let refused = world
            .operator()
            .estimate_recovery(request)
            .await
            .unwrap_err();
        assert_invalid(&refused, *reason, field);
    }
    world.stop().await;
}

const PLANS: &[Row<pb::PlanStaffingRequest>] = &[
    (|plan| plan.contacts = 0, Required, "contacts"),
    (|plan| plan.contacts = u32::MAX, OutOfRange, "contacts"),
    (|plan| plan.interval = None, Required, "interval"),
    (
        |plan| plan.interval = Some(seconds(59)),
        OutOfRange,
        "interval",
    ),
    (
        |plan| plan.handle_time = Some(seconds(0)),
        OutOfRange,
        "handle_time",
    ),
    (|plan| plan.concurrency = 11, OutOfRange, "concurrency"),
    (
        |plan| plan.service_level_bps = 10_000,
        OutOfRange,
        "service_level_bps",
    ),
    (
        |plan| plan.answer_within = Some(seconds(-1)),
        OutOfRange,
        "answer_within",
    ),
    (
        |plan| plan.max_occupancy_bps = 10_000,
        OutOfRange,
        "max_occupancy_bps",
    ),
];

#[tokio::test]
async fn faults_of_a_staffing_plan_are_named() {
    let world = World::start().await;
    let good = pb::PlanStaffingRequest {
        contacts: 10,
        interval: Some(seconds(1_800)),
        handle_time: Some(seconds(180)),
        ..Default::default()
    };

    for (spoil, reason, field) in PLANS {
        let request = spoilt(&good, *spoil);
        let refused = world.supervisor().plan_staffing(request).await.unwrap_err();
        assert_invalid(&refused, *reason, field);
    }
    world.stop().await;
}

#[tokio::test]
async fn a_batch_has_its_bounds() {
    let world = World::start().await;
    let mut kpis = world.service();

    let none = pb::RecordFactsRequest::default();
    let refused = kpis.record_facts(none).await.unwrap_err();
    assert_invalid(&refused, Required, "facts");
    let many = vec![proto::fact::v1::Fact::default(); 1_001];
    let many = pb::RecordFactsRequest { facts: many };
    let refused = kpis.record_facts(many).await.unwrap_err();
    assert_invalid(&refused, TooManyItems, "facts");
    let huge = five_persons().into_iter().cycle().take(20_000).collect();
    let huge = pb::RecordFactsRequest { facts: huge };
    let refused = kpis.record_facts(huge).await.unwrap_err();
    assert_refused(&refused, Code::InvalidArgument, Unreadable, None);
    world.stop().await;
}
