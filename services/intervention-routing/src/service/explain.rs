//! Telling why a decision came out as it did, from what was stored when it was made.

use super::{Service, Viewer};
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
        viewer: &Viewer,
        subject: Subject,
    ) -> Result<Explained, RoutingError> {
        const UNKNOWN: RoutingError = RoutingError::NotFound { what: "decision" };
        let store = &self.inner.store;
        let found = store.explanation(&viewer.tenant, subject).await?;
        let explanation = found.ok_or(UNKNOWN)?;
        let intervention = match explanation.decision.intervention {
            Some(id) => {
                let connection = store.database.read();
                store.intervention(connection, &viewer.tenant, id).await?
            }
            None => None,
        };
        let theirs = intervention.as_ref().is_some_and(|one| viewer.may_see(one));
        if viewer.partner.is_some() && !theirs {
            return Err(UNKNOWN);
        }
        Ok(Explained {
            explanation,
            intervention,
        })
    }
}
