//! Reading interventions, and stopping one.

use domain::fact::CancelReason;
use domain::id::{InterventionId, TenantId};
use futures::FutureExt;
use platform::paging::{Page, PageRequest};
use storage::RequestKey;

use super::Service;
use crate::error::RoutingError;
use crate::intervention::Intervention;
use crate::store::{InterventionCursor, InterventionFilter};

const UNKNOWN: RoutingError = RoutingError::NotFound {
    what: "intervention",
};

impl Service {
    /// Reads one intervention.
    pub(crate) async fn intervention(
        &self,
        tenant: &TenantId,
        id: InterventionId,
    ) -> Result<Intervention, RoutingError> {
        let store = &self.inner.store;
        let found = store.intervention(store.database.read(), tenant, id).await?;
        found.ok_or(UNKNOWN)
    }

    /// Lists interventions, the newest first.
    pub(crate) async fn list_interventions(
        &self,
        tenant: &TenantId,
        filter: &InterventionFilter,
        request: &PageRequest<InterventionCursor>,
    ) -> Result<Page<Intervention>, RoutingError> {
        let store = &self.inner.store;
        Ok(store.list_interventions(tenant, filter, request).await?)
    }

    /// Stops an intervention that no agent has yet.
    pub(crate) async fn cancel_intervention(
        &self,
        key: RequestKey,
        id: InterventionId,
    ) -> Result<Intervention, RoutingError> {
        let (service, tenant) = (self.clone(), key.tenant.clone());
        let now = self.inner.clock.now();
        let database = &self.inner.store.database;
        let cancelled = database.write_once(key, now, move |tx| {
            let (service, tenant) = (service.clone(), tenant.clone());
            async move {
                let store = &service.inner.store;
                let open = store.intervention_for_update(tx, &tenant, id).await?;
                let open = open.ok_or(UNKNOWN)?;
                service.end(tx, open, CancelReason::Requested, now).await
            }
            .boxed()
        });
        cancelled.await
    }
}
