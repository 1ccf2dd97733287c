//! Budget periods: their ends, and what comes back to one that has ended.
//!
//! A period lasts until its end is booked, at the first look after the clock says so. That is the one place that opens
//! periods, so that no decision waits for it, and each is a transaction of its own.

use domain::id::{ProgrammeId, TenantId};
use domain::time::Timestamp;
use futures::FutureExt;
use tracing::warn;

use super::{Service, Unit};
use crate::audit::AuditKind;
use crate::budget::BudgetPeriods;
use crate::error::OfferError;
use crate::ledger::{Draw, EntryKind};
use crate::programme::{Programme, ProgrammeState};
use crate::store::ledger::{self, Late};
use crate::store::programmes;

impl Service {
    /// Ends periods that are over, all of a programme. Where many programmes are due, the others wait for the next look.
    ///
    /// # Errors
    /// What is due cannot be read.
    pub(crate) async fn roll_over_due(&self) -> Result<(), OfferError> {
        let now = self.now();
        for (tenant, programme) in programmes::due_until(self.database().read(), now).await? {
            // One that cannot be rolled over must not keep the others from it.
            if let Err(error) = self.roll_over(&tenant, &programme, now).await {
                let error = platform::status::chain(&error);
                warn!(%tenant, %programme, error, "the end of a budget period could not be booked");
            }
        }
        Ok(())
    }

    async fn roll_over(
        &self,
        tenant: &TenantId,
        programme: &ProgrammeId,
        now: Timestamp,
    ) -> Result<(), OfferError> {
        let work = (self.clone(), tenant.clone(), programme.clone());
        loop {
            let (service, tenant, programme) = work.clone();
            let rolled = self.database().write(move |tx| {
                let unit = Unit {
                    tx,
                    service: service.clone(),
                    tenant: tenant.clone(),
                    now,
                    by: None,
                };
                let programme = programme.clone();
                async move { roll_over(&unit, &programme).await }.boxed()
            });
            if rolled.await? == Rolled::UpToDate {
                return Ok(());
            }
        }
    }
}

/// Whether there was a period to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rolled {
    Over,
    UpToDate,
}

async fn roll_over(unit: &Unit<'_>, programme: &ProgrammeId) -> Result<Rolled, OfferError> {
    let before = programmes::lock(unit.tx, &unit.tenant, programme).await?;
    let before = before.ok_or(OfferError::ProgrammeUnknown)?;
    // Another replica has been here since it was seen, or this was the last one that is over.
    if before.rolls_at().is_none_or(|end| unit.now < end) {
        return Ok(Rolled::UpToDate);
    }
    let next = Programme {
        periods: before.periods.map(BudgetPeriods::next),
        ..before.clone()
    };
    let both = (&before, &next);
    ledger::roll_over(unit.tx, &unit.tenant, both, &|| unit.stamp()).await?;
    programmes::set_open_period(unit.tx, &unit.tenant, &next).await?;
    unit.note_on(AuditKind::BudgetRolledOver, programme).await?;
    Ok(Rolled::Over)
}

impl Unit<'_> {
    /// Takes what an offer gave back out of its period, if that has ended.
    ///
    /// The period is judged after the counter was changed, and so while nobody else can end it: either its end comes
    /// later and finds the room, or it is seen here.
    pub(super) async fn give_on(&self, late: Late<'_>) -> Result<(), OfferError> {
        let Late { draw, kind, .. } = late;
        let gives_back = match kind {
            EntryKind::Release | EntryKind::Expire | EntryKind::Reverse => true,
            EntryKind::Hold
            | EntryKind::Redeem
            | EntryKind::TopUp
            | EntryKind::CarryOut
            | EntryKind::CarryIn
            | EntryKind::Lapse => false,
        };
        if !gives_back || draw.period.is_none() || self.is_open(draw).await? {
            return Ok(());
        }
        let open = programmes::lock(self.tx, &self.tenant, &draw.programme).await?;
        let open = open.ok_or(OfferError::ProgrammeUnknown)?;
        let stamps = || self.stamp();
        Ok(ledger::give_on(self.tx, &self.tenant, late, &open, &stamps).await?)
    }

    /// Whether the budget that an offer draws on still takes new holds.
    ///
    /// # Errors
    /// It was frozen, or its period has ended.
    pub(super) async fn require_open(&self, draw: &Draw) -> Result<(), OfferError> {
        let programme = self.programme_of(draw).await?;
        if programme.state == ProgrammeState::Active && programme.open_period() == draw.period {
            return Ok(());
        }
        Err(OfferError::BudgetMoved)
    }

    async fn is_open(&self, draw: &Draw) -> Result<bool, OfferError> {
        Ok(self.programme_of(draw).await?.open_period() == draw.period)
    }

    async fn programme_of(&self, draw: &Draw) -> Result<Programme, OfferError> {
        let programme = programmes::find(self.tx, &self.tenant, &draw.programme).await?;
        programme.ok_or(OfferError::ProgrammeUnknown)
    }
}
