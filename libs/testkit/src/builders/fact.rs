//! Facts about the session of [`a_moment`](super::a_moment) unless another is named.

use domain::fact::{Fact, FactBody};
use domain::id::{AgentId, FactId, InterventionId, PartnerId, PersonId, SessionId};
use domain::time::Timestamp;

use super::a_moment;
use crate::ids::nth;

/// The first fact of a session, about its visitor. Several facts of one test need ids of their own.
pub fn a_fact(body: FactBody) -> FactBuilder {
    let moment = a_moment().build();
    FactBuilder(Fact {
        id: nth(301),
        occurred_at: moment.occurred_at,
        session: Some(moment.session),
        person: Some(moment.person()),
        intervention: None,
        partner: None,
        agent: None,
        body,
    })
}

#[derive(Debug, Clone)]
#[must_use = "nothing is made until `build`"]
pub struct FactBuilder(Fact);

impl FactBuilder {
    pub fn with_id(mut self, id: FactId) -> Self {
        self.0.id = id;
        self
    }

    pub fn with_occurred_at(mut self, at: Timestamp) -> Self {
        self.0.occurred_at = at;
        self
    }

    pub fn with_session(mut self, session: SessionId) -> Self {
        self.0.session = Some(session);
        self
    }

    pub fn with_person(mut self, person: impl Into<PersonId>) -> Self {
        self.0.person = Some(person.into());
        self
    }

    pub fn with_intervention(mut self, intervention: InterventionId) -> Self {
        self.0.intervention = Some(intervention);
        self
    }

    /// An agent and the agent's partner.
    pub fn by(mut self, partner: PartnerId, agent: AgentId) -> Self {
        self.0.partner = Some(partner);
        self.0.agent = Some(agent);
        self
    }

    pub fn build(self) -> Fact {
        self.0
    }
}

impl From<FactBuilder> for Fact {
    fn from(builder: FactBuilder) -> Self {
        builder.build()
    }
}
