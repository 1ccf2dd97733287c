//! What the service answers, RPC by RPC.

use std::time::Duration;

use proto::convert::time::wire_duration;
use proto::error::v1::ErrorReason;
use proto::kpi::v1 as pb;
use proto::money::v1::Money;
use testkit::grpc::assert_refused;
use tonic::Code;

use crate::world::{World, five_persons, query, record, report, window};

fn parts(ratio: Option<pb::Ratio>) -> (u64, u64) {
    let ratio = ratio.unwrap();
    (ratio.numerator, ratio.denominator)
}

fn usd(minor_units: i64) -> Money {
    Money {
        minor_units,
        currency: "USD".to_owned(),
    }
}

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() < 1e-9
}

#[tokio::test]
async fn kpis_say_what_they_are_made_of() {
    let world = World::start().await;
    record(&mut world.service(), five_persons()).await;

    let report = report(&mut world.operator()).await;

    assert_eq!(
        (report.definition_version.as_str(), report.currency.as_str()),
        ("1", "USD")
    );
    assert_eq!(report.mature_share, Some(1.0));
    assert_eq!(parts(report.proactive_chat_conversion_rate), (2, 3));
    let arms = report.abandonment_reduction.unwrap();
    assert_eq!(
        (parts(arms.treatment), parts(arms.holdout)),
        ((1, 3), (1, 2))
    );
    assert!(
        close(arms.difference.unwrap(), 1.0 / 6.0) && close(arms.prevented_count.unwrap(), 0.5)
    );
    let revenue = report.recovered_revenue.unwrap();
    assert_eq!((revenue.treatment_n, revenue.holdout_n), (3, 2));
    assert_eq!(
        (revenue.treatment_revenue, revenue.holdout_revenue),
        (Some(usd(15_000)), Some(usd(4_000)))
    );
    assert!(close(revenue.incremental_minor_units.unwrap(), 9_000.0));
    assert!(revenue.incremental_interval.is_some());
    assert_eq!(revenue.credited_revenue, Some(usd(15_000)));
    let resolution = report.first_contact_resolution.unwrap();
    assert_eq!(
        (parts(resolution.declared), parts(resolution.observed)),
        ((3, 3), (3, 3))
    );
    let funnel = report.funnel.unwrap();
    assert_eq!(
        (
            funnel.qualified,
            funnel.held_out,
            funnel.engaged,
            funnel.ordered
        ),
        (5, 2, 3, 2)
    );
    world.stop().await;
}

#[tokio::test]
async fn an_empty_window_has_zeros_and_no_shares() {
    let world = World::start().await;

    let report = report(&mut world.operator()).await;

    assert_eq!((report.mature_share, report.currency.as_str()), (None, ""));
    let rate = report.proactive_chat_conversion_rate.unwrap();
    assert_eq!(
        (rate.denominator, rate.value, rate.interval),
        (0, None, None)
    );
    assert_eq!(report.recovered_revenue.unwrap().treatment_revenue, None);
    world.stop().await;
}

#[tokio::test]
async fn an_experiment_is_read_and_an_unknown_one_is_not_found() {
    let world = World::start().await;
    record(&mut world.service(), five_persons()).await;
    let of = |id: &str| pb::GetExperimentRequest {
        experiment_id: id.to_owned(),
        holdout_bps: Some(4_000),
        horizon: None,
    };

    let reading = world
        .operator()
        .get_experiment(of("proactive-help"))
        .await
        .unwrap()
        .into_inner();

    assert_eq!(
        (parts(reading.treatment), parts(reading.holdout)),
        ((2, 3), (1, 2))
    );
    assert!(close(reading.lift.unwrap(), 1.0 / 6.0) && reading.trusted);
    assert!(close(reading.split_p_value.unwrap(), 1.0));
    assert_eq!(reading.needed_per_arm, Some(10_000));
    let unknown = world
        .operator()
        .get_experiment(of("other"))
        .await
        .unwrap_err();
    assert_refused(
        &unknown,
        Code::NotFound,
        ErrorReason::UnknownExperiment,
        None,
    );
    world.stop().await;
}

#[tokio::test]
async fn an_audit_agrees_with_itself() {
    let world = World::start().await;
    let facts = five_persons();
    record(&mut world.service(), facts.clone()).await;
    let request = pb::AuditKpisRequest {
        window: Some(window()),
        ..pb::AuditKpisRequest::default()
    };

    let audit = world
        .operator()
        .audit_kpis(request)
        .await
        .unwrap()
        .into_inner();

    assert_eq!(usize::try_from(audit.fact_count).unwrap(), facts.len());
    assert!(audit.consistent && audit.differing_figures.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn a_business_case_is_computed_in_integers() {
    let world = World::start().await;
    let request = pb::EstimateRecoveryRequest {
        sessions_at_risk: 100_000,
        contact_bps: 500,
        uplift_bps: 1_200,
        order_value: Some(usd(12_000)),
        margin_bps: 3_500,
        contact_cost: Some(usd(250)),
        offer_cost: Some(usd(600)),
    };

    let case = world
        .operator()
        .estimate_recovery(request)
        .await
        .unwrap()
        .into_inner();

    assert_eq!((case.contacts, case.recovered_orders), (5_000, 600));
    assert_eq!(
        (case.recovered_revenue, case.gross_margin),
        (Some(usd(7_200_000)), Some(usd(2_520_000)))
    );
    assert_eq!(
        (case.cost, case.net_minor_units),
        (Some(usd(1_610_000)), 910_000)
    );
    world.stop().await;
}

#[tokio::test]
async fn staffing_follows_erlang_c() {
    let world = World::start().await;
    let request = pb::PlanStaffingRequest {
        contacts: 100,
        interval: Some(wire_duration(Duration::from_mins(30))),
        handle_time: Some(wire_duration(Duration::from_mins(3))),
        ..pb::PlanStaffingRequest::default()
    };

    let plan = world
        .supervisor()
        .plan_staffing(request)
        .await
        .unwrap()
        .into_inner();

    assert_eq!(plan.agents, 14);
    assert!((plan.service_level - 0.888).abs() < 5e-4 && close(plan.offered_load, 10.0));
    assert_eq!(plan.average_speed_of_answer.unwrap().seconds, 7);
    world.stop().await;
}

#[tokio::test]
async fn several_currencies_need_a_choice() {
    let world = World::start().await;
    let mut facts = five_persons();
    for fact in &mut facts {
        use proto::fact::v1::fact::Body::OrderPlaced;
        if let Some(OrderPlaced(order)) = &mut fact.body
            && order.order_id == "order-5"
        {
            order.value.as_mut().unwrap().currency = "EUR".to_owned();
        }
    }
    record(&mut world.service(), facts).await;
    let mut operator = world.operator();

    let refused = operator.query_kpis(query()).await.unwrap_err();
    assert_refused(
        &refused,
        Code::InvalidArgument,
        ErrorReason::Required,
        Some("currency"),
    );
    let in_dollars = pb::QueryKpisRequest {
        currency: "USD".to_owned(),
        ..query()
    };
    let report = operator
        .query_kpis(in_dollars)
        .await
        .unwrap()
        .into_inner()
        .report
        .unwrap();
    assert_eq!(
        report.recovered_revenue.unwrap().holdout_revenue,
        Some(usd(0))
    );
    world.stop().await;
}
