//! An offer from its request to its reversal: an enum of states whose moves consume the offer.
//!
//! A move says what may follow what, and when. It moves no money: the ledger does, in the same transaction.

mod state;

use std::time::Duration;

use domain::id::{
    InterventionId, OfferId, OrderId, PersonId, ProgrammeId, RedemptionId, SessionId,
};
use domain::money::Money;
use domain::remedy::RemedyKind;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::case::CaseAgent;
use crate::day::Day;

pub(crate) use state::{Approver, FirstApproval, Hold, Redemption, State, StateName};

/// What is offered to whom, by whom, on what. Never changes once it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Terms {
    pub(crate) id: OfferId,
    pub(crate) intervention: InterventionId,
    pub(crate) session: SessionId,
    pub(crate) person: PersonId,
    pub(crate) remedy: RemedyKind,
    /// Drawn from the budget, at most.
    pub(crate) amount: Money,
    pub(crate) programme: ProgrammeId,
    /// Who asked for it.
    pub(crate) agent: CaseAgent,
    pub(crate) cart_version: u64,
    /// Version of the policy that decided first.
    pub(crate) policy_version: u32,
    pub(crate) created_at: Timestamp,
    /// The trace of the recovery, as `traceparent`: what happens to the offer later belongs to it.
    pub(crate) traceparent: Option<String>,
}

/// An offer in its present state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Offer {
    pub(crate) terms: Terms,
    pub(crate) state: State,
}

/// A move that the state of an offer does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum IllegalMove {
    /// The offer does not need approval.
    #[error("the offer does not need approval")]
    NoApprovalNeeded,
    /// No supervisor was asked, or the time for an answer is over.
    #[error("no approval is pending")]
    NoApprovalPending,
    /// The hold was released, has expired, or was never opened.
    #[error("the offer is not held")]
    NotHeld,
    /// The offer was used before.
    #[error("the offer is redeemed already")]
    AlreadyRedeemed,
    /// The offer was never used.
    #[error("the offer is not redeemed")]
    NotRedeemed,
    /// Nothing is left to take back.
    #[error("the redemption is reversed already")]
    AlreadyReversed,
    /// More than what is left, or nothing at all.
    #[error("the amount is not within what is left of the redemption")]
    NotWithinRest,
    /// It is not time yet.
    #[error("the offer is not due")]
    NotDue,
}

/// Whether the ledger still has the claim of a hold that is redeemed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claimed {
    /// It does.
    Still,
    /// The hold had expired, and its room may be gone: it must be claimed again.
    Again,
}

impl Offer {
    /// An offer that is granted at once.
    pub(crate) fn held(terms: Terms, hold: Hold) -> Self {
        let state = State::Held(hold);
        Self { terms, state }
    }

    /// An offer above the authority of whoever asks.
    pub(crate) fn needing_approval(terms: Terms, until: Timestamp) -> Self {
        let state = State::NeedsApproval(until);
        Self { terms, state }
    }

    /// What was reversed so far.
    pub(crate) fn reversed(&self) -> Money {
        match &self.state {
            State::PartlyReversed(_, reversed) => *reversed,
            State::Reversed(_) => self.terms.amount,
            State::NeedsApproval(_)
            | State::ApprovalPending(_)
            | State::FirstApproved(_)
            | State::Denied(_)
            | State::Held(_)
            | State::Redeemed(_)
            | State::Released(_)
            | State::Expired(_) => Money::zero(self.terms.amount.currency()),
        }
    }

