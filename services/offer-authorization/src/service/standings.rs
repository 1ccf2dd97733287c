//! What is known of agents and supervisors beyond their roles: tier and certificates, which policies can ask for.

use domain::id::TenantId;
use futures::FutureExt;
use platform::paging::{Page, PageRequest};
use storage::RequestKey;

use super::{Service, Viewer};
use crate::audit::AuditKind;
use crate::error::OfferError;
use crate::store::people::PersonCursor;
use crate::store::standings::{self, KnownPerson};

impl Service {
    /// Sets what is known of somebody. It counts from the next decision on.
    pub(crate) async fn set_standing(
        &self,
        key: RequestKey,
        known: KnownPerson,
    ) -> Result<KnownPerson, OfferError> {
        self.once(key, known, |unit, known| {
            async move {
                standings::set(unit.tx, &unit.tenant, &known, unit.now).await?;
                unit.audit(AuditKind::StandingSet, &known.who, &known)
                    .await?;
                Ok(known)
            }
            .boxed()
        })
        .await
    }

    /// Lists what is known, by partner and name.
    pub(crate) async fn list_standings(
        &self,
        tenant: &TenantId,
        viewer: &Viewer,
        page: &PageRequest<PersonCursor>,
    ) -> Result<Page<KnownPerson>, OfferError> {
        let connection = self.database().read();
        let (partner, after) = (viewer.partner(), page.after());
        let found = standings::list(connection, tenant, partner, after, page.fetch()).await?;
        Ok(page.page(found, |known| {
            PersonCursor::of(&known.who.partner, Some(&known.who.agent))
        }))
    }
}
