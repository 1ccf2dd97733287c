//! One trace for one recovery: what happens to a case or an offer belongs to the trace in which it began, however much
//! later it comes. A caller with a trace of its own keeps it, and both are linked.

use domain::id::{InterventionId, OfferId, RedemptionId, TenantId};
use platform::telemetry::TraceContext;
use tracing::{Span, info_span};

use super::Service;
use crate::case::Case;
use crate::error::OfferError;
use crate::offer::Offer;
use crate::store::{cases, offers};

impl Service {
    /// The span of a decision on a case. Of an unknown case there is nothing to tell; the decision says so itself.
    pub(super) async fn span_of_case(
        &self,
        name: &'static str,
        tenant: &TenantId,
        intervention: InterventionId,
    ) -> Result<Span, OfferError> {
        let case = cases::find(self.database().read(), tenant, intervention).await?;
        Ok(case.map_or_else(Span::current, |case| of_case(name, tenant, &case)))
    }

    /// The span of what happens to an offer; likewise.
    pub(super) async fn span_of_offer(
        &self,
        name: &'static str,
        tenant: &TenantId,
        offer: OfferId,
    ) -> Result<Span, OfferError> {
        let offer = offers::find(self.database().read(), tenant, offer).await?;
        Ok(offer.map_or_else(Span::current, |offer| of_offer(name, tenant, &offer)))
    }

    /// The span of what happens to a redemption; likewise.
    pub(super) async fn span_of_redemption(
        &self,
        name: &'static str,
        tenant: &TenantId,
        redemption: RedemptionId,
    ) -> Result<Span, OfferError> {
        let connection = self.database().read();
        let offer = offers::find_by_redemption(connection, tenant, redemption).await?;
        Ok(offer.map_or_else(Span::current, |offer| of_offer(name, tenant, &offer)))
    }
}

/// The span of what time does to an offer: nobody calls, so it is a part of the offer's trace.
pub(super) fn of_ended_offer(tenant: &TenantId, offer: &Offer) -> Span {
    let span = offer_span("offers.expire", tenant, offer);
    if let Some(trace) = trace(offer.terms.traceparent.as_deref()) {
        trace.set_parent_of(&span);
    }
    span
}

fn of_case(name: &'static str, tenant: &TenantId, case: &Case) -> Span {
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

fn of_offer(name: &'static str, tenant: &TenantId, offer: &Offer) -> Span {
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
