//! Calls of kpi.

use std::time::Duration;

use CallerKind::{Operator, Service};
use domain::time::later;
use platform::auth::CallerKind;
use proto::convert::time::{wire_duration, wire_timestamp};
use proto::kpi::v1::{
    AuditKpisRequest, EstimateRecoveryRequest, ExportFactsRequest, GetExperimentRequest,
    PlanStaffingRequest, QueryKpisRequest, RecordFactsRequest, WatchKpisRequest, Window,
};

use super::samples::{a_long_ago, facts};
use super::{Call, call};
use crate::people::{now, usd};
use crate::shop::PARTNER;
use crate::stage::EXPERIMENT;

pub(super) fn calls() -> Vec<Call> {
    let mut calls = [figures(), plans()].concat();
    for fact in facts() {
        let facts = vec![fact];
        calls.push(call("RecordFacts", Service, RecordFactsRequest { facts }));
    }
    calls
}

fn figures() -> Vec<Call> {
    let window = Some(Window {
        from: Some(a_long_ago()),
        until: Some(wire_timestamp(later(now(), Duration::from_hours(1)))),
    });
    let horizon = Some(wire_duration(Duration::from_hours(1)));
    let (partner_id, currency) = (PARTNER.to_owned(), "USD".to_owned());
    let query = QueryKpisRequest {
        window,
        horizon,
        partner_id: partner_id.clone(),
        currency: currency.clone(),
    };
    let watch = WatchKpisRequest {
        window: Some(wire_duration(Duration::from_hours(1))),
        horizon,
        partner_id,
        currency: currency.clone(),
    };
    let audit = AuditKpisRequest {
        window,
        horizon,
        currency,
    };
    let experiment = GetExperimentRequest {
        experiment_id: EXPERIMENT.to_owned(),
        holdout_bps: Some(1_000),
        horizon,
    };
    vec![
        call("QueryKpis", Operator, query),
        call("WatchKpis", Operator, watch),
        call("AuditKpis", Operator, audit),
        call("ExportFacts", Operator, ExportFactsRequest { window }),
        call("GetExperiment", Operator, experiment),
    ]
}

fn plans() -> Vec<Call> {
    let estimate = EstimateRecoveryRequest {
        sessions_at_risk: 1_000,
        contact_bps: 500,
        uplift_bps: 1_200,
        order_value: Some(usd(10_000)),
        margin_bps: 3_500,
        contact_cost: Some(usd(200)),
        offer_cost: Some(usd(600)),
    };
    let staffing = PlanStaffingRequest {
        contacts: 10,
        interval: Some(wire_duration(Duration::from_mins(30))),
        handle_time: Some(wire_duration(Duration::from_mins(3))),
        concurrency: 2,
        service_level_bps: 8_000,
        answer_within: Some(wire_duration(Duration::from_secs(20))),
        max_occupancy_bps: 8_500,
    };
    vec![
        call("EstimateRecovery", Operator, estimate),
        call("PlanStaffing", Operator, staffing),
    ]
}
