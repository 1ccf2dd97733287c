//! What decisions write. One decision or many, each table is written once.

use domain::id::TenantId;
use domain::time::Timestamp;
use messaging::{Message, outbox};
use storage::Tx;

use crate::error::OfferError;
use crate::offer::Offer;
use crate::store::audit::{self, NewNote};
use crate::store::decisions::{self, NewDecision};
use crate::store::ledger::{self, NewHold};
use crate::store::offers;

/// What one decision writes.
#[derive(Debug)]
pub(super) struct Deed {
    /// Absent for a refusal.
    pub(super) offer: Option<Offer>,
    /// What it claims, unless that was claimed before.
    pub(super) hold: Option<NewHold>,
    pub(super) decision: NewDecision,
    /// What kpi is told.
    pub(super) told: Option<Message>,
    pub(super) note: NewNote,
}

/// What decisions write that are made together, in their order.
#[derive(Debug, Default)]
pub(super) struct Deeds {
    offers: Vec<(TenantId, Offer)>,
    holds: Vec<NewHold>,
    decisions: Vec<NewDecision>,
    told: Vec<Message>,
    notes: Vec<NewNote>,
}

impl Deeds {
    pub(super) fn add(&mut self, deed: Deed) {
        let tenant = deed.decision.tenant.clone();
        self.offers.extend(deed.offer.map(|offer| (tenant, offer)));
        self.holds.extend(deed.hold);
        self.decisions.push(deed.decision);
        self.told.extend(deed.told);
        self.notes.push(deed.note);
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// Somebody else took room that the holds count on: nothing of this may be kept.
    pub(super) async fn write(self, tx: &Tx, now: Timestamp) -> Result<(), OfferError> {
        offers::insert(tx, &self.offers).await?;
        decisions::insert(tx, &self.decisions).await?;
        outbox::enqueue(tx, &self.told, now).await?;
        // Everybody draws on one budget, so it is claimed as late as can be.
        if !ledger::hold_all(tx, &self.holds).await? {
            return Err(OfferError::BudgetMoved);
        }
        // All writers of a tenant wait for the end of its trail, so this is the last thing that a transaction does.
        audit::append(tx, self.notes).await?;
        Ok(())
    }
}
