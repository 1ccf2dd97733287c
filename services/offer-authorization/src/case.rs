//! What is known of an intervention. Offers are decided on this record, which routing writes, never on what a desk says.

use std::fmt;
use std::str::FromStr;

use domain::cart::Cart;
use domain::cause::Cause;
use domain::channel::Channel;
use domain::id::{AgentId, InterventionId, PartnerId, PersonId, SessionId};
use serde::{Deserialize, Serialize};
use thiserror::Error;

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

/// It is no name that [`CaseAgent`] is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be a partner and a name with a slash between them")]
pub(crate) struct NotOfPartner;

impl FromStr for CaseAgent {
    type Err = NotOfPartner;

    fn from_str(text: &str) -> Result<Self, NotOfPartner> {
        let (partner, agent) = text.split_once('/').ok_or(NotOfPartner)?;
        Ok(Self {
            partner: PartnerId::parse(partner).map_err(|_| NotOfPartner)?,
            agent: AgentId::parse(agent).map_err(|_| NotOfPartner)?,
        })
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
    /// How the shopper is reached, where that is known.
    pub(crate) channel: Option<Channel>,
    /// Absent until an agent has accepted.
    pub(crate) agent: Option<CaseAgent>,
    /// The trace in which the intervention was decided, as `traceparent`: offers on it belong to the same recovery.
    pub(crate) traceparent: Option<String>,
}
