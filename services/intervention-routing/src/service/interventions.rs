//! Reading interventions, and stopping one.

use domain::fact::CancelReason;
use domain::id::{InterventionId, PartnerId, TenantId};
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

/// Who looks at interventions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Viewer {
    pub(crate) tenant: TenantId,
    /// The partner of the caller, who sees only what its own agents handle. `None` sees all of the tenant.
    pub(crate) partner: Option<PartnerId>,
}

impl Viewer {
    /// Whether the caller may know of an intervention.
    pub(crate) fn may_see(&self, intervention: &Intervention) -> bool {
        let handled_by = intervention.agent.as_ref().map(|agent| &agent.partner);
        self.partner.is_none() || self.partner.as_ref() == handled_by
    }
}

impl Service {
    /// Reads one intervention.
    pub(crate) async fn intervention(
        &self,
        viewer: &Viewer,
        id: InterventionId,
    ) -> Result<Intervention, RoutingError> {
        let store = &self.inner.store;
        let connection = store.database.read();
        let found = store.intervention(connection, &viewer.tenant, id).await?;
        found.filter(|found| viewer.may_see(found)).ok_or(UNKNOWN)
    }

    /// Lists interventions, the newest first.
    pub(crate) async fn list_interventions(
        &self,
        viewer: Viewer,
        filter: InterventionFilter,
        request: &PageRequest<InterventionCursor>,
    ) -> Result<Page<Intervention>, RoutingError> {
        let Viewer { tenant, partner } = viewer;
        let filter = InterventionFilter { partner, ..filter };
        let store = &self.inner.store;
        Ok(store.list_interventions(&tenant, &filter, request).await?)
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
