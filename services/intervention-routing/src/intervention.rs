//! One attempt to help one shopper, and the moves it may make.
//!
//! A move consumes the intervention and gives the next one, or says why it cannot be. `held_out` and `blocked` are ends
//! from the start: they are stored to be measured. Deliberately absent: who decides, and what is sent when it moves.

use domain::assessment::Assessment;
use domain::block::Block;
use domain::cause::Cause;
use domain::channel::Channel;
use domain::experiment::Arm;
use domain::fact::{CancelReason, Resolution};
use domain::id::{
    AgentId, AssessmentId, InterventionId, MomentId, PartnerId, PersonId, PlayId, SessionId,
    TaskId, TenantId, VisitorId,
};
use domain::moment::{Moment, Page};
use domain::phase::RiskPhase;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::person::names;
use crate::play::Play;

/// One attempt to help one shopper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Intervention {
    /// The intervention.
    pub(crate) id: InterventionId,
    /// The tenant.
    pub(crate) tenant: TenantId,
    /// Where it is in its life.
    pub(crate) state: State,
    /// The session.
    pub(crate) session: SessionId,
    /// The person.
    pub(crate) person: PersonId,
    /// The browser that the person was met in: the other name of a shopper who is known.
    pub(crate) visitor: VisitorId,
    /// The play.
    pub(crate) play: PlayId,
    /// The version of the play that decided.
    pub(crate) play_version: u32,
    /// How help comes.
    pub(crate) channel: Channel,
    /// The likely cause.
    pub(crate) cause: Cause,
    /// The phase at risk.
    pub(crate) phase: RiskPhase,
    /// The arm of the experiment.
    pub(crate) arm: Arm,
    /// The moment it was decided on.
    pub(crate) moment: MomentId,
    /// When what made the moment happened.
    pub(crate) moment_at: Timestamp,
    /// The assessment it was decided on.
    pub(crate) assessment: AssessmentId,
    /// The cart version it was decided on.
    pub(crate) cart_version: u64,
    /// The page it was decided on.
    pub(crate) page: Option<Page>,
    /// The task, once there is one.
    pub(crate) task: Option<TaskId>,
    /// Who handles it, once accepted.
    pub(crate) agent: Option<AssignedAgent>,
    /// Revision of the case that offer-authorization was last told.
    pub(crate) case_revision: u64,
    /// Cart version that offer-authorization was last told.
    pub(crate) case_cart_version: u64,
    /// When it was decided.
    pub(crate) created_at: Timestamp,
    /// When it last changed.
    pub(crate) updated_at: Timestamp,
    /// Until when help may start.
    pub(crate) expires_at: Timestamp,
    /// Trace of the recovery, as W3C `traceparent`; absent when it was not traced.
    pub(crate) traceparent: Option<String>,
}

/// The agent of an intervention, with their partner.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct AssignedAgent {
    /// The partner.
    pub(crate) partner: PartnerId,
    /// The agent.
    pub(crate) agent: AgentId,
}

/// Where an intervention is in its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum State {
    /// Withheld, and measured.
    HeldOut,
    /// Not allowed or not worth it.
    Blocked {
        /// Why.
        block: Block,
    },
    /// Decided; nothing is shown yet.
    Scheduled,
    /// On the page.
    Shown,
    /// The shopper said yes, or an agent is to call.
    Accepted,
    /// The shopper said no.
    Declined,
    /// The shopper let it time out.
    Ignored,
    /// The shopper talks with the agent.
    Engaged,
    /// Over, by the agent's word.
    Ended {
        /// How.
        resolution: Resolution,
    },
    /// Accepted, but no agent came in time.
    Unanswered,
    /// Stopped before help started.
    Cancelled {
        /// Why.
        reason: CancelReason,
    },
}

/// A move that the state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the intervention is `{from}` and cannot become `{to}`")]
pub(crate) struct IllegalMove {
    /// The state it is in.
    pub(crate) from: &'static str,
    /// The state it was to be in.
    pub(crate) to: &'static str,
}

