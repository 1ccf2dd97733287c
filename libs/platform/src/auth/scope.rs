//! What a token allows, as a closed set of words.

use std::collections::BTreeSet;
use std::fmt;

macro_rules! scopes {
    ($( $(#[$meta:meta])* $name:ident = $text:literal; )+) => {
        /// One right. Every RPC needs exactly one of them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Scope {
            $( $(#[$meta])* $name, )+
        }

        impl Scope {
            /// Every scope.
            pub const ALL: &'static [Self] = &[$( Self::$name, )+];

            /// The word in a token.
            pub fn as_str(self) -> &'static str {
                match self {
                    $( Self::$name => $text, )+
                }
            }
        }
    };
}

scopes! {
    /// Record what happens in sessions.
    EventsWrite = "events:write";
    /// See sessions.
    SessionsRead = "sessions:read";
    /// Erase a person.
    ShopperErase = "shopper:erase";
    /// Have a moment assessed.
    RiskAssess = "risk:assess";
    /// See assessments.
    RiskRead = "risk:read";
    /// Register and activate models.
    ModelsWrite = "models:write";
    /// See models and their health.
    ModelsRead = "models:read";
    /// Propose that somebody be helped.
    InterventionsPropose = "interventions:propose";
    /// See interventions and why they were decided.
    InterventionsRead = "interventions:read";
    /// Cancel interventions.
    InterventionsWrite = "interventions:write";
    /// See plays.
    PlaysRead = "plays:read";
    /// Change, activate and pause plays.
    PlaysWrite = "plays:write";
    /// Work at an agent's desk.
    DeskWork = "desk:work";
    /// See and answer the invitations of one's own session.
    ShopperInvitations = "shopper:invitations";
    /// Ask what may be granted.
    OffersCheck = "offers:check";
    /// Grant and release offers within authority.
    OffersGrant = "offers:grant";
    /// Approve offers above an agent's authority.
    OffersApprove = "offers:approve";
    /// Redeem offers, and reverse that.
    OffersRedeem = "offers:redeem";
    /// See offers.
    OffersRead = "offers:read";
    /// Open cases that offers belong to.
    CasesWrite = "cases:write";
    /// See programmes, purses and policies.
    ProgrammesRead = "programmes:read";
    /// Change programmes, purses and policies.
    ProgrammesWrite = "programmes:write";
    /// Record facts.
    FactsWrite = "facts:write";
    /// Export facts.
    FactsRead = "facts:read";
    /// See KPIs.
    KpisRead = "kpis:read";
    /// See experiments.
    ExperimentsRead = "experiments:read";
    /// Estimate and plan.
    PlanningRead = "planning:read";
    /// Hand over many calls at once, each of which needs its own right.
    MessagesDeliver = "messages:deliver";
}

impl fmt::Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// A set of rights.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Reads words separated by spaces. A word of another system is no right here.
    pub fn parse(text: &str) -> Self {
        text.split(' ')
            .filter_map(|word| Scope::ALL.iter().find(|scope| scope.as_str() == word))
            .copied()
            .collect()
    }

    /// Whether the set has a right.
    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// The rights that both sets have.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.0.intersection(&other.0).copied().collect()
    }

    /// The rights in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = Scope> + '_ {
        self.0.iter().copied()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(out, "{space}{scope}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_back_and_strangers_are_no_right() {
        let all: Scopes = Scope::ALL.iter().copied().collect();
        assert_eq!(Scopes::parse(&all.to_string()), all);
        assert_eq!(Scopes::parse("admin * offers:grantt  "), Scopes::default());
    }
}
