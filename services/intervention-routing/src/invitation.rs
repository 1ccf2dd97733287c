//! Invitations and notices: what a shopper is shown to start a contact, from the decision to the survey.
//!
//! The stored state is all that a storefront needs to be told, so that one that comes back is told the same again.

use domain::channel::Channel;
use domain::fact::SurveyScore;
use domain::id::{InterventionId, InvitationId, QueueId, SessionId, TenantId};
use domain::text::Text;
use domain::time::Timestamp;
use domain::word::closed_enum;
use serde::{Deserialize, Serialize};

use crate::intervention::Intervention;
use crate::matching::Need;
use crate::refused::Refused;
use crate::task::Brief;

/// What is shown to start a contact. Also a notice, which needs no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Invitation {
    pub(crate) id: InvitationId,
    pub(crate) tenant: TenantId,
    pub(crate) intervention: InterventionId,
    pub(crate) session: SessionId,
    pub(crate) state: InvitationState,
    /// The version that the store has; saving counts it up.
    pub(crate) version: u64,
    pub(crate) channel: Channel,
    /// Queue of the task that a yes makes; a notice has none.
    pub(crate) queue: Option<QueueId>,
    pub(crate) text: Text<512>,
    pub(crate) brief: Brief,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// Until when it may be answered.
    pub(crate) expires_at: Timestamp,
    pub(crate) shown_at: Option<Timestamp>,
    pub(crate) survey: Option<SurveyScore>,
}

closed_enum! {
    /// Where an invitation is in its life.
    pub enum InvitationState {
        /// Decided, not sent yet.
        Waiting = "waiting",
        /// On the page.
        Shown = "shown",
        /// The shopper said yes and waits for an agent.
        Accepted = "accepted",
        /// The agent is there.
        Joined = "joined",
        /// The contact is over; the question is asked.
        Asked = "asked",
        /// The question is answered.
        Answered = "answered",
        /// The shopper said no.
        Declined = "declined",
        /// The shopper let it time out.
        Ignored = "ignored",
        /// Taken back.
        Withdrawn = "withdrawn",
        /// No agent came in time.
        Unanswered = "unanswered",
    }
}

impl InvitationState {
    /// States of which a storefront that comes back is told.
    pub(crate) const LIVE: [Self; 5] = [
        Self::Waiting,
        Self::Shown,
        Self::Accepted,
        Self::Joined,
        Self::Asked,
    ];
    /// States in which a yes may still come: an agent may be needed.
    pub(crate) const OPEN: [Self; 2] = [Self::Waiting, Self::Shown];
    /// States in which it can be taken back.
    pub(crate) const WITHDRAWABLE: [Self; 3] = [Self::Waiting, Self::Shown, Self::Accepted];
}

impl Invitation {
    /// The invitation of a scheduled intervention.
    pub(crate) fn prepared(
        id: InvitationId,
        intervention: &Intervention,
        queue: Option<QueueId>,
        text: Text<512>,
        brief: Brief,
    ) -> Self {
        Self {
            id,
            tenant: intervention.tenant.clone(),
            intervention: intervention.id,
            session: intervention.session,
            state: InvitationState::Waiting,
            version: 0,
            channel: intervention.channel,
            queue,
            text,
            brief,
            created_at: intervention.created_at,
            updated_at: intervention.created_at,
            expires_at: intervention.expires_at,
            shown_at: None,
            survey: None,
        }
    }

    /// Short code by which the shopper can see in their account that this is ours: six characters of Crockford's
    /// alphabet, which has no letters that are mistaken for digits, from the random end of the id.
    pub(crate) fn verification_code(&self) -> String {
        const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let bits = self.id.uuid().as_u128();
        (0..6)
            .filter_map(|place| usize::try_from((bits >> (place * 5)) & 31).ok())
            .filter_map(|letter| ALPHABET.get(letter).copied())
            .map(char::from)
            .collect()
    }

    /// What an agent must bring who answers a yes; `None` for a notice.
    pub(crate) fn need(&self) -> Option<Need> {
        let queue = self.queue.clone()?;
        Some(self.brief.need(queue, self.channel))
    }

    /// Sent to the page.
    pub(crate) fn shown(self, now: Timestamp) -> Result<Self, Refused> {
        if self.state != InvitationState::Waiting {
            return Err(Refused::because(
                "the invitation was shown before or is over",
            ));
        }
        let mut shown = self.in_time(now)?.becomes(InvitationState::Shown, now);
        shown.shown_at = Some(now);
        Ok(shown)
    }