impl State {
    /// The state as a word, as it is stored and shown.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::HeldOut => "held_out",
            Self::Blocked { .. } => "blocked",
            Self::Scheduled => "scheduled",
            Self::Shown => "shown",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Ignored => "ignored",
            Self::Engaged => "engaged",
            Self::Ended { resolution } => match resolution {
                Resolution::Resolved => "resolved",
                Resolution::Unresolved => "unresolved",
                Resolution::Left => "left",
            },
            Self::Unanswered => "unanswered",
            Self::Cancelled { .. } => "cancelled",
        }
    }

    /// Whether help may still start or runs.
    pub(crate) const fn is_open(&self) -> bool {
        matches!(
            self,
            Self::Scheduled | Self::Shown | Self::Accepted | Self::Engaged
        )
    }

    /// Whether nobody has answered yet, so that a change of the cart or page makes it stale.
    pub(crate) const fn is_waiting(&self) -> bool {
        matches!(self, Self::Scheduled | Self::Shown)
    }
}

/// What all interventions of one decision share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'a> {
    /// The tenant.
    pub(crate) tenant: &'a TenantId,
    /// The moment.
    pub(crate) moment: &'a Moment,
    /// Its assessment.
    pub(crate) assessment: &'a Assessment,
    /// When it is decided.
    pub(crate) now: Timestamp,
}

impl Intervention {
    /// The intervention that a decision makes.
    pub(crate) fn decided(
        id: InterventionId,
        origin: &Origin<'_>,
        play: &Play,
        arm: Arm,
        state: State,
    ) -> Self {
        let Origin {
            tenant,
            moment,
            assessment,
            now,
        } = *origin;
        Self {
            id,
            tenant: tenant.clone(),
            state,
            session: moment.session,
            person: moment.person(),
            visitor: moment.visitor,
            play: play.id.clone(),
            play_version: play.version,
            channel: play.rule.channel,
            cause: assessment.likely_cause(),
            phase: assessment.phase,
            arm,
            moment: moment.id,
            moment_at: moment.occurred_at,
            assessment: assessment.id,
            cart_version: moment.cart.version(),
            page: moment.page.clone(),
            task: None,
            agent: None,
            case_revision: 0,
            case_cart_version: 0,
            created_at: now,
            updated_at: now,
            expires_at: domain::time::later(now, play.rule.stale_after),
            traceparent: None,
        }
    }

    /// The invitation or notice is on the page.
    ///
    /// # Errors
    ///
    /// [`IllegalMove`] unless it is scheduled.
    pub(crate) fn shown(self, now: Timestamp) -> Result<Self, IllegalMove> {
        if self.state != State::Scheduled {
            return Err(self.refuse("shown"));
        }
        Ok(self.becomes(State::Shown, now))
    }

    /// The shopper said yes; or an agent is to call, which needs no invitation.
    ///
    /// # Errors
    ///
    /// [`IllegalMove`] unless it is shown, or scheduled for a call.
    pub(crate) fn accepted(self, now: Timestamp) -> Result<Self, IllegalMove> {
        match (&self.state, self.channel) {
            (State::Shown, _) | (State::Scheduled, Channel::Call) => {
                Ok(self.becomes(State::Accepted, now))
            }
            _ => Err(self.refuse("accepted")),
        }
    }

    /// The shopper said no.
    ///
    /// # Errors
    ///
    /// [`IllegalMove`] unless it is shown.
    pub(crate) fn declined(self, now: Timestamp) -> Result<Self, IllegalMove> {
        if self.state != State::Shown {
            return Err(self.refuse("declined"));
        }
        Ok(self.becomes(State::Declined, now))
    }

    /// The shopper let it time out.
    ///
    /// # Errors
    ///
    /// [`IllegalMove`] unless it is shown.
    pub(crate) fn ignored(self, now: Timestamp) -> Result<Self, IllegalMove> {
        if self.state != State::Shown {
            return Err(self.refuse("ignored"));
        }
        Ok(self.becomes(State::Ignored, now))
    }

