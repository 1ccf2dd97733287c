//! Telling why a decision came out as it did, from what was stored when it was made.

use domain::id::TenantId;

use super::Service;
use crate::decision::Explanation;
use crate::error::RoutingError;
use crate::intervention::Intervention;
use crate::store::Subject;

/// A decision with all that it saw, and the intervention as it is now.
#[derive(Debug, Clone)]
pub(crate) struct Explained {
    pub(crate) explanation: Explanation,
    pub(crate) intervention: Option<Intervention>,
}

impl Service {
    /// Explains one decision.
    pub(crate) async fn explain(
        &self,
        tenant: &TenantId,
        subject: Subject,
    ) -> Result<Explained, RoutingError> {
        let store = &self.inner.store;
        let found = store.explanation(tenant, subject).await?;
        let explanation = found.ok_or(RoutingError::NotFound { what: "decision" })?;
        let intervention = match explanation.decision.intervention {
            Some(id) => store.intervention(store.database.read(), tenant, id).await?,
            None => None,
        };
        Ok(Explained {
            explanation,
            intervention,
        })
    }
}
