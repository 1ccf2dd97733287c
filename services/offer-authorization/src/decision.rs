//! Decisions as they are stored: what was asked, what was answered and why, with all that another policy needs to
//! answer again.

use std::cmp::Ordering;

use domain::cause::Cause;
use domain::closed_enum;
use domain::money::Money;
use domain::offer::OfferRefusal;
use domain::remedy::RemedyKind;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::authority::{AuthorityQuestion, Grantor, Policy};

closed_enum! {
    /// What was answered.
    pub enum Outcome {
        /// Granted and held.
        Granted = "granted",
        /// Refused.
        Refused = "refused",
        /// Sent to a supervisor.
        NeedsApproval = "needs_approval",
    }
}

/// One decision on one offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Decision {
    pub(crate) grantor: Grantor,
    pub(crate) remedy: RemedyKind,
    pub(crate) cause: Cause,
    pub(crate) cart_value: Money,
    pub(crate) amount: Money,
    /// What earlier offers on the cart cost.
    pub(crate) granted: Money,
    pub(crate) policy_version: u32,
    pub(crate) outcome: Outcome,
    /// All reasons against it.
    pub(crate) reasons: Vec<OfferRefusal>,
    /// Those of them that another policy would not change.
    pub(crate) others: Vec<OfferRefusal>,
    pub(crate) decided_at: Timestamp,
}

impl Decision {
    /// Whether this policy would have let the grantor grant it, at the time of the decision.
    pub(crate) fn would_pass(&self, policy: &Policy) -> bool {
        let authority = policy.authority(AuthorityQuestion {
            grantor: &self.grantor,
            remedy: self.remedy,
            cause: self.cause,
            cart_value: self.cart_value,
            now: self.decided_at,
        });
        let allowed = authority.is_ok_and(|authority| {
            let left = authority.left_after(self.granted);
            self.amount.compare(left).is_ok_and(Ordering::is_le)
        });
        allowed && self.others.is_empty()
    }
}

/// What a version of the policy would have answered otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DryRun {
    pub(crate) decisions: u64,
    /// Granted then, not by this version.
    pub(crate) newly_refused: u64,
    /// Not granted then, but by this version.
    pub(crate) newly_granted: u64,
    /// The sums of those, one for each currency.
    pub(crate) newly_granted_amounts: Vec<Money>,
}

impl DryRun {
    /// Answers one more decision anew.
    pub(crate) fn replay(&mut self, decision: &Decision, policy: &Policy) {
        self.decisions = self.decisions.saturating_add(1);
        match (decision.outcome, decision.would_pass(policy)) {
            (Outcome::Granted, false) => {
                self.newly_refused = self.newly_refused.saturating_add(1);
            }
            (Outcome::Refused | Outcome::NeedsApproval, true) => {
                self.newly_granted = self.newly_granted.saturating_add(1);
                self.add(decision.amount);
            }
            (Outcome::Granted, true) | (Outcome::Refused | Outcome::NeedsApproval, false) => {}
        }
    }

    fn add(&mut self, amount: Money) {
        let sums = &mut self.newly_granted_amounts;
        match sums
            .iter_mut()
            .find(|sum| sum.currency() == amount.currency())
        {
            // A sum beyond all money stays where it is: it is an estimate, and as large as can be told.
            Some(sum) => *sum = sum.checked_add(amount).unwrap_or(*sum),
            None => sums.push(amount),
        }
    }
}

#[cfg(test)]
mod tests {
    use testkit::builders::usd;
    use testkit::clock::start;

    use super::*;
    use crate::authority::GrantorRole;
    use crate::samples::{MONEY_CAUSE, ana, as_agent, line, policy_of};

    fn decision(amount: i64, outcome: Outcome, others: &[OfferRefusal]) -> Decision {
        Decision {
            grantor: as_agent(ana()),
            remedy: RemedyKind::AmountOff,
            cause: MONEY_CAUSE,
            cart_value: usd(20_000),
            amount: usd(amount),
            granted: usd(0),
            policy_version: 1,
            outcome,
            reasons: Vec::new(),
            others: others.to_vec(),
            decided_at: start(),
        }
    }

    #[test]
    fn only_what_the_policy_changes_is_counted() {
        let agents = line(GrantorRole::Agent, RemedyKind::AmountOff, usd(1_000));
        let policy = policy_of(vec![agents]);
        let mut run = DryRun::default();

        for decision in [
            decision(1_001, Outcome::Granted, &[]),
            decision(1_000, Outcome::Granted, &[]),
            decision(1_000, Outcome::Refused, &[]),
            decision(400, Outcome::NeedsApproval, &[]),
            decision(400, Outcome::Refused, &[OfferRefusal::BudgetExhausted]),
            decision(1_001, Outcome::Refused, &[]),
        ] {
            run.replay(&decision, &policy);
        }

        let expected = DryRun {
            decisions: 6,
            newly_refused: 1,
            newly_granted: 2,
            newly_granted_amounts: vec![usd(1_400)],
        };
        assert_eq!(run, expected);
    }
}
