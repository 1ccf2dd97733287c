//! The states of an offer, each with what belongs to it and nothing else.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use domain::closed_enum;
use domain::id::{AgentId, OrderId, RedemptionId};
use domain::money::Money;
use domain::time::{Timestamp, later};
use serde::{Deserialize, Serialize};

use crate::authority::PolicyName;
use crate::case::{CaseAgent, NotOfPartner};
use crate::day::Day;

/// Where an offer stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// Waits for the agent to ask a supervisor, until then.
    NeedsApproval(Timestamp),
    /// Waits for a supervisor, until then.
    ApprovalPending(Timestamp),
    /// Waits for another supervisor, after one has approved.
    FirstApproved(FirstApproval),
    /// Denied, or not approved by then.
    Denied(Timestamp),
    /// Budget, purses and limits are claimed.
    Held(Hold),
    /// Used in an order.
    Redeemed(Redemption),
    /// Given back before it was used.
    Released(Hold),
    /// Not used in time.
    Expired(Hold),
    /// Part of the redemption was taken back; never nothing, never all.
    PartlyReversed(Redemption, Money),
    /// The redemption was taken back.
    Reversed(Redemption),
}

/// How the shop signs an approval.
pub(crate) const SHOP: &str = "operator";

/// Who approves.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Approver {
    /// A supervisor of the partner.
    Supervisor(CaseAgent),
    /// Whoever runs the shop: one pair of eyes, however many people that are.
    Shop,
}

impl Approver {
    /// How the approval is signed: by the supervisor's own name, or as the shop.
    pub(crate) fn signature(&self) -> &str {
        match self {
            Self::Supervisor(person) => person.agent.as_str(),
            Self::Shop => SHOP,
        }
    }
}

impl fmt::Display for Approver {
    /// A supervisor has a slash in the name, and the shop has none.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Supervisor(person) => person.fmt(out),
            Self::Shop => out.write_str(SHOP),
        }
    }
}

impl FromStr for Approver {
    type Err = NotOfPartner;

    fn from_str(text: &str) -> Result<Self, NotOfPartner> {
        if text == SHOP {
            return Ok(Self::Shop);
        }
        text.parse().map(Self::Supervisor)
    }
}

/// The first of two approvals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FirstApproval {
    pub(crate) by: Approver,
    /// The first instant at which a second one comes too late.
    pub(crate) until: Timestamp,
}

/// A claim on money for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hold {
    /// The first instant at which it can be redeemed no more.
    pub(crate) until: Timestamp,
    /// The day whose purses it draws on.
    pub(crate) day: Day,
    /// The period whose budget it draws on, by its first day; absent for a budget without periods.
    #[serde(default)]
    pub(crate) budget_period: Option<Day>,
    pub(crate) approved_by: Option<AgentId>,
    /// The first instant at which whoever granted it may not grant it any more; absent for no end.
    pub(crate) authority_until: Option<Timestamp>,
    /// The policies by which it was granted.
    #[serde(default)]
    pub(crate) decided_by: Vec<PolicyName>,
    /// The version that these policies are of; absent in holds that are older than this.
    #[serde(default)]
    pub(crate) policy_version: Option<u32>,
    /// Who approved it before `approved_by` did, where it took two.
    #[serde(default)]
    pub(crate) first_approved_by: Option<Approver>,
}

impl Hold {
    /// Whether it can be redeemed: until its end, and for a grace after it that never outlasts the authority.
    pub(super) fn is_good(&self, now: Timestamp, grace: Duration) -> bool {
        let authorized = self.authority_until.is_none_or(|end| now < end);
        authorized && now < later(self.until, grace)
    }
}

/// The use of an offer in an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Redemption {
    pub(crate) hold: Hold,
    pub(crate) id: RedemptionId,
    pub(crate) order: OrderId,
    pub(crate) redeemed_at: Timestamp,
}

