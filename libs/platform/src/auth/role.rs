//! The kinds of caller, how long their tokens may live, and what a development token of each may do.

use std::time::Duration;

use super::{Scope, Scopes};

/// A kind of caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The systems of the shop.
    Platform,
    /// The browser of one shopper, bound to a session.
    Storefront,
    /// An agent of a partner.
    Agent,
    /// Who may approve what an agent may not, for one partner.
    Supervisor,
    /// The checkout of the shop.
    Checkout,
    /// Who runs plays, models and programmes for a tenant.
    Operator,
    /// Another service of the suite.
    Service,
}

const SERVICE_LIFE: Duration = Duration::from_mins(5);
const PARTNER_LIFE: Duration = Duration::from_mins(15);
const LIFE: Duration = Duration::from_hours(1);

impl Role {
    /// Every role.
    pub const ALL: &'static [Self] = &[
        Self::Platform,
        Self::Storefront,
        Self::Agent,
        Self::Supervisor,
        Self::Checkout,
        Self::Operator,
        Self::Service,
    ];

    /// The word in a token.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Storefront => "storefront",
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Checkout => "checkout",
            Self::Operator => "operator",
            Self::Service => "service",
        }
    }

    /// Reads the word in a token.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.as_str() == text)
    }

    /// The longest life of a token.
    pub fn max_life(self) -> Duration {
        match self {
            Self::Service => SERVICE_LIFE,
            Self::Agent | Self::Supervisor => PARTNER_LIFE,
            Self::Platform | Self::Storefront | Self::Checkout | Self::Operator => LIFE,
        }
    }

    /// What a token of this role may do when nobody narrows it.
    pub fn scopes(self) -> Scopes {
        self.scope_list().iter().copied().collect()
    }

    fn scope_list(self) -> &'static [Scope] {
        match self {
            Self::Platform => &[
                Scope::EventsWrite,
                Scope::SessionsRead,
                Scope::ShopperErase,
                Scope::RiskAssess,
                Scope::RiskRead,
                Scope::ModelsRead,
                Scope::InterventionsRead,
                Scope::InterventionsWrite,
                Scope::PlaysRead,
                Scope::OffersRead,
                Scope::ProgrammesRead,
                Scope::KpisRead,
                Scope::ExperimentsRead,
            ],
            Self::Storefront => &[Scope::EventsWrite, Scope::ShopperInvitations],
            Self::Agent => &[
                Scope::DeskWork,
                Scope::OffersCheck,
                Scope::OffersGrant,
                Scope::OffersRead,
            ],
            Self::Supervisor => &[
                Scope::DeskWork,
                Scope::InterventionsRead,
                Scope::OffersCheck,
                Scope::OffersGrant,
                Scope::OffersApprove,
                Scope::OffersRead,
                Scope::KpisRead,
                Scope::PlanningRead,
            ],
            Self::Checkout => &[Scope::OffersRedeem, Scope::OffersRead],
            Self::Operator => OPERATOR,
            Self::Service => &[
                Scope::SessionsRead,
                Scope::ShopperErase,
                Scope::RiskAssess,
                Scope::InterventionsPropose,
                Scope::InterventionsRead,
                Scope::OffersCheck,
                Scope::OffersRead,
                Scope::CasesWrite,
                Scope::FactsWrite,
                Scope::KpisRead,
                Scope::ExperimentsRead,
                Scope::MessagesDeliver,
            ],
        }
    }
}

const OPERATOR: &[Scope] = &[
    Scope::SessionsRead,
    Scope::ShopperErase,
    Scope::RiskRead,
    Scope::ModelsRead,
    Scope::ModelsWrite,
    Scope::InterventionsRead,
    Scope::InterventionsWrite,
    Scope::PlaysRead,
    Scope::PlaysWrite,
    Scope::OffersCheck,
    Scope::OffersApprove,
    Scope::OffersRead,
    Scope::ProgrammesRead,
    Scope::ProgrammesWrite,
    Scope::FactsRead,
    Scope::KpisRead,
    Scope::ExperimentsRead,
    Scope::PlanningRead,
];
