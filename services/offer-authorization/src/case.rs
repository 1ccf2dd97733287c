//! What is known of an intervention. Offers are decided on this record, which routing writes, never on what a desk says.

use std::fmt;

use domain::cart::Cart;
use domain::cause::Cause;
use domain::id::{AgentId, InterventionId, PartnerId, PersonId, SessionId};
use serde::{Deserialize, Serialize};

/// An agent, who exists only as one of a partner.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct CaseAgent {
    pub(crate) partner: PartnerId,
    pub(crate) agent: AgentId,
}

impl fmt::Display for CaseAgent {
    /// Partner and name. Neither holds a slash, so that two persons never share a name.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.partner, self.agent)
    }
}

/// An intervention as offers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) intervention: InterventionId,
    /// Rises with each record of the intervention.
    pub(crate) revision: u64,
    pub(crate) session: SessionId,
    pub(crate) person: PersonId,
    pub(crate) cause: Cause,
    pub(crate) cart: Cart,
    /// Absent until an agent has accepted.
    pub(crate) agent: Option<CaseAgent>,
    /// The trace in which the intervention was decided, as `traceparent`: offers on it belong to the same recovery.
    pub(crate) traceparent: Option<String>,
}
