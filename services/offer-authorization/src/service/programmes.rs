//! Offer programmes, their budgets, and the ledger behind them.

use domain::id::{ProgrammeId, TenantId};
use domain::money::{Money, MoneyError};
use futures::FutureExt;
use platform::paging::{Page, PageRequest};
use proto::field::{FieldFault, InvalidField};
use storage::RequestKey;

use super::{Service, Unit};
use crate::audit::AuditKind;
use crate::error::OfferError;
use crate::programme::{Programme, ProgrammeReport, ProgrammeState};
use crate::store::ledger::{self, EntryFilter, LedgerEntry};
use crate::store::programmes;

impl Service {
    /// Creates a programme with its budget, which is the first entry of its ledger.
    ///
    /// # Errors
    /// A programme of this id exists.
    pub(crate) async fn create_programme(
        &self,
        key: RequestKey,
        programme: Programme,
        budget: Money,
    ) -> Result<ProgrammeReport, OfferError> {
        self.once(key, (programme, budget), |unit, (programme, budget)| {
            async move {
                let Unit {
                    tx, tenant, now, ..
                } = &unit;
                if !programmes::create(tx, tenant, &programme, *now).await? {
                    return Err(OfferError::ProgrammeExists);
                }
                ledger::open_budget(tx, tenant, &programme).await?;
                if !budget.is_zero() {
                    unit.add_to_budget(&programme, budget).await?;
                }
                unit.note_on(AuditKind::ProgrammeCreated, &programme.id)
                    .await
            }
            .boxed()
        })
        .await
    }

    /// Adds money to a budget; where it has periods, to that of the open one.
    ///
    /// # Errors
    /// There is no such programme, the currency is another one, or the sum would be too large.
    pub(crate) async fn top_up(
        &self,
        key: RequestKey,
        programme: ProgrammeId,
        amount: Money,
    ) -> Result<ProgrammeReport, OfferError> {
        self.once(key, (programme, amount), |unit, (programme, amount)| {
            async move {
                let found = programmes::lock(unit.tx, &unit.tenant, &programme).await?;
                let found = found.ok_or(OfferError::ProgrammeUnknown)?;
                if found.currency != amount.currency() {
                    return Err(fault("amount.currency", MoneyError::CurrencyMismatch));
                }
                unit.add_to_budget(&found, amount).await?;
                unit.note_on(AuditKind::BudgetToppedUp, &programme).await
            }
            .boxed()
        })
        .await
    }

    /// Freezes a programme, or lets it grant again. Once this is answered, no hold is opened that was decided on before;
    /// holds that are open stay good.
    ///
    /// # Errors
    /// There is no such programme.
    pub(crate) async fn set_programme_state(
        &self,
        key: RequestKey,
        programme: ProgrammeId,
        state: ProgrammeState,
    ) -> Result<ProgrammeReport, OfferError> {
        self.once(key, (programme, state), |unit, (programme, state)| {
            async move {
                let Unit { tx, tenant, .. } = &unit;
                programmes::set_state(tx, tenant, &programme, state).await?;
                let found = programmes::find(*tx, tenant, &programme).await?;
                let found = found.ok_or(OfferError::ProgrammeUnknown)?;
                ledger::set_state(tx, tenant, &found).await?;
                unit.note_on(AuditKind::ProgrammeStateSet, &programme).await
            }
            .boxed()
        })
        .await
    }

    /// Lists programmes by id, with what is held, redeemed and left.
    pub(crate) async fn list_programmes(
        &self,
        tenant: &TenantId,
        page: &PageRequest<ProgrammeId>,
    ) -> Result<Page<ProgrammeReport>, OfferError> {
        let connection = self.database().read();
        let reports = programmes::list(connection, tenant, page.after(), page.fetch()).await?;
        Ok(page.page(reports, |report| report.programme.id.clone()))
    }

    /// Lists ledger entries, the newest first.
    pub(crate) async fn list_entries(
        &self,
        tenant: &TenantId,
        filter: &EntryFilter,
        page: &PageRequest<i64>,
    ) -> Result<Page<LedgerEntry>, OfferError> {
        let connection = self.database().read();
        let (before, limit) = (page.after().copied(), page.fetch());
        let entries = ledger::list(connection, tenant, filter, before, limit).await?;
        Ok(page.page(entries, |entry| entry.seq))
    }
}

impl Unit<'_> {
    async fn add_to_budget(&self, programme: &Programme, amount: Money) -> Result<(), OfferError> {
        if ledger::top_up(self.tx, &self.tenant, programme, amount, self.stamp()).await? {
            Ok(())
        } else {
            Err(fault("amount.minor_units", MoneyError::Overflow))
        }
    }

    /// Notes what happened to a programme, with the programme as it is now, and answers that.
    pub(super) async fn note_on(
        &self,
        kind: AuditKind,
        programme: &ProgrammeId,
    ) -> Result<ProgrammeReport, OfferError> {
        let report = self.report(programme).await?;
        self.audit(kind, programme, &report).await?;
        Ok(report)
    }

    async fn report(&self, programme: &ProgrammeId) -> Result<ProgrammeReport, OfferError> {
        let report = programmes::report(self.tx, &self.tenant, programme).await?;
        report.ok_or(OfferError::ProgrammeUnknown)
    }
}

fn fault(field: &str, fault: MoneyError) -> OfferError {
    InvalidField::new(field, fault.reason(), fault.description()).into()
}
