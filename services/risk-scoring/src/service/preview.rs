//! Previews: what a moment would be assessed as, while nothing is kept of it.
//!
//! A preview costs no more than the model does. So it does not ask the store: what a tenant's moments are assessed by is
//! resident, and read again when it has grown too old. Deliberately absent: the models in the shadow, whose scores would be
//! stored and nothing else.

use std::sync::Arc;

use domain::id::TenantId;
use domain::moment::Moment;
use domain::time::Timestamp;

use super::{Inner, Service};
use crate::assess::{Basis, Verdict, preview};
use crate::error::RiskError;
use crate::store::Fresh;

/// Makes previews of a tenant, as of one instant.
pub(crate) struct Previewer {
    basis: Arc<Basis>,
    now: Timestamp,
}

impl Service {
    /// Whoever makes previews of a tenant now: by what the store said a moment ago, and never by what was so before a change that
    /// this process has made.
    pub(crate) async fn previewer(&self, tenant: &TenantId) -> Result<Previewer, RiskError> {
        let Inner {
            store,
            causes,
            settings,
            ..
        } = &*self.inner;
        let now = self.now();
        let fresh = Fresh {
            now,
            most: settings.models.preview_staleness(),
        };
        let basis = store.basis(tenant, causes, fresh).await?;
        Ok(Previewer { basis, now })
    }
}

impl Previewer {
    /// Says what the assessment of a moment would be.
    pub(crate) fn preview<'a>(&'a self, moment: &'a Moment) -> Verdict<'a> {
        preview(moment, &self.basis, self.now)
    }
}

#[cfg(test)]
mod tests;
