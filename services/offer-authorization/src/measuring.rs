//! What benchmarks reach of this crate: one decision of a policy. Nothing else uses it.

use std::fmt::Write;

use domain::cause::Cause;
use domain::id::{AgentId, PartnerId};
use domain::money::{Currency, Money};
use domain::remedy::RemedyKind;
use domain::time::Timestamp;

use crate::authority::{AuthorityQuestion, Circumstances, CompiledPolicy, Grantor, GrantorRole};
use crate::case::CaseAgent;

/// The most that the last policy allows, in minor units; the others allow nothing.
const MOST: i64 = 1_000_000;
const CART_VALUE: i64 = 2 * MOST;

/// A question that one of many policies answers with yes.
#[derive(Debug)]
pub struct Decision {
    policy: CompiledPolicy,
    grantor: Grantor,
    circumstances: Circumstances,
    cart_value: Money,
}

impl Decision {
    /// Among so many policies, all of which are about such an offer, only the last allows it.
    ///
    /// # Errors
    /// There are more policies than a tenant may have, or none.
    pub fn among(policies: usize) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let mut cedar = String::new();
        for number in 1..=policies {
            let most = if number == policies { MOST } else { 0 };
            writeln!(
                cedar,
                "@id(\"policy-{number}\") permit (principal is Agent, action == Action::\"amount_off\", resource) \
                 when {{ context.money_cause && context.currency == \"USD\" && context.total <= {most} }};"
            )?;
        }
        let who = CaseAgent {
            partner: PartnerId::parse("north")?,
            agent: AgentId::parse("ana")?,
        };
        Ok(Self {
            policy: CompiledPolicy::new(1, &[], &cedar)?,
            grantor: Grantor::Person(GrantorRole::Agent, who),
            circumstances: Circumstances::default(),
            cart_value: Money::new(CART_VALUE, Currency::USD)?,
        })
    }

    /// Asks for an amount, which begins again after a million of them. Answers that were given lately are kept, far fewer
    /// than that, so one amount after the other is a question to Cedar each time.
    pub fn is_allowed(&self, amount: u32) -> bool {
        let amount = i64::from(amount) % MOST + 1;
        let Ok(amount) = Money::new(amount, Currency::USD) else {
            return false;
        };
        self.policy.allows(AuthorityQuestion {
            grantor: &self.grantor,
            remedy: RemedyKind::AmountOff,
            cause: Cause::UnexpectedCost,
            cart_value: self.cart_value,
            amount,
            granted: Money::zero(Currency::USD),
            circumstances: &self.circumstances,
            now: Timestamp::UNIX_EPOCH,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_many_policies_allows_it() {
        let decision = Decision::among(100).unwrap();
        assert!([0, 1, u32::MAX].map(|amount| decision.is_allowed(amount)) == [true; 3]);
    }

    #[test]
    fn none_of_them_is_too_few() {
        assert!(Decision::among(0).is_err());
    }
}
