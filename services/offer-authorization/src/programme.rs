//! Offer programmes and purses: the rules and the money that offers draw on. What is used of them is the ledger's.

use std::fmt;
use std::time::Duration;

use domain::closed_enum;
use domain::id::{AgentId, PartnerId, ProgrammeId};
use domain::money::{BasisPoints, Currency, Money};
use domain::offer::OfferRefusal;
use domain::remedy::RemedyKind;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::budget::BudgetPeriods;
use crate::day::Day;

/// How long an offer is held unless its programme says otherwise: a chat's patience.
pub(crate) const DEFAULT_HOLD_TTL: Duration = Duration::from_mins(15);

closed_enum! {
    /// Whether a programme grants.
    pub enum ProgrammeState {
        /// Inside its period.
        Active = "active",
        /// Nothing; holds that are open stay good.
        Frozen = "frozen",
    }
}

/// Rules that offers draw on. All its offers are in its currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Programme {
    pub(crate) id: ProgrammeId,
    /// Remedies that may draw on it, all of which cost money.
    pub(crate) remedies: Vec<RemedyKind>,
    pub(crate) currency: Currency,
    pub(crate) starts_at: Timestamp,
    /// The first instant at which it grants no more.
    pub(crate) ends_at: Timestamp,
    /// Least margin after the offer, as a share of the cart value after the offer.
    pub(crate) margin_floor: BasisPoints,
    /// Most offers that one person may hold or have redeemed.
    pub(crate) offers_per_person: u32,
    pub(crate) hold_ttl: Duration,
    pub(crate) state: ProgrammeState,
    /// Absent when there is one budget for the whole time.
    #[serde(default)]
    pub(crate) periods: Option<BudgetPeriods>,
}

impl Programme {
    /// Why it grants nothing now; empty when it does.
    pub(crate) fn refusals(&self, now: Timestamp) -> Vec<OfferRefusal> {
        let mut refusals = Vec::new();
        if self.state == ProgrammeState::Frozen {
            refusals.push(OfferRefusal::ProgrammeInactive);
        }
        if now < self.starts_at || now >= self.ends_at {
            refusals.push(OfferRefusal::OutsidePeriod);
        }
        refusals
    }

    /// The period whose budget is drawn on, by its first day; absent when there is one budget for the whole time.
    pub(crate) fn open_period(&self) -> Option<Day> {
        self.periods.map(|periods| periods.open)
    }

    /// When the open period ends and another one begins; never when the programme ends before.
    pub(crate) fn rolls_at(&self) -> Option<Timestamp> {
        let end = self.periods.map(|periods| periods.ends_at());
        end.filter(|end| *end < self.ends_at)
    }
}

/// A programme with its money, that of the open period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProgrammeReport {
    pub(crate) programme: Programme,
    pub(crate) budget: Money,
    pub(crate) held: Money,
    /// Less reversals.
    pub(crate) redeemed: Money,
}

/// Whose purse it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct PurseOwner {
    pub(crate) partner: PartnerId,
    /// Absent for the purse of the whole partner, which all its agents draw on beside their own.
    pub(crate) agent: Option<AgentId>,
}

impl fmt::Display for PurseOwner {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.agent {
            Some(agent) => write!(out, "{}/{agent}", self.partner),
            None => self.partner.fmt(out),
        }
    }
}

/// Most that may be granted in one day (UTC). Who has no purse is limited by authority and budget alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Purse {
    pub(crate) owner: PurseOwner,
    pub(crate) daily_limit: Money,
}

/// A purse with what is held or redeemed of it today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PurseReport {
    pub(crate) purse: Purse,
    pub(crate) used_today: Money,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::programme;
    use domain::time::{earlier, later};

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_programme_grants_from_its_start_until_its_end() {
        let programme = programme();
        let refusals = |now| programme.refusals(now);
        let outside = vec![OfferRefusal::OutsidePeriod];

        assert_eq!(refusals(earlier(programme.starts_at, MS)), outside);
        assert!(refusals(programme.starts_at).is_empty());
        assert!(refusals(earlier(programme.ends_at, MS)).is_empty());
        assert_eq!(refusals(programme.ends_at), outside);
    }

    #[test]
    fn a_frozen_programme_that_is_over_says_both() {
        let programme = Programme {
            state: ProgrammeState::Frozen,
            ..programme()
        };

        let both = [OfferRefusal::ProgrammeInactive, OfferRefusal::OutsidePeriod];
        assert_eq!(programme.refusals(later(programme.ends_at, MS)), both);
    }
}