    /// An agent took it.
    ///
    /// # Errors
    ///
    /// [`IllegalMove`] unless it is accepted or engaged.
    pub(crate) fn assigned(
        self,
        agent: AssignedAgent,
        now: Timestamp,
    ) -> Result<Self, IllegalMove> {
        if !matches!(self.state, State::Accepted | State::Engaged) {
            return Err(self.refuse("assigned"));
        }
        let state = self.state.clone();
        let mut taken = self.becomes(state, now);
        taken.agent = Some(agent);
        Ok(taken)
    }

    /// The shopper talks with the agent.
    ///
    /// # Errors
    ///
    /// [`IllegalMove`] unless it is accepted by an agent. A second reply changes nothing.
    pub(crate) fn engaged(self, now: Timestamp) -> Result<Self, IllegalMove> {
        match (&self.state, &self.agent) {
            (State::Accepted, Some(_)) => Ok(self.becomes(State::Engaged, now)),
            (State::Engaged, _) => Ok(self),
            _ => Err(self.refuse("engaged")),
        }
    }

    /// The agent closed it.
    ///
    /// # Errors
    ///
    /// [`IllegalMove`] unless an agent has it.
    pub(crate) fn wrapped(
        self,
        resolution: Resolution,
        now: Timestamp,
    ) -> Result<Self, IllegalMove> {
        match (&self.state, &self.agent) {
            (State::Accepted | State::Engaged, Some(_)) => {
                Ok(self.becomes(State::Ended { resolution }, now))
            }
            _ => Err(self.refuse("ended")),
        }
    }

    /// No agent came in time. This harms, and is counted.
    ///
    /// # Errors
    ///
    /// [`IllegalMove`] unless it waits for an agent, the first or the next one.
    pub(crate) fn unanswered(self, now: Timestamp) -> Result<Self, IllegalMove> {
        match (&self.state, &self.agent) {
            (State::Accepted | State::Engaged, None) => Ok(self.becomes(State::Unanswered, now)),
            _ => Err(self.refuse("unanswered")),
        }
    }

    /// The agent gave it back, to be taken by another.
    ///
    /// # Errors
    ///
    /// [`IllegalMove`] unless an agent has it.
    pub(crate) fn released(self, now: Timestamp) -> Result<Self, IllegalMove> {
        match (&self.state, &self.agent) {
            (State::Accepted | State::Engaged, Some(_)) => {
                let state = self.state.clone();
                let mut waiting = self.becomes(state, now);
                waiting.agent = None;
                Ok(waiting)
            }
            _ => Err(self.refuse("released")),
        }
    }

    /// Stopped. A conversation that runs is never cut: it ends by its wrap-up.
    ///
    /// # Errors
    ///
    /// [`IllegalMove`] once an agent has it, and after the end.
    pub(crate) fn cancelled(
        self,
        reason: CancelReason,
        now: Timestamp,
    ) -> Result<Self, IllegalMove> {
        match (&self.state, &self.agent) {
            (State::Scheduled | State::Shown, _) | (State::Accepted, None) => {
                Ok(self.becomes(State::Cancelled { reason }, now))
            }
            _ => Err(self.refuse("cancelled")),
        }
    }

    /// All names that its person was known by when it was decided.
    pub(crate) fn names(&self) -> Vec<PersonId> {
        names(self.person, self.visitor)
    }

    /// Whether it is a call that no agent has taken: the shopper does not know of it yet.
    pub(crate) fn is_call_to_make(&self) -> bool {
        self.channel == Channel::Call && self.state == State::Accepted && self.agent.is_none()
    }

    fn becomes(mut self, state: State, now: Timestamp) -> Self {
        self.state = state;
        // INVARIANT: a row's time never goes back, whatever the clock does.
        self.updated_at = self.updated_at.max(now);
        self
    }

    const fn refuse(&self, to: &'static str) -> IllegalMove {
        IllegalMove {
            from: self.state.as_str(),
            to,
        }
    }
}
