//! The policy of a tenant: lines of authority. What no line allows is refused.

use std::cmp::Ordering;

use domain::cause::Cause;
use domain::closed_enum;
use domain::id::PartnerId;
use domain::money::{BasisPoints, Money};
use domain::offer::OfferRefusal;
use domain::remedy::RemedyKind;
use domain::text::Text;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::case::CaseAgent;

/// Most lines of a policy.
pub(crate) const MAX_GRANTS: usize = 200;

/// What a policy is for, in its author's words.
pub(crate) type Purpose = Text<256>;

closed_enum! {
    /// Role of somebody who grants.
    pub enum GrantorRole {
        /// An agent.
        Agent = "agent",
        /// A supervisor, who also approves.
        Supervisor = "supervisor",
    }
}

/// Whom a line of authority is for, within its role.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reach {
    /// All partners.
    Everyone,
    /// All of one partner.
    Partner(PartnerId),
    /// One person of a partner.
    Person(CaseAgent),
}

/// One line of authority.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grant {
    pub(crate) role: GrantorRole,
    pub(crate) reach: Reach,
    pub(crate) remedy: RemedyKind,
    /// Empty for the causes that money helps.
    pub(crate) causes: Vec<Cause>,
    /// Most that one offer may cost.
    pub(crate) max_amount: Money,
    /// Most that one offer may cost, as a share of the cart value.
    pub(crate) max_share: BasisPoints,
    /// The first instant at which the line grants no more.
    pub(crate) expires_at: Option<Timestamp>,
}

/// A version of a tenant's policy. Version 0 is the one that everybody starts with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Policy {
    pub(crate) version: u32,
    pub(crate) purpose: Purpose,
    pub(crate) grants: Vec<Grant>,
    pub(crate) created_at: Timestamp,
}

/// Who would grant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Grantor {
    /// An agent or a supervisor.
    Person(GrantorRole, CaseAgent),
    /// Whichever supervisor of the partner may grant the most.
    AnySupervisor(PartnerId),
    /// Whoever runs the shop: as a supervisor of the partner, by the lines that name no person.
    Shop(PartnerId),
}

/// What a grantor wants to do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AuthorityQuestion<'a> {
    pub(crate) grantor: &'a Grantor,
    pub(crate) remedy: RemedyKind,
    pub(crate) cause: Cause,
    pub(crate) cart_value: Money,
    pub(crate) now: Timestamp,
}

/// Most that one offer of a grantor may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Authority {
    max: Money,
}

impl Policy {
    /// What the best line allows; if none does, why the nearest one does not.
    ///
    /// # Errors
    /// All reasons of the line with the fewest.
    pub(crate) fn authority(
        &self,
        question: AuthorityQuestion<'_>,
    ) -> Result<Authority, Vec<OfferRefusal>> {
        let mut best: Option<Authority> = None;
        let mut nearest = vec![OfferRefusal::RemedyNotAllowed];
        let mut looked_at = false;
        for line in self.grants.iter().filter(|line| line.is_for(question)) {
            let refusals = line.refusals(question);
            if refusals.is_empty() {
                let authority = line.authority(question);
                best = Some(best.map_or(authority, |best| best.or_larger(authority)));
            } else if !looked_at || refusals.len() < nearest.len() {
                nearest = refusals;
            }
            looked_at = true;
        }
        best.ok_or(nearest)
    }

    /// When the last of the lines ends that allow this amount; absent when one of them has no end, or none allows it.
    pub(crate) fn authority_until(
        &self,
        question: AuthorityQuestion<'_>,
        amount: Money,
    ) -> Option<Timestamp> {
        let allows = |line: &&Grant| {
            let max = line.authority(question).max;
            line.is_for(question)
                && line.refusals(question).is_empty()
                && matches!(amount.compare(max), Ok(Ordering::Less | Ordering::Equal))
        };
        let ends = self
            .grants
            .iter()
            .filter(allows)
            .map(|line| line.expires_at);
        ends.reduce(|one, other| Some(one?.max(other?))).flatten()
    }
}

impl Authority {
    /// What is left of it beside earlier offers on the same cart.
    pub(crate) fn left_after(self, granted: Money) -> Money {
        let zero = Money::zero(self.max.currency());
        self.max.checked_sub(granted).unwrap_or(zero)
    }

    /// The larger of two.
    fn or_larger(self, other: Self) -> Self {
        // INVARIANT: both are in the currency of the cart, see `Grant::refusals`.
        if other.max.minor_units() > self.max.minor_units() {
            other
        } else {
            self
        }
    }
}

impl Grant {
    fn is_for(&self, question: AuthorityQuestion<'_>) -> bool {
        self.remedy == question.remedy && self.covers(question.grantor)
    }

    fn covers(&self, grantor: &Grantor) -> bool {
        let (role, partner) = match grantor {
            Grantor::Person(role, person) => (*role, &person.partner),
            Grantor::AnySupervisor(partner) | Grantor::Shop(partner) => {
                (GrantorRole::Supervisor, partner)
            }
        };
        let reaches = match &self.reach {
            Reach::Everyone => true,
            Reach::Partner(ours) => ours == partner,
            Reach::Person(ours) => match grantor {
                Grantor::Person(_, person) => ours == person,
                Grantor::AnySupervisor(_) => ours.partner == *partner,
                Grantor::Shop(_) => false,
            },
        };
        self.role == role && reaches
    }

    fn refusals(&self, question: AuthorityQuestion<'_>) -> Vec<OfferRefusal> {
        let mut refusals = Vec::new();
        if !self.is_eligible(question.cause) {
            refusals.push(OfferRefusal::CauseNotEligible);
        }
        if self.expires_at.is_some_and(|end| question.now >= end) {
            refusals.push(OfferRefusal::AuthorityExpired);
        }
        if self.max_amount.currency() != question.cart_value.currency() {
            refusals.push(OfferRefusal::CurrencyMismatch);
        }
        refusals
    }

    /// Money is for a money cause, unless the line names another one.
    fn is_eligible(&self, cause: Cause) -> bool {
        if self.causes.is_empty() {
            cause.is_money_cause()
        } else {
            self.causes.contains(&cause)
        }
    }

    fn authority(&self, question: AuthorityQuestion<'_>) -> Authority {
        let share = question.cart_value.share(self.max_share);
        Authority {
            max: self.max_amount.min(share).unwrap_or(share),
        }
    }
}
