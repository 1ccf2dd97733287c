//! Who takes part besides the shoppers: two partners with their agents and supervisors.

use domain::id::{AgentId, InvalidId, PartnerId};
use platform::auth::CallerKind;

/// A partner in the north with agents for English.
pub(super) const NORTE: &str = "norte-bpo";
/// A partner in the Andes with agents for Spanish and French.
pub(super) const ANDINA: &str = "andina-bpo";

/// Somebody at a desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AgentCast {
    pub(super) name: &'static str,
    pub(super) partner: &'static str,
    pub(super) language: &'static str,
    pub(super) queues: &'static [&'static str],
    pub(super) skills: &'static [&'static str],
    /// Chats at once; a call takes all of it.
    pub(super) capacity: u32,
    pub(super) authority: Authority,
}

/// What the authority policy of the demo gives an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Authority {
    /// Small concessions.
    Small,
    /// Nothing.
    None,
}

const CHATS: &[&str] = &["checkout", "products", "orders"];

/// Everybody at a desk.
pub(super) const AGENTS: &[AgentCast] = &[
    agent("ana", NORTE, "en"),
    agent("ben", NORTE, "en"),
    agent("luz", ANDINA, "es"),
    AgentCast {
        queues: &["calls"],
        skills: &["voice"],
        capacity: 1,
        ..agent("cal", NORTE, "en")
    },
    AgentCast {
        authority: Authority::None,
        ..agent("noe", ANDINA, "fr")
    },
];

/// Who approves for each partner.
pub(super) const SUPERVISORS: [(&str, &str); 2] = [(NORTE, "sara"), (ANDINA, "sergio")];

const fn agent(name: &'static str, partner: &'static str, language: &'static str) -> AgentCast {
    AgentCast {
        name,
        partner,
        language,
        queues: CHATS,
        skills: &[],
        capacity: 4,
        authority: Authority::Small,
    }
}

impl AgentCast {
    /// The agent as a caller.
    pub(super) fn caller(&self) -> Result<CallerKind, InvalidId> {
        Ok(CallerKind::Agent {
            partner: PartnerId::parse(self.partner)?,
            agent: AgentId::parse(self.name)?,
        })
    }

    /// The agent's supervisor as a caller.
    pub(super) fn supervisor(&self) -> Result<CallerKind, InvalidId> {
        let name = SUPERVISORS
            .iter()
            .find(|(partner, _)| *partner == self.partner)
            .map_or(self.name, |(_, name)| name);
        Ok(CallerKind::Supervisor {
            partner: PartnerId::parse(self.partner)?,
            agent: AgentId::parse(name)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_a_token_and_a_supervisor() {
        for agent in AGENTS {
            let CallerKind::Supervisor { agent: by, .. } = agent.supervisor().unwrap() else {
                panic!("a supervisor");
            };
            assert!(SUPERVISORS.iter().any(|(_, name)| by.as_str() == *name));
            assert!(agent.caller().is_ok());
        }
    }
}