closed_enum! {
    /// The name of a state, without what belongs to it.
    pub enum StateName {
        /// Waits for the agent to ask a supervisor.
        NeedsApproval = "needs_approval",
        /// Waits for a supervisor, the first or the second.
        ApprovalPending = "approval_pending",
        /// Denied, or not approved in time.
        Denied = "denied",
        /// Money is claimed.
        Held = "held",
        /// Used in an order.
        Redeemed = "redeemed",
        /// Given back.
        Released = "released",
        /// Not used in time.
        Expired = "expired",
        /// Partly taken back.
        PartlyReversed = "partly_reversed",
        /// Taken back.
        Reversed = "reversed",
    }
}

impl State {
    /// The name of the state.
    pub(crate) fn name(&self) -> StateName {
        match self {
            Self::NeedsApproval(_) => StateName::NeedsApproval,
            Self::ApprovalPending(_) | Self::FirstApproved(_) => StateName::ApprovalPending,
            Self::Denied(_) => StateName::Denied,
            Self::Held(_) => StateName::Held,
            Self::Redeemed(_) => StateName::Redeemed,
            Self::Released(_) => StateName::Released,
            Self::Expired(_) => StateName::Expired,
            Self::PartlyReversed(..) => StateName::PartlyReversed,
            Self::Reversed(_) => StateName::Reversed,
        }
    }

    /// Until when it could or can be approved or redeemed.
    pub(crate) fn until(&self) -> Timestamp {
        match self {
            Self::NeedsApproval(until) | Self::ApprovalPending(until) | Self::Denied(until) => {
                *until
            }
            Self::FirstApproved(first) => first.until,
            Self::Held(hold) | Self::Released(hold) | Self::Expired(hold) => hold.until,
            Self::Redeemed(redemption)
            | Self::PartlyReversed(redemption, _)
            | Self::Reversed(redemption) => redemption.hold.until,
        }
    }

    /// Who approved it first, where it takes or took two.
    pub(crate) fn first_approved_by(&self) -> Option<&Approver> {
        match self {
            Self::FirstApproved(first) => Some(&first.by),
            Self::NeedsApproval(_)
            | Self::ApprovalPending(_)
            | Self::Denied(_)
            | Self::Held(_)
            | Self::Redeemed(_)
            | Self::Released(_)
            | Self::Expired(_)
            | Self::PartlyReversed(..)
            | Self::Reversed(_) => self.hold()?.first_approved_by.as_ref(),
        }
    }

    /// The hold, once there was one.
    pub(crate) fn hold(&self) -> Option<&Hold> {
        match self {
            Self::NeedsApproval(_)
            | Self::ApprovalPending(_)
            | Self::FirstApproved(_)
            | Self::Denied(_) => None,
            Self::Held(hold) | Self::Released(hold) | Self::Expired(hold) => Some(hold),
            Self::Redeemed(redemption)
            | Self::PartlyReversed(redemption, _)
            | Self::Reversed(redemption) => Some(&redemption.hold),
        }
    }

    /// [`hold`](Self::hold), to be changed.
    pub(super) fn hold_mut(&mut self) -> Option<&mut Hold> {
        match self {
            Self::NeedsApproval(_)
            | Self::ApprovalPending(_)
            | Self::FirstApproved(_)
            | Self::Denied(_) => None,
            Self::Held(hold) | Self::Released(hold) | Self::Expired(hold) => Some(hold),
            Self::Redeemed(redemption)
            | Self::PartlyReversed(redemption, _)
            | Self::Reversed(redemption) => Some(&mut redemption.hold),
        }
    }

    /// The redemption, once there was one.
    pub(crate) fn redemption(&self) -> Option<&Redemption> {
        match self {
            Self::NeedsApproval(_)
            | Self::ApprovalPending(_)
            | Self::FirstApproved(_)
            | Self::Denied(_)
            | Self::Held(_)
            | Self::Released(_)
            | Self::Expired(_) => None,
            Self::Redeemed(redemption)
            | Self::PartlyReversed(redemption, _)
            | Self::Reversed(redemption) => Some(redemption),
        }
    }
}
