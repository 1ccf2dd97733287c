//! One intervention, from the moment it qualified to the survey after it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::block::{Block, BlockReason};
use domain::cause::Cause;
use domain::channel::Channel;
use domain::experiment::Arm;
use domain::fact::{Fact, FactBody, InvitationAnswer, Pointless, Resolution, SurveyScore};
use domain::id::{PartnerId, PlayId};
use domain::phase::RiskPhase;
use domain::time::Timestamp;

use super::people::Subject;
use super::stamp::{First, Stamp};

/// What the facts say of one intervention.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Intervention {
    opened: First<()>,
    subject: First<Subject>,
    talked: First<PartnerId>,
    asked: First<PartnerId>,
    pub(crate) assigned: First<Assigned>,
    pub(crate) blocked: First<(Option<PlayId>, Block)>,
    pub(crate) shown: First<()>,
    pub(crate) answered: First<InvitationAnswer>,
    pub(crate) cancelled: First<()>,
    pub(crate) reservations: BTreeMap<Stamp, Reservation>,
    starts: BTreeSet<Stamp>,
    pub(crate) engaged: First<()>,
    pub(crate) wraps: BTreeMap<Stamp, Wrap>,
    pub(crate) survey: First<SurveyScore>,
}

/// What was known of an intervention when it qualified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Assigned {
    pub(crate) arm: Arm,
    pub(crate) channel: Channel,
    pub(crate) cause: Cause,
    pub(crate) phase: RiskPhase,
}

/// A reservation that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reservation {
    pub(crate) since_event: Duration,
    pub(crate) partner: Option<PartnerId>,
}

/// What an agent says a conversation came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wrap {
    pub(crate) resolution: Resolution,
    pub(crate) cause: Cause,
    pub(crate) pointless: Pointless,
}

impl Intervention {
    pub(super) fn add(&mut self, stamp: Stamp, fact: &Fact) {
        self.see_context(stamp, fact);
        match &fact.body {
            FactBody::EpisodeAssigned {
                arm,
                channel,
                cause,
                phase,
                ..
            } => self
                .assigned
                .see(stamp, Assigned::new(*arm, *channel, *cause, *phase)),
            FactBody::InterventionBlocked { play, block } => {
                self.blocked.see(stamp, (play.clone(), block.clone()));
            }
            FactBody::InvitationShown => self.shown.see(stamp, ()),
            FactBody::InvitationAnswered { answer } => self.answered.see(stamp, *answer),
            FactBody::InterventionCancelled { .. } => self.cancelled.see(stamp, ()),
            FactBody::ReservationCreated { since_event, .. } => {
                let reservation = Reservation::new(*since_event, fact.partner.as_ref());
                self.reservations.insert(stamp, reservation);
            }
            FactBody::ConversationStarted => {
                self.starts.insert(stamp);
            }
            FactBody::ShopperEngaged => self.engaged.see(stamp, ()),
            FactBody::ContactWrapped {
                resolution,
                cause,
                pointless,
                ..
            } => {
                let wrap = Wrap::new(*resolution, *cause, *pointless);
                self.wraps.insert(stamp, wrap);
            }
            FactBody::SurveyAnswered { score } => self.survey.see(stamp, *score),
            FactBody::ReservationEnded { .. }
            | FactBody::SessionEnded { .. }
            | FactBody::OrderPlaced { .. }
            | FactBody::OrderCancelled { .. }
            | FactBody::ContactReceived { .. }
            | FactBody::MomentAssessed { .. }
            | FactBody::OfferRefused { .. }
            | FactBody::OfferHeld { .. }
            | FactBody::OfferReleased { .. }
            | FactBody::OfferExpired { .. }
            | FactBody::OfferRedeemed { .. }
            | FactBody::OfferReversed { .. } => {}
        }
    }

    /// When it began: its first step that can be a first one. A survey whose intervention was never seen begins none.
    pub(crate) fn began(&self) -> Option<Stamp> {
        self.opened.stamp()
    }

    pub(crate) fn subject(&self) -> Subject {
        self.subject.get().copied().unwrap_or_default()
    }

    /// The partner whose agent was the first to talk to the shopper, or else the first who was asked to.
    pub(crate) fn partner(&self) -> Option<&PartnerId> {
        self.talked.get().or(self.asked.get())
    }

    pub(crate) fn has_started(&self) -> bool {
        !self.starts.is_empty()
    }

    /// When the agent's first message came: the connection, since the agent speaks first.
    pub(crate) fn talk_began(&self) -> Option<Timestamp> {
        let started = self.starts.first().map(|stamp| stamp.at);
        started.or(self.engaged.at())
    }

    /// Whether the shopper was connected once more, after a transfer or because the agent was gone.
    pub(crate) fn changed_hands(&self) -> bool {
        self.starts.len() > 1
    }

    /// The last word of the agents, and when.
    pub(crate) fn last_wrap(&self) -> Option<(Timestamp, Wrap)> {
        let (stamp, wrap) = self.wraps.last_key_value()?;
        Some((stamp.at, *wrap))
    }

    /// What it is about: the cause that the agent found, or else the one that scoring thought likely.
    pub(crate) fn cause(&self) -> Option<Cause> {
        let found = self.last_wrap().map(|(_, wrap)| wrap.cause);
        found.or(self.assigned.get().map(|assigned| assigned.cause))
    }

    pub(crate) fn is_held_out(&self) -> bool {
        let by_arm = self
            .assigned
            .get()
            .is_some_and(|assigned| assigned.arm == Arm::Holdout);
        let by_block = self
            .blocked
            .get()
            .is_some_and(|(_, block)| block.primary() == BlockReason::Holdout);
        by_arm || by_block
    }

    /// What any step says: whom it is about, who worked on it, and that there is an intervention.
    fn see_context(&mut self, stamp: Stamp, fact: &Fact) {
        let subject = Subject::of(fact);
        if subject.is_named() {
            self.subject.see(stamp, subject);
        }
        if may_open(&fact.body) {
            self.opened.see(stamp, ());
        }
        let Some(partner) = &fact.partner else {
            return;
        };
        if is_talk(&fact.body) {
            self.talked.see(stamp, partner.clone());
        } else {
            self.asked.see(stamp, partner.clone());
        }
    }
}

impl Assigned {
    fn new(arm: Arm, channel: Channel, cause: Cause, phase: RiskPhase) -> Self {
        Self {
            arm,
            channel,
            cause,
            phase,
        }
    }
}

impl Reservation {
    fn new(since_event: Duration, partner: Option<&PartnerId>) -> Self {
        Self {
            since_event,
            partner: partner.cloned(),
        }
    }
}

impl Wrap {
    fn new(resolution: Resolution, cause: Cause, pointless: Pointless) -> Self {
        Self {
            resolution,
            cause,
            pointless,
        }
    }
}

/// Whether an intervention can begin with this step.
fn may_open(step: &FactBody) -> bool {
    matches!(
        step,
        FactBody::EpisodeAssigned { .. }
            | FactBody::InterventionBlocked { .. }
            | FactBody::InvitationShown
            | FactBody::InterventionCancelled { .. }
            | FactBody::ReservationCreated { .. }
    )
}

/// Whether the agent and the shopper talk in this step.
fn is_talk(step: &FactBody) -> bool {
    matches!(
        step,
        FactBody::ConversationStarted | FactBody::ShopperEngaged | FactBody::ContactWrapped { .. }
    )
}