    /// The shopper says yes.
    pub(crate) fn accepted(self, now: Timestamp) -> Result<Self, Refused> {
        if self.queue.is_none() {
            return Err(Refused::because("a notice needs no answer"));
        }
        Ok(self.on_page(now)?.becomes(InvitationState::Accepted, now))
    }

    /// The shopper says no.
    pub(crate) fn declined(self, now: Timestamp) -> Result<Self, Refused> {
        Ok(self.on_page(now)?.becomes(InvitationState::Declined, now))
    }

    /// The shopper let it time out.
    pub(crate) fn ignored(self, now: Timestamp) -> Result<Self, Refused> {
        if self.state != InvitationState::Shown || now < self.expires_at {
            return Err(Refused::because("the invitation can still be answered"));
        }
        Ok(self.becomes(InvitationState::Ignored, now))
    }

    /// Taken back before an agent came.
    pub(crate) fn withdrawn(self, now: Timestamp) -> Result<Self, Refused> {
        match self.state {
            InvitationState::Waiting | InvitationState::Shown | InvitationState::Accepted => {
                Ok(self.becomes(InvitationState::Withdrawn, now))
            }
            InvitationState::Joined
            | InvitationState::Asked
            | InvitationState::Answered
            | InvitationState::Declined
            | InvitationState::Ignored
            | InvitationState::Withdrawn
            | InvitationState::Unanswered => Err(Refused::because("the invitation is over")),
        }
    }

    /// The agent is there; after a transfer, the next one.
    pub(crate) fn joined(self, now: Timestamp) -> Result<Self, Refused> {
        match self.state {
            InvitationState::Accepted | InvitationState::Joined => {
                Ok(self.becomes(InvitationState::Joined, now))
            }
            InvitationState::Waiting
            | InvitationState::Shown
            | InvitationState::Asked
            | InvitationState::Answered
            | InvitationState::Declined
            | InvitationState::Ignored
            | InvitationState::Withdrawn
            | InvitationState::Unanswered => {
                Err(Refused::because("the invitation is not accepted"))
            }
        }
    }

    /// No agent came in time, or none took over.
    pub(crate) fn unanswered(self, now: Timestamp) -> Result<Self, Refused> {
        self.joined(now)
            .map(|accepted| accepted.becomes(InvitationState::Unanswered, now))
    }

    /// The contact is over; the question is asked.
    pub(crate) fn asked(self, now: Timestamp) -> Result<Self, Refused> {
        if self.state != InvitationState::Joined {
            return Err(Refused::because("there was no contact"));
        }
        Ok(self.becomes(InvitationState::Asked, now))
    }

    /// The shopper answers the question.
    pub(crate) fn answered(self, score: SurveyScore, now: Timestamp) -> Result<Self, Refused> {
        match self.state {
            InvitationState::Asked => {
                let mut answered = self.becomes(InvitationState::Answered, now);
                answered.survey = Some(score);
                Ok(answered)
            }
            InvitationState::Answered => Err(Refused::because("the survey is answered already")),
            InvitationState::Waiting
            | InvitationState::Shown
            | InvitationState::Accepted
            | InvitationState::Joined
            | InvitationState::Declined
            | InvitationState::Ignored
            | InvitationState::Withdrawn
            | InvitationState::Unanswered => {
                Err(Refused::because("no contact has ended to be asked about"))
            }
        }
    }

    fn on_page(self, now: Timestamp) -> Result<Self, Refused> {
        let why = match self.state {
            InvitationState::Shown => return self.in_time(now),
            InvitationState::Waiting => "the invitation has not been shown",
            InvitationState::Withdrawn => "the invitation was withdrawn",
            InvitationState::Ignored | InvitationState::Unanswered => "the invitation has expired",
            InvitationState::Accepted
            | InvitationState::Joined
            | InvitationState::Asked
            | InvitationState::Answered
            | InvitationState::Declined => "the invitation is answered already",
        };
        Err(Refused::because(why))
    }

    fn in_time(self, now: Timestamp) -> Result<Self, Refused> {
        if now >= self.expires_at {
            return Err(Refused::because("the invitation has expired"));
        }
        Ok(self)
    }

    fn becomes(mut self, state: InvitationState, now: Timestamp) -> Self {
        self.state = state;
        self.updated_at = self.updated_at.max(now);
        self
    }
}

#[cfg(test)]
pub(crate) mod tests;
