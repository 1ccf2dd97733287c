//! Facts: what happened, as the measurement log keeps it. Append-only, told once, never corrected in place.
//!
//! A fact says what was seen or decided, not what it means; every KPI is a function of facts.

mod outcome;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::assessment::Probability;
use crate::block::Block;
use crate::cause::Cause;
use crate::channel::Channel;
use crate::experiment::Arm;
use crate::id::{
    AgentId, AssessmentId, ExperimentId, FactId, InterventionId, IssueCode, ModelId, OfferId,
    OrderId, PartnerId, PersonId, PlayId, QueueId, SessionId,
};
use crate::moment::MomentKind;
use crate::money::Money;
use crate::offer::OfferRefusal;
use crate::phase::RiskPhase;
use crate::remedy::RemedyKind;
use crate::time::Timestamp;

pub use outcome::{
    CancelReason, Ending, FollowUp, InvalidSurveyScore, InvitationAnswer, Pointless,
    ReservationEnding, Resolution, SurveyScore,
};

/// One fact, with all that it is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fact {
    /// Names the fact; a second one with the same id is the same.
    pub id: FactId,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// The session it is about.
    pub session: Option<SessionId>,
    /// The person it is about.
    pub person: Option<PersonId>,
    /// The intervention it is about.
    pub intervention: Option<InterventionId>,
    /// The partner who acted.
    pub partner: Option<PartnerId>,
    /// The agent who acted.
    pub agent: Option<AgentId>,
    /// What happened.
    pub body: FactBody,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FactBody {
    /// A session is over.
    SessionEnded {
        /// How it ended.
        ending: Ending,
        /// The furthest phase it reached.
        phase_reached: Option<RiskPhase>,
        /// What was in the cart at the end; `None` when it never held anything.
        cart_value: Option<Money>,
    },
    /// An order was placed.
    OrderPlaced {
        /// The order.
        order: OrderId,
        /// Its value.
        value: Money,
        /// Its margin, when known.
        margin: Option<Money>,
    },
    /// An order was cancelled.
    OrderCancelled {
        /// The order.
        order: OrderId,
    },
    /// A person contacted us.
    ContactReceived {
        /// How.
        channel: Channel,
        /// What it has to do with our outreach.
        follow_up: FollowUp,
        /// What it was about.
        issue: IssueCode,
    },
    /// A moment was assessed.
    MomentAssessed {
        /// The assessment.
        assessment: AssessmentId,
        /// The model that assessed.
        model: ModelId,
        /// How likely the session ends without an order.
        abandonment: Probability,
        /// The phase at risk.
        phase: RiskPhase,
        /// The likely cause.
        cause: Cause,
        /// What made the moment.
        moment_kind: MomentKind,
    },
    /// A qualified person was assigned to an arm.
    EpisodeAssigned {
        /// The experiment.
        experiment: ExperimentId,
        /// The arm.
        arm: Arm,
        /// The play that qualified.
        play: PlayId,
        /// The channel it would use.
        channel: Channel,
        /// The likely cause.
        cause: Cause,
        /// The phase at risk.
        phase: RiskPhase,
        /// What was in the cart.
        cart_value: Money,
    },
    /// A qualified person was not contacted.
    InterventionBlocked {
        /// The play, when one qualified.
        play: Option<PlayId>,
        /// Why not.
        block: Block,
    },
    /// An invitation was shown or sent.
    InvitationShown,
    /// An invitation was answered, or not.
    InvitationAnswered {
        /// The answer.
        answer: InvitationAnswer,
    },
    /// An intervention was cancelled.
    InterventionCancelled {
        /// Why.
        reason: CancelReason,
    },
    /// A task was offered to an agent.
    ReservationCreated {
        /// From the event that made the moment to the reservation.
        since_event: Duration,
        /// The queue.
        queue: QueueId,
    },
    /// A reservation is over.
    ReservationEnded {
        /// How it ended.
        ending: ReservationEnding,
    },
    /// An agent and a shopper are in contact.
    ConversationStarted,
    /// The shopper wrote or spoke after the agent's first words.
    ShopperEngaged,
    /// The agent closed a contact.
    ContactWrapped {
        /// What the agent says came of it.
        resolution: Resolution,
        /// The cause as the agent saw it: the label that models learn from.
        cause: Cause,
        /// Conversation, hold and wrap-up together.
        handle_time: Duration,
        /// Whether the agent had to say no to the very thing that held the cart.
        pointless: Pointless,
    },
    /// A shopper answered the survey.
    SurveyAnswered {
        /// The answer.
        score: SurveyScore,
    },
    /// An offer was refused.
    OfferRefused {
        /// All reasons.
        reasons: Vec<OfferRefusal>,
    },
    /// Budget was held for an offer.
    OfferHeld {
        /// The offer.
        offer: OfferId,
        /// What is offered.
        remedy: RemedyKind,
        /// What it may cost.
        amount: Money,
    },
    /// A hold was given back.
    OfferReleased {
        /// The offer.
        offer: OfferId,
        /// What is free again.
        amount: Money,
    },
    /// A hold ran out.
    OfferExpired {
        /// The offer.
        offer: OfferId,
        /// What is free again.
        amount: Money,
    },
    /// An offer was used in an order.
    OfferRedeemed {
        /// The offer.
        offer: OfferId,
        /// The order.
        order: OrderId,
        /// What it cost.
        amount: Money,
    },
    /// A redemption was taken back, in whole or in part.
    OfferReversed {
        /// The offer.
        offer: OfferId,
        /// What came back.
        amount: Money,
    },
}

#[cfg(test)]
mod tests;
