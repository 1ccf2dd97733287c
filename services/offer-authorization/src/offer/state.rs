//! The states of an offer, each with what belongs to it and nothing else.

use std::time::Duration;

use domain::closed_enum;
use domain::id::{AgentId, OrderId, RedemptionId};
use domain::money::Money;
use domain::time::{Timestamp, later};
use serde::{Deserialize, Serialize};

use crate::authority::PolicyName;
use crate::day::Day;

/// Where an offer stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// Waits for the agent to ask a supervisor, until then.
    NeedsApproval(Timestamp),
    /// Waits for a supervisor, until then.
    ApprovalPending(Timestamp),
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

/// A claim on money for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hold {
    /// The first instant at which it can be redeemed no more.
    pub(crate) until: Timestamp,
    /// The day whose purses it draws on.
    pub(crate) day: Day,
    pub(crate) approved_by: Option<AgentId>,
    /// The first instant at which whoever granted it may not grant it any more; absent for no end.
    pub(crate) authority_until: Option<Timestamp>,
    /// The policies by which it was granted.
    #[serde(default)]
    pub(crate) decided_by: Vec<PolicyName>,
    /// The version that these policies are of; absent in holds that are older than this.
    #[serde(default)]
    pub(crate) policy_version: Option<u32>,
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
        /// Waits for a supervisor.
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
            Self::ApprovalPending(_) => StateName::ApprovalPending,
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
            Self::Held(hold) | Self::Released(hold) | Self::Expired(hold) => hold.until,
            Self::Redeemed(redemption)
            | Self::PartlyReversed(redemption, _)
            | Self::Reversed(redemption) => redemption.hold.until,
        }
    }

    /// The hold, once there was one.
    pub(crate) fn hold(&self) -> Option<&Hold> {
        match self {
            Self::NeedsApproval(_) | Self::ApprovalPending(_) | Self::Denied(_) => None,
            Self::Held(hold) | Self::Released(hold) | Self::Expired(hold) => Some(hold),
            Self::Redeemed(redemption)
            | Self::PartlyReversed(redemption, _)
            | Self::Reversed(redemption) => Some(&redemption.hold),
        }
    }

    /// The redemption, once there was one.
    pub(crate) fn redemption(&self) -> Option<&Redemption> {
        match self {
            Self::NeedsApproval(_)
            | Self::ApprovalPending(_)
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
