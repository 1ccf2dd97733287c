//! What is noted in the audit trail, in the transaction in which it happens.

use domain::money::Money;
use serde::Serialize;
use storage::{StoreError, column};

use super::{Actor, Unit};
use crate::audit::{AuditKind, Note};
use crate::offer::Offer;
use crate::store::audit;

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
    /// Notes something about somebody or something, by its id.
    pub(super) async fn audit<T: Serialize>(
        &self,
        kind: AuditKind,
        subject: impl ToString,
        body: &T,
    ) -> Result<(), StoreError> {
        let note = Note {
            kind,
            subject: subject.to_string(),
            body: column::json(body)?,
        };
        audit::append(self.tx, &self.tenant, note, self.now).await
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

    /// Notes what came back of a redemption, and why.
    pub(super) async fn audit_reversal(
        &self,
        offer: &Offer,
        reversal: Reversal,
    ) -> Result<(), StoreError> {
        let body = OfferNote {
            offer,
            by: None,
            amount: Some(reversal.amount),
            reason: Some(reversal.reason),
        };
        self.audit(AuditKind::Reversed, offer.terms.id, &body).await
    }
}
