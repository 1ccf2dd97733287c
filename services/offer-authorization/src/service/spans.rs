//! One trace for one recovery: what happens to a case or an offer belongs to the trace in which it began, however much
//! later it comes. A caller with a trace of its own keeps it, and both are linked.

use domain::id::TenantId;
use platform::telemetry::TraceContext;
use tracing::{Span, info_span};

use crate::case::Case;
use crate::offer::Offer;

/// The span of what time does to an offer: nobody calls, so it is a part of the offer's trace.
pub(super) fn of_ended_offer(tenant: &TenantId, offer: &Offer) -> Span {
    let span = offer_span("offers.expire", tenant, offer);
    if let Some(trace) = trace(offer.terms.traceparent.as_deref()) {
        trace.set_parent_of(&span);
    }
    span
}

/// Where an offer on a case belongs: here, when this call is a part of the recovery; else where the recovery was told of,
/// so that what becomes of the offer is joined to that, and not to the trace of whoever asked for it.
pub(super) fn place_of_offer(case: &Case) -> Option<String> {
    let here = TraceContext::current();
    let place = match trace(case.traceparent.as_deref()) {
        Some(recovery) => here
            .filter(|here| here.trace_id() == recovery.trace_id())
            .or(Some(recovery)),
        None => here,
    };
    place.map(|place| place.to_string())
}

/// The span of a decision on a case.
pub(super) fn of_case(name: &'static str, tenant: &TenantId, case: &Case) -> Span {
    let span = info_span!(
        "case",
        otel.name = name,
        rescate.tenant = %tenant,
        rescate.intervention = %case.intervention,
        rescate.session = %case.session,
    );
    if let Some(trace) = trace(case.traceparent.as_deref()) {
        trace.resume(&span);
    }
    span
}

/// The span of what happens to an offer.
pub(super) fn of_offer(name: &'static str, tenant: &TenantId, offer: &Offer) -> Span {
    let span = offer_span(name, tenant, offer);
    if let Some(trace) = trace(offer.terms.traceparent.as_deref()) {
        trace.resume(&span);
    }
    span
}

fn offer_span(name: &'static str, tenant: &TenantId, offer: &Offer) -> Span {
    info_span!(
        "offer",
        otel.name = name,
        rescate.tenant = %tenant,
        rescate.offer = %offer.terms.id,
        rescate.intervention = %offer.terms.intervention,
        rescate.session = %offer.terms.session,
    )
}

/// A text that is no trace is no reason to refuse money.
fn trace(traceparent: Option<&str>) -> Option<TraceContext> {
    TraceContext::parse(traceparent?).ok()
}
