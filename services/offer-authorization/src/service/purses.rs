//! Purses: what an agent or a partner may grant in one day.

use domain::id::TenantId;
use domain::money::MoneyError;
use futures::FutureExt;
use platform::paging::{Page, PageRequest};
use proto::field::{FieldFault, InvalidField};
use storage::RequestKey;

use super::{Service, Unit, Viewer};
use crate::audit::AuditKind;
use crate::day::Day;
use crate::error::OfferError;
use crate::ledger::LimitKey;
use crate::programme::{Purse, PurseReport};
use crate::store::people::PersonCursor;
use crate::store::{ledger, purses};

impl Service {
    /// Sets a purse, also for the rest of today. What is granted already today stays granted.
    ///
    /// # Errors
    /// The purse was set in another currency before.
    pub(crate) async fn set_purse(
        &self,
        key: RequestKey,
        purse: Purse,
    ) -> Result<PurseReport, OfferError> {
        self.once(key, purse, |unit, purse| {
            async move { set(&unit, purse).await }.boxed()
        })
        .await
    }

    /// Lists purses by partner and agent, with what is used of them today.
    pub(crate) async fn list_purses(
        &self,
        tenant: &TenantId,
        viewer: &Viewer,
        page: &PageRequest<PersonCursor>,
    ) -> Result<Page<PurseReport>, OfferError> {
        let (connection, today) = (self.database().read(), Day::of(self.now()));
        let (partner, after) = (viewer.partner(), page.after());
        let found = purses::list(connection, tenant, partner, after, page.fetch()).await?;
        let reports = purses::reports(connection, tenant, found, today).await?;
        Ok(page.page(reports, |report| {
            let owner = &report.purse.owner;
            PersonCursor::of(&owner.partner, owner.agent.as_ref())
        }))
    }
}

async fn set(unit: &Unit<'_>, purse: Purse) -> Result<PurseReport, OfferError> {
    let Unit {
        tx, tenant, now, ..
    } = unit;
    let currency = purse.daily_limit.currency();
    let owner = std::slice::from_ref(&purse.owner);
    let before = purses::limits_of(*tx, tenant, owner).await?.pop().flatten();
    if before.is_some_and(|before| before.currency() != currency) {
        let fault = MoneyError::CurrencyMismatch;
        let path = "purse.daily_limit.currency";
        return Err(InvalidField::new(path, fault.reason(), fault.description()).into());
    }
    purses::set(tx, tenant, &purse, *now).await?;
    let today = Day::of(*now);
    let key = LimitKey::purse(&purse.owner, today, currency);
    ledger::set_cap(tx, tenant, &key, purse.daily_limit.minor_units()).await?;
    let report = purses::report(*tx, tenant, purse, today).await?;
    unit.audit(AuditKind::PurseSet, &report.purse.owner, &report)
        .await?;
    Ok(report)
}
