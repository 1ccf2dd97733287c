//! Decisions as they are stored: what was asked, what was answered and why, with all that another policy needs to
//! answer again.

use domain::cause::Cause;
use domain::closed_enum;
use domain::id::{InterventionId, OfferId};
use domain::money::Money;
use domain::offer::OfferRefusal;
use domain::remedy::RemedyKind;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::authority::{
    AuthorityQuestion, Circumstances, CompiledPolicy, Grantor, PolicyName, Seek,
};
use crate::floors::FloorLimit;

closed_enum! {
    /// What was answered.
    pub enum Outcome {
        /// Granted and held.
        Granted = "granted",
        /// Refused.
        Refused = "refused",
        /// Sent to a supervisor.
        NeedsApproval = "needs_approval",
        /// Approved by one supervisor, and sent to another.
        FirstApproved = "first_approved",
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
    /// The policies that decided.
    #[serde(default)]
    pub(crate) decided_by: Vec<PolicyName>,
    /// What else the policy could see.
    #[serde(default)]
    pub(crate) circumstances: Circumstances,
    /// The margin floors that it would break.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) broken_floors: Vec<FloorLimit>,
    pub(crate) decided_at: Timestamp,
}

impl Decision {
    /// What the policy was asked.
    fn question(&self) -> AuthorityQuestion<'_> {
        AuthorityQuestion {
            grantor: &self.grantor,
            remedy: self.remedy,
            cause: self.cause,
            cart_value: self.cart_value,
            amount: self.amount,
            granted: self.granted,
            circumstances: &self.circumstances,
            now: self.decided_at,
        }
    }
}

/// Which decisions are looked at: those from the first instant on and before the second. What is absent does not limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
}

/// A decision with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredDecision {
    /// The order of deciding.
    pub(crate) seq: i64,
    pub(crate) intervention: InterventionId,
    pub(crate) offer: Option<OfferId>,
    pub(crate) decision: Decision,
}

/// What a version of the policy would have answered otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DryRun {
    pub(crate) decisions: u64,
    /// Granted then, not by this version.
    pub(crate) newly_refused: Changed,
    /// Not granted then, but by this version.
    pub(crate) newly_granted: Changed,
}

/// Decisions that would have been others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    pub(crate) count: u64,
    /// What they cost, one sum for each currency.
    pub(crate) amounts: Vec<Money>,
    /// The first of them.
    pub(crate) examples: Vec<Example>,
}

/// A decision that would have been another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Example {
    pub(crate) stored: StoredDecision,
    /// Why it would have been refused; empty when it would have been granted.
    pub(crate) reasons: Vec<OfferRefusal>,
    /// The policies that would have decided.
    pub(crate) decided_by: Vec<PolicyName>,
}

/// Examples of each kind that a dry run shows.
const EXAMPLES: usize = 10;

impl DryRun {
    /// Answers one more decision anew, at the instant of the decision.
    pub(crate) fn replay(&mut self, stored: &StoredDecision, policy: &CompiledPolicy) {
        self.decisions = self.decisions.saturating_add(1);
        let decision = &stored.decision;
        let question = decision.question();
        let would_pass = policy.allows(question) && decision.others.is_empty();
        let changed = match (decision.outcome, would_pass) {
            (Outcome::Granted, false) => &mut self.newly_refused,
            (Outcome::Refused | Outcome::NeedsApproval | Outcome::FirstApproved, true) => {
                &mut self.newly_granted
            }
            (Outcome::Granted, true)
            | (Outcome::Refused | Outcome::NeedsApproval | Outcome::FirstApproved, false) => return,
        };
        changed.add(decision.amount);
        if changed.examples.len() < EXAMPLES {
            let ceiling = decision.amount.minor_units();
            let weighed = policy.ask(question).weigh(ceiling, Seek::Answer);
            changed.examples.push(Example {
                stored: stored.clone(),
                reasons: weighed.refusals,
                decided_by: weighed.decided_by,
            });
        }
    }
}

impl Changed {
    fn add(&mut self, amount: Money) {
        self.count = self.count.saturating_add(1);
        let of_currency = |sum: &&mut Money| sum.currency() == amount.currency();
        match self.amounts.iter_mut().find(of_currency) {
            // A sum beyond all money stays where it is: it is an estimate, and as large as can be told.
            Some(sum) => *sum = sum.checked_add(amount).unwrap_or(*sum),
            None => self.amounts.push(amount),
        }
    }
}

#[cfg(test)]
mod tests {
    use testkit::builders::usd;
    use testkit::clock::start;
    use testkit::ids::nth;

    use super::*;
    use crate::authority::GrantorRole;
    use crate::samples::{MONEY_CAUSE, ana, as_agent, line, policy_of};

    fn decision(amount: i64, outcome: Outcome, others: &[OfferRefusal]) -> StoredDecision {
        StoredDecision {
            seq: 1,
            intervention: nth(1),
            offer: None,
            decision: Decision {
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
                decided_by: Vec::new(),
                circumstances: Circumstances::default(),
                broken_floors: Vec::new(),
                decided_at: start(),
            },
        }
    }

    /// Reasons and policies of each example.
    type Examples<'a> = Vec<(Vec<OfferRefusal>, Vec<&'a str>)>;

    fn told(changed: &Changed) -> (u64, &[Money], Examples<'_>) {
        let examples = changed.examples.iter().map(|example| {
            let names = example.decided_by.iter().map(PolicyName::as_str);
            (example.reasons.clone(), names.collect())
        });
        (changed.count, &changed.amounts, examples.collect())
    }

    #[test]
    fn only_what_the_policy_changes_is_counted_and_shown() {
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

        assert_eq!(run.decisions, 6);
        let refused = (vec![OfferRefusal::AboveAuthority], Vec::new());
        assert_eq!(
            told(&run.newly_refused),
            (1, &[usd(1_001)][..], vec![refused])
        );
        let allowed = (Vec::new(), vec!["line-1"]);
        let both = vec![allowed.clone(), allowed];
        assert_eq!(told(&run.newly_granted), (2, &[usd(1_400)][..], both));
    }

    #[test]
    fn no_more_than_ten_are_shown() {
        let agents = line(GrantorRole::Agent, RemedyKind::AmountOff, usd(1_000));
        let policy = policy_of(vec![agents]);
        let mut run = DryRun::default();

        for _ in 0..12 {
            run.replay(&decision(5, Outcome::Refused, &[]), &policy);
        }

        assert_eq!(run.newly_granted.count, 12);
        assert_eq!(run.newly_granted.examples.len(), EXAMPLES);
    }
}
