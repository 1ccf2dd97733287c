//! Whether somebody may grant a remedy for a cause, and up to which amount: pure decisions over a policy, a cart and
//! what the counters said. What money is really there is settled by the ledger, in the transaction of the grant.
//!
//! Who may grant what is written in Cedar (`schema.cedarschema`, `starter.cedar`); the lines of authority that operators
//! may send instead become Cedar too. Budget, purse, use and margin are no matter of policy: no policy can pass them by.

mod answers;
mod compiled;
mod judge;
mod ladder;
mod lines;
mod policy;
mod question;
mod weigh;

pub(crate) use compiled::{CompiledPolicy, MAX_POLICIES, PolicyFault};
pub(crate) use judge::{Candidate, Judgement, PurseRoom, Question, first, judge, largest};
pub(crate) use ladder::{climb, fits};
pub(crate) use lines::{Grant, Reach};
pub(crate) use policy::{MAX_TEXT, Policy, Purpose, starter_policy};
pub(crate) use question::{
    AuthorityQuestion, BOTH, Certificate, CertificateName, Circumstances, Grantor, GrantorRole,
    History, PolicyName, Standing, Tier,
};
pub(crate) use weigh::{Seek, Verdict};

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
