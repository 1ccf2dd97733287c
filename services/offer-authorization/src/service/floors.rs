//! Margin floors by category of articles and by remedy.

use domain::id::TenantId;
use futures::FutureExt;
use platform::paging::{Page, PageRequest};
use storage::RequestKey;

use super::Service;
use crate::audit::AuditKind;
use crate::error::OfferError;
use crate::floors::{FloorSetting, MarginFloor};
use crate::store::floors::{self, FloorCursor};

impl Service {
    /// Sets a floor, or takes it away. It counts from the next decision on; offers that are held stay good.
    pub(crate) async fn set_margin_floor(
        &self,
        key: RequestKey,
        setting: FloorSetting,
    ) -> Result<FloorSetting, OfferError> {
        self.once(key, setting, |unit, setting| {
            async move {
                floors::set(unit.tx, &unit.tenant, &setting, unit.now).await?;
                unit.audit(AuditKind::MarginFloorSet, &setting.scope, &setting)
                    .await?;
                Ok(setting)
            }
            .boxed()
        })
        .await
    }

    /// Lists the floors, by category, then by remedy.
    pub(crate) async fn list_margin_floors(
        &self,
        tenant: &TenantId,
        page: &PageRequest<FloorCursor>,
    ) -> Result<Page<MarginFloor>, OfferError> {
        let connection = self.database().read();
        let found = floors::list(connection, tenant, page.after(), page.fetch()).await?;
        Ok(page.page(found, |floor| FloorCursor::of(&floor.scope)))
    }
}
