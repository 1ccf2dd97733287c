//! Cases in, offers out: what needs no decision.

use domain::id::{OfferId, TenantId};
use futures::FutureExt;
use platform::paging::{Page, PageRequest};
use platform::telemetry::TraceContext;
use storage::RequestKey;

use super::{Service, Viewer};
use crate::case::Case;
use crate::error::OfferError;
use crate::offer::Offer;
use crate::store::offers::{OfferCursor, OfferFilter};
use crate::store::{cases, offers};

impl Service {
    /// Stores what is known of an intervention, unless something newer is known. Answers the revision that counts.
    pub(crate) async fn record_case(&self, key: RequestKey, case: Case) -> Result<u64, OfferError> {
        let case = Case {
            traceparent: TraceContext::current().map(|trace| trace.to_string()),
            ..case
        };
        self.once(key, case, |unit, case| {
            async move { Ok(cases::record(unit.tx, &unit.tenant, &case, unit.now).await?) }.boxed()
        })
        .await
    }

    /// An offer that the viewer may see.
    ///
    /// # Errors
    /// There is no such offer.
    pub(crate) async fn get_offer(
        &self,
        tenant: &TenantId,
        viewer: &Viewer,
        offer: OfferId,
    ) -> Result<Offer, OfferError> {
        let offer = offers::find(self.database().read(), tenant, offer).await?;
        offer
            .filter(|offer| viewer.sees(&offer.terms.agent))
            .ok_or(OfferError::OfferUnknown)
    }

    /// Lists the offers that the viewer may see, the newest first.
    pub(crate) async fn list_offers(
        &self,
        tenant: &TenantId,
        viewer: &Viewer,
        filter: OfferFilter,
        page: &PageRequest<OfferCursor>,
    ) -> Result<Page<Offer>, OfferError> {
        let filter = OfferFilter {
            partner: viewer.partner().cloned(),
            ..filter
        };
        let connection = self.database().read();
        let (after, limit) = (page.after(), page.fetch());
        let offers = offers::list(connection, tenant, &filter, after, limit).await?;
        Ok(page.page(offers, OfferCursor::of))
    }
}
