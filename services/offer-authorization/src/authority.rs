//! Whether somebody may grant a remedy for a cause, and up to which amount: pure decisions over a policy, a cart and
//! what the counters said. What money is really there is settled by the ledger, in the transaction of the grant.

mod judge;
mod ladder;
mod policy;
mod starter;

pub(crate) use judge::{Candidate, Judgement, PurseRoom, Question, first, judge, largest};
pub(crate) use ladder::{climb, fits};
pub(crate) use policy::{
    AuthorityQuestion, Grant, Grantor, GrantorRole, MAX_GRANTS, Policy, Purpose, Reach,
};
pub(crate) use starter::starter_policy;

#[cfg(test)]
mod tests;
