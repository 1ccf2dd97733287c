//! The policy that every tenant starts with: data, compiled in, read once at start.

use std::collections::BTreeMap;

use domain::money::{BasisPoints, Currency, Money, MoneyError};
use domain::remedy::RemedyKind;
use domain::time::Timestamp;
use serde::Deserialize;
use thiserror::Error;

use super::policy::{Grant, GrantorRole, Policy, Purpose, Reach};

const STARTER: &str = include_str!("starter.toml");

/// The file that is compiled in is no policy: a fault of ours, found by a test and again at start.
#[derive(Debug, Error)]
pub(crate) enum StarterError {
    /// It has another shape.
    #[error("the starter policy cannot be read")]
    Shape(#[from] toml::de::Error),
    /// An amount is out of range.
    #[error("an amount of the starter policy is out of range")]
    Amount(#[from] MoneyError),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Starter {
    purpose: Purpose,
    line: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    role: GrantorRole,
    remedies: Vec<RemedyKind>,
    max_bps: BasisPoints,
    max_amount: BTreeMap<Currency, i64>,
}

/// Version 0 of every tenant's policy: for all partners, for the causes that money helps, without end.
///
/// # Errors
/// The compiled-in file is broken.
pub(crate) fn starter_policy() -> Result<Policy, StarterError> {
    let Starter { purpose, line } = toml::from_str(STARTER)?;
    let mut grants = Vec::new();
    for line in &line {
        for remedy in &line.remedies {
            for (currency, minor_units) in &line.max_amount {
                grants.push(Grant {
                    role: line.role,
                    reach: Reach::Everyone,
                    remedy: *remedy,
                    causes: Vec::new(),
                    max_amount: Money::new(*minor_units, *currency)?,
                    max_share: line.max_bps,
                    expires_at: None,
                });
            }
        }
    }
    Ok(Policy {
        version: 0,
        purpose,
        grants,
        created_at: Timestamp::UNIX_EPOCH,
    })
}

#[cfg(test)]
mod tests {
    use super::super::MAX_GRANTS;
    use super::*;

    #[test]
    fn the_starter_policy_is_a_policy_that_could_be_stored() {
        let policy = starter_policy().expect("the compiled-in file is right");

        assert!((1..=MAX_GRANTS).contains(&policy.grants.len()));
        for grant in &policy.grants {
            assert!(grant.remedy.costs_money(), "{}", grant.remedy);
            assert!(!grant.max_amount.is_zero() && grant.max_share.get() > 0);
        }
    }

    #[test]
    fn supervisors_may_grant_what_agents_may_and_more() {
        let policy = starter_policy().expect("the compiled-in file is right");
        let of = |role| policy.grants.iter().filter(move |grant| grant.role == role);

        for agents in of(GrantorRole::Agent) {
            let more = of(GrantorRole::Supervisor).any(|grant| {
                grant.remedy == agents.remedy
                    && grant.max_amount.currency() == agents.max_amount.currency()
                    && grant.max_amount.minor_units() > agents.max_amount.minor_units()
            });
            assert!(more, "{}", agents.remedy);
        }
    }
}
