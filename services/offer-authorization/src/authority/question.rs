//! What a policy is asked, and all that it can see.

use std::fmt;

use domain::cause::Cause;
use domain::channel::Channel;
use domain::closed_enum;
use domain::id::{PartnerId, PersonId};
use domain::money::Money;
use domain::remedy::RemedyKind;
use domain::text::Text;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::case::CaseAgent;

closed_enum! {
    /// Role of somebody who grants.
    pub enum GrantorRole {
        /// An agent.
        Agent = "agent",
        /// A supervisor, who also approves.
        Supervisor = "supervisor",
    }
}

/// Who would grant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Grantor {
    /// An agent or a supervisor.
    Person(GrantorRole, CaseAgent),
    /// Whichever supervisor of the partner may grant the most.
    AnySupervisor(PartnerId),
    /// Whoever runs the shop: as a supervisor of the partner, by the policies that name no person.
    Shop(PartnerId),
}

impl Grantor {
    /// By which role.
    pub(crate) fn role(&self) -> GrantorRole {
        match self {
            Self::Person(role, _) => *role,
            Self::AnySupervisor(_) | Self::Shop(_) => GrantorRole::Supervisor,
        }
    }
}

/// A rank within a role, as the operator names it.
pub(crate) type Tier = Text<64>;

/// What somebody is certified for, as the operator names it.
pub(crate) type CertificateName = Text<64>;

/// Proof of a training, until it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Certificate {
    pub(crate) name: CertificateName,
    /// The first instant at which it is good no more.
    pub(crate) expires_at: Timestamp,
}

/// What the operator knows of an agent or a supervisor beyond the role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Standing {
    pub(crate) tier: Option<Tier>,
    pub(crate) certificates: Vec<Certificate>,
}

impl Standing {
    /// What of it a policy can see at an instant: the names of the certificates that are good then, in one order. Until when
    /// they are good is forgotten, so that those who are alike at an instant are equal.
    pub(crate) fn at(self, now: Timestamp) -> Self {
        let mut certificates = self.certificates;
        certificates.retain(|held| now < held.expires_at);
        certificates.sort_by(|one, other| one.name.cmp(&other.name));
        for held in &mut certificates {
            held.expires_at = Timestamp::MAX;
        }
        Self {
            tier: self.tier,
            certificates,
        }
    }
}

/// What else a policy can see of an offer. What is absent is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Circumstances {
    pub(crate) standing: Standing,
    /// Who would get it; absent when authority is only checked.
    pub(crate) person: Option<PersonId>,
    /// Margin of the cart before all offers.
    pub(crate) margin: Option<Money>,
    /// Remedies that are held or redeemed on the cart.
    pub(crate) remedies_held: Vec<RemedyKind>,
    pub(crate) history: History,
    /// How the shopper is reached.
    pub(crate) channel: Option<Channel>,
    /// How many have approved, whoever approves now included.
    pub(crate) approvals: u32,
}

/// As many as ever have to approve.
pub(crate) const BOTH: u32 = 2;

/// What a person was granted before, on other carts, in the last 90 days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct History {
    /// Offers that were granted.
    pub(crate) had: u32,
    /// Of them, those that ran out.
    pub(crate) unused: u32,
}

/// What a grantor wants to do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AuthorityQuestion<'a> {
    pub(crate) grantor: &'a Grantor,
    pub(crate) remedy: RemedyKind,
    pub(crate) cause: Cause,
    pub(crate) cart_value: Money,
    /// What it would cost.
    pub(crate) amount: Money,
    /// What earlier offers on the cart cost that are held or redeemed: one large offer in slices is still large.
    pub(crate) granted: Money,
    pub(crate) circumstances: &'a Circumstances,
    pub(crate) now: Timestamp,
}

/// The name of a policy: its `@id`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct PolicyName(String);

impl PolicyName {
    /// Longest name, in bytes.
    pub(crate) const MAX: usize = 64;

    /// A name of visible ASCII; `None` for another text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.len() <= Self::MAX;
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        (fits && visible).then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PolicyName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
