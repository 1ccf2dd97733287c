//! One trace follows one recovery through all five services and every outbox between them.

use std::collections::BTreeMap;

use platform::telemetry::{self, LogFormat, TelemetryConfig};
use testkit::otlp::{Receiver, Span};

use crate::people::PATIENCE;
use crate::recovery::recover;
use crate::shop::Shop;

/// Server spans that the trace of a recovery holds, with their services, in the order of the flow.
const STATIONS: [(&str, &str); 6] = [
    (
        "session-tracking",
        "rescate.session.v1.SessionTrackingService/RecordEvents",
    ),
    (
        "risk-scoring",
        "rescate.risk.v1.RiskScoringService/AssessSession",
    ),
    (
        "intervention-routing",
        "rescate.routing.v1.InterventionService/ProposeIntervention",
    ),
    (
        "offer-authorization",
        "rescate.offers.v1.OfferAuthorizationService/CheckAuthority",
    ),
    (
        "offer-authorization",
        "rescate.offers.v1.OfferAuthorizationService/RecordCase",
    ),
    ("kpi", "rescate.kpi.v1.KpiService/RecordFacts"),
];

/// What people did later, each in a call of its own, and the service that did it for them.
const LATER: [(&str, &str); 4] = [
    ("intervention-routing", "routing.accept_invitation"),
    ("intervention-routing", "routing.accept_reservation"),
    ("offer-authorization", "offers.authorize"),
    ("offer-authorization", "offers.redeem"),
];

#[tokio::test]
async fn one_trace_leads_from_the_event_to_the_fact() {
    let receiver = Receiver::start().await;
    let config = TelemetryConfig {
        otlp_endpoint: Some(receiver.endpoint()),
        log_format: LogFormat::Text,
        log_filter: "warn".to_owned(),
        ..TelemetryConfig::default()
    };
    let telemetry = telemetry::init(&config, "flow").unwrap();
    let shop = Shop::open().await;
    let recovery = recover(&shop).await;

    let trace = trace_of(&receiver, &recovery.intervention).await;
    receiver
        .wait_for(PATIENCE, |spans| {
            STATIONS.iter().all(|station| has(spans, &trace, *station))
        })
        .await;
    every_hop_hangs_together(&receiver.in_trace(&trace));
    receiver
        .wait_for(PATIENCE, |spans| {
            LATER.iter().all(|step| is_joined(spans, &trace, *step))
        })
        .await;
    receiver.wait_for(PATIENCE, has_label_of_wrap_up).await;
    nothing_personal_is_in(&receiver.spans(), &recovery.shopper.person());
    shop.close().await;
    telemetry.shutdown().await;
}

/// The trace in which the intervention was decided.
async fn trace_of(receiver: &Receiver, intervention: &str) -> String {
    let decided = |spans: &[Span]| {
        spans
            .iter()
            .find(|span| {
                span.name == "routing.decide"
                    && span.attribute("rescate.intervention") == Some(intervention)
            })
            .map(|span| span.trace_id.clone())
    };
    receiver
        .wait_for(PATIENCE, |spans| decided(spans).is_some())
        .await;
    decided(&receiver.spans()).unwrap()
}

fn has(spans: &[Span], trace: &str, (service, name): (&str, &str)) -> bool {
    spans
        .iter()
        .any(|span| span.trace_id == trace && is_server(span, service, name))
}

fn is_server(span: &Span, service: &str, name: &str) -> bool {
    span.service == service && span.name == name && span.kind == "SPAN_KIND_SERVER"
}

/// Whether a step is a part of the trace, or linked with it both ways because its caller brought a trace of its own.
///
/// One span of the name is enough: an agent may ask for an offer before the case has arrived, and ask again.
fn is_joined(spans: &[Span], trace: &str, (service, name): (&str, &str)) -> bool {
    let in_trace = || spans.iter().filter(|span| span.trace_id == trace);
    spans
        .iter()
        .filter(|span| span.service == service && span.name == name)
        .any(|step| {
            let there = in_trace().any(|span| step.links_to(span));
            let back = in_trace().any(|span| span.links_to(step));
            step.trace_id == trace || (there && back)
        })
}

/// Whether the cause that the agent noted came to risk-scoring in the trace of the wrap-up.
fn has_label_of_wrap_up(spans: &[Span]) -> bool {
    let label = "rescate.risk.v1.RiskScoringService/RecordCause";
    spans
        .iter()
        .filter(|span| span.name == "routing.wrap_up")
        .any(|wrap_up| has(spans, &wrap_up.trace_id, ("risk-scoring", label)))
}

/// Each station is reached from the event by parents alone, over every outbox between them.
fn every_hop_hangs_together(spans: &[Span]) {
    let by_id: BTreeMap<&str, &Span> = spans
        .iter()
        .map(|span| (span.span_id.as_str(), span))
        .collect();
    for (service, name) in STATIONS {
        let mut span = *by_id
            .values()
            .find(|span| is_server(span, service, name))
            .unwrap();
        let mut passed = vec![span.name.as_str()];
        while let Some(parent) = span.parent_id.as_deref().and_then(|id| by_id.get(id)) {
            span = parent;
            passed.push(span.name.as_str());
        }
        // The first span is that of the storefront's own call.
        assert_eq!(span.name, STATIONS[0].1, "{name} goes back by {passed:?}");
        assert_eq!(span.parent_id, None, "{name} goes back by {passed:?}");
    }
    for span in spans {
        assert_ne!(span.service, "", "{} belongs to a service", span.name);
    }
}

fn nothing_personal_is_in(spans: &[Span], person: &str) {
    for span in spans {
        for (key, value) in &span.attributes {
            assert!(
                !value.contains(person),
                "{} tells the person in `{key}`",
                span.name
            );
        }
    }
    assert!(spans.len() > STATIONS.len());
}
