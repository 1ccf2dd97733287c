//! The closed sets and the score that facts speak in.

use serde::{Deserialize, Serialize};

use crate::word::closed_enum;

closed_enum! {
    /// How a session ended.
    pub enum Ending {
        /// With an order.
        Ordered = "ordered",
        /// With something in the cart and no order.
        Abandoned = "abandoned",
        /// Without anything in the cart.
        NoCart = "no_cart",
    }
}

closed_enum! {
    /// What a contact has to do with an earlier outreach.
    pub enum FollowUp {
        /// We asked for it.
        Desirable = "desirable",
        /// It would not have been without the outreach: could not resolve, wants confirmation, suspects a scam.
        Undesirable = "undesirable",
        /// Nothing.
        Unrelated = "unrelated",
    }
}

closed_enum! {
    /// What became of an invitation.
    pub enum InvitationAnswer {
        /// The shopper said yes.
        Accepted = "accepted",
        /// The shopper said no.
        Declined = "declined",
        /// The shopper let it time out.
        Ignored = "ignored",
    }
}

closed_enum! {
    /// Why an intervention was cancelled.
    pub enum CancelReason {
        /// The order is placed.
        Ordered = "ordered",
        /// Cart, page or order changed, or it is too late.
        Stale = "stale",
        /// Another intervention took its place.
        Superseded = "superseded",
        /// Somebody asked for it.
        Requested = "requested",
        /// No agent came in time: harm, and counted as such.
        NoAgent = "no_agent",
    }
}

closed_enum! {
    /// How a reservation ended.
    pub enum ReservationEnding {
        /// The agent took it.
        Accepted = "accepted",
        /// The agent refused it.
        Rejected = "rejected",
        /// The agent did not answer.
        TimedOut = "timed_out",
        /// Another agent got the task.
        Rescinded = "rescinded",
        /// The task is gone.
        Cancelled = "cancelled",
    }
}

closed_enum! {
    /// What came of a contact, as the agent declares it.
    pub enum Resolution {
        /// The trouble is out of the way.
        Resolved = "resolved",
        /// It is not.
        Unresolved = "unresolved",
        /// The shopper left.
        Left = "left",
    }
}

closed_enum! {
    /// Whether an agent had to say no to the very thing that held the cart: the measure of broken empowerment.
    pub enum Pointless {
        /// The agent had to.
        Yes = "yes",
        /// The agent could help, or something else was wanted.
        No = "no",
    }
}

/// The score is out of range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 5")]
pub struct InvalidSurveyScore;

/// How helpful a contact was for deciding on the order, 1 (not at all) to 5 (very).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct SurveyScore(u8);

impl SurveyScore {
    /// A score of 1 to 5.
    ///
    /// # Errors
    ///
    /// [`InvalidSurveyScore`] out of range.
    pub const fn new(score: u8) -> Result<Self, InvalidSurveyScore> {
        if score < 1 || score > 5 {
            return Err(InvalidSurveyScore);
        }
        Ok(Self(score))
    }

    /// The score.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for SurveyScore {
    type Error = InvalidSurveyScore;

    fn try_from(score: u8) -> Result<Self, InvalidSurveyScore> {
        Self::new(score)
    }
}

impl From<SurveyScore> for u8 {
    fn from(score: SurveyScore) -> Self {
        score.0
    }
}