    /// A supervisor is asked, who has until then.
    ///
    /// # Errors
    /// [`IllegalMove::NoApprovalNeeded`] in another state, or when the time to ask is over.
    pub(crate) fn ask_approval(
        self,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Self, IllegalMove> {
        let State::NeedsApproval(limit) = self.state else {
            return Err(IllegalMove::NoApprovalNeeded);
        };
        if now >= limit {
            return Err(IllegalMove::NoApprovalNeeded);
        }
        let state = State::ApprovalPending(until);
        Ok(Self { state, ..self })
    }

    /// Whether a supervisor may answer now.
    ///
    /// # Errors
    /// [`IllegalMove::NoApprovalPending`] in another state, or when the time for an answer is over.
    pub(crate) fn require_pending(&self, now: Timestamp) -> Result<(), IllegalMove> {
        let is_pending = self.state.name() == StateName::ApprovalPending;
        if is_pending && now < self.state.until() {
            Ok(())
        } else {
            Err(IllegalMove::NoApprovalPending)
        }
    }

    /// A supervisor says yes to what takes two. Whoever is second has the time that was left to the first, and a first
    /// approval that counts no more is replaced.
    ///
    /// # Errors
    /// As [`require_pending`](Self::require_pending).
    pub(crate) fn approve_first(self, now: Timestamp, by: Approver) -> Result<Self, IllegalMove> {
        self.require_pending(now)?;
        let until = self.state.until();
        let state = State::FirstApproved(FirstApproval { by, until });
        Ok(Self { state, ..self })
    }

    /// A supervisor says yes, and nobody else has to, and the money was claimed.
    ///
    /// # Errors
    /// As [`require_pending`](Self::require_pending).
    pub(crate) fn approve(self, now: Timestamp, hold: Hold) -> Result<Self, IllegalMove> {
        self.require_pending(now)?;
        Ok(Self::held(self.terms, hold))
    }

    /// A supervisor says no.
    ///
    /// # Errors
    /// As [`require_pending`](Self::require_pending).
    pub(crate) fn deny(self, now: Timestamp) -> Result<Self, IllegalMove> {
        self.require_pending(now)?;
        let state = State::Denied(now);
        Ok(Self { state, ..self })
    }

    /// The hold is given back. That it is due to expire is no reason against it: its money is still claimed.
    ///
    /// # Errors
    /// [`IllegalMove::NotHeld`] in another state.
    pub(crate) fn release(self) -> Result<Self, IllegalMove> {
        let State::Held(hold) = self.state else {
            return Err(IllegalMove::NotHeld);
        };
        let (terms, state) = (self.terms, State::Released(hold));
        Ok(Self { terms, state })
    }

    /// Time is up: a hold expires, and an approval that did not come is a denial.
    ///
    /// # Errors
    /// [`IllegalMove::NotDue`] before its time, or in a state that time does not end.
    pub(crate) fn time_out(self, now: Timestamp) -> Result<Self, IllegalMove> {
        if now < self.state.until() {
            return Err(IllegalMove::NotDue);
        }
        let state = match self.state {
            State::Held(hold) => State::Expired(hold),
            State::NeedsApproval(until)
            | State::ApprovalPending(until)
            | State::FirstApproved(FirstApproval { until, .. }) => State::Denied(until),
            State::Denied(_)
            | State::Redeemed(_)
            | State::Released(_)
            | State::Expired(_)
            | State::PartlyReversed(..)
            | State::Reversed(_) => return Err(IllegalMove::NotDue),
        };
        let terms = self.terms;
        Ok(Self { terms, state })
    }

    /// The offer is used in an order. Within `grace` after the end of the hold it still is, if the ledger has room and the
    /// authority has not ended.
    ///
    /// # Errors
    /// [`IllegalMove::AlreadyRedeemed`] when it was used before, [`IllegalMove::NotHeld`] when it ended otherwise.
    pub(crate) fn redeem(
        self,
        id: RedemptionId,
        order: OrderId,
        now: Timestamp,
        grace: Duration,
    ) -> Result<(Self, Claimed), IllegalMove> {
        let (hold, claimed) = match self.state {
            State::Held(hold) => (hold, Claimed::Still),
            State::Expired(hold) => (hold, Claimed::Again),
            State::Redeemed(_) | State::PartlyReversed(..) | State::Reversed(_) => {
                return Err(IllegalMove::AlreadyRedeemed);
            }
            State::NeedsApproval(_)
            | State::ApprovalPending(_)
            | State::FirstApproved(_)
            | State::Denied(_)
            | State::Released(_) => return Err(IllegalMove::NotHeld),
        };
        if !hold.is_good(now, grace) {
            return Err(IllegalMove::NotHeld);
        }
        let state = State::Redeemed(Redemption {
            hold,
            id,
            order,
            redeemed_at: now,
        });
        let terms = self.terms;
        Ok((Self { terms, state }, claimed))
    }

    /// The same offer, which draws on the budget of another period.
    #[must_use]
    pub(crate) fn drawing_on(mut self, period: Option<Day>) -> Self {
        if let Some(hold) = self.state.hold_mut() {
            hold.budget_period = period;
        }
        self
    }

    /// Takes the redemption back, in part or, without an amount, all that is left of it. Answers what came back.
    ///
    /// # Errors
    /// [`IllegalMove::NotRedeemed`], [`IllegalMove::AlreadyReversed`], or [`IllegalMove::NotWithinRest`] for nothing,
    /// more than is left, or another currency.
    pub(crate) fn reverse(self, amount: Option<Money>) -> Result<(Self, Money), IllegalMove> {
        let before = self.reversed();
        let redemption = match self.state {
            State::Redeemed(redemption) | State::PartlyReversed(redemption, _) => redemption,
            State::Reversed(_) => return Err(IllegalMove::AlreadyReversed),
            State::NeedsApproval(_)
            | State::ApprovalPending(_)
            | State::FirstApproved(_)
            | State::Denied(_)
            | State::Held(_)
            | State::Released(_)
            | State::Expired(_) => return Err(IllegalMove::NotRedeemed),
        };
        let outside = |_| IllegalMove::NotWithinRest;
        let rest = self.terms.amount.checked_sub(before).map_err(outside)?;
        let back = amount.unwrap_or(rest);
        let left = rest.checked_sub(back).map_err(outside)?;
        if back.is_zero() {
            return Err(IllegalMove::NotWithinRest);
        }
        let state = if left.is_zero() {
            State::Reversed(redemption)
        } else {
            let reversed = before.checked_add(back).map_err(outside)?;
            State::PartlyReversed(redemption, reversed)
        };
        let terms = self.terms;
        Ok((Self { terms, state }, back))
    }
}

#[cfg(test)]
mod tests;
