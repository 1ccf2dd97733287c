//! What is noted in the audit trail, in the transaction in which it happens.

use domain::fact::FactBody;
use domain::money::Money;
use serde::Serialize;
use storage::{StoreError, column};

use super::{Actor, Unit};
use crate::audit::{AuditKind, Note};
use crate::offer::Offer;
use crate::store::audit::{self, NewNote};

/// An offer after something happened to it.
#[derive(Debug, Serialize)]
struct OfferNote<'a> {
    offer: &'a Offer,
    /// Who did it; absent when time or a checkout did.
    by: Option<&'a Actor>,
    /// How much came back, of a reversal.
    amount: Option<Money>,
    /// Why, of a reversal.
    reason: Option<&'static str>,
}

/// What is told of a reversal beyond the offer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reversal {
    pub(super) amount: Money,
    pub(super) reason: &'static str,
}

impl Unit<'_> {
    /// Notes something about somebody or something, by its id. The end of the trail is what all writers of a tenant wait
    /// for, so this is the last thing that a transaction does.
    pub(super) async fn audit<T: Serialize>(
        &self,
        kind: AuditKind,
        subject: impl ToString,
        body: &T,
    ) -> Result<(), StoreError> {
        let note = self.entry(kind, subject.to_string(), body)?;
        audit::append(self.tx, vec![note]).await
    }

    /// What [`audit`](Self::audit) writes. Everything that changes what may be granted is noted, so with the commit what is kept
    /// for checks is stale.
    pub(super) fn entry<T: Serialize>(
        &self,
        kind: AuditKind,
        subject: String,
        body: &T,
    ) -> Result<NewNote, StoreError> {
        let (service, tenant) = (self.service.clone(), self.tenant.clone());
        self.tx
            .after_commit(move || service.inner.live.forget(&tenant));
        let note = Note {
            kind,
            subject,
            body: column::json(body)?,
            by: self.by.clone(),
        };
        Ok(NewNote {
            tenant: self.tenant.clone(),
            note,
            now: self.now,
        })
    }

    /// Tells what happened to an offer, and notes it and who did it.
    pub(super) async fn conclude(
        &self,
        kind: AuditKind,
        offer: &Offer,
        by: Option<&Actor>,
        told: FactBody,
    ) -> Result<(), StoreError> {
        self.tell(&offer.terms, told).await?;
        self.audit_offer(kind, offer, by).await
    }

    /// Notes what happened to an offer, and who did it.
    pub(super) async fn audit_offer(
        &self,
        kind: AuditKind,
        offer: &Offer,
        by: Option<&Actor>,
    ) -> Result<(), StoreError> {
        let body = OfferNote {
            offer,
            by,
            amount: None,
            reason: None,
        };
        self.audit(kind, offer.terms.id, &body).await
    }

    /// Tells what came back of a redemption, and notes it and why.
    pub(super) async fn conclude_reversal(
        &self,
        offer: &Offer,
        reversal: Reversal,
    ) -> Result<(), StoreError> {
        let told = FactBody::OfferReversed {
            offer: offer.terms.id,
            amount: reversal.amount,
        };
        self.tell(&offer.terms, told).await?;
        let body = OfferNote {
            offer,
            by: None,
            amount: Some(reversal.amount),
            reason: Some(reversal.reason),
        };
        self.audit(AuditKind::Reversed, offer.terms.id, &body).await
    }
}
