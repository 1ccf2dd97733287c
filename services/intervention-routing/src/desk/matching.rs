//! Who gets the next task: a pure choice among the agents whose desks are open.
//!
//! An agent fits with presence, queue, skill, language and room. Of those who fit, whoever has been idle longest is chosen;
//! of equals, the first by partner and agent id, so that the same situation always gives the same answer.

use std::collections::BTreeSet;

use domain::channel::Channel;
use domain::id::{QueueId, SkillId};
use domain::language::Language;
use domain::time::Timestamp;
use domain::word::closed_enum;

use crate::intervention::AssignedAgent;
use crate::reservation::Reservation;

closed_enum! {
    /// Whether an agent takes work.
    pub enum Presence {
        /// Not at work.
        Offline = "offline",
        /// Takes work up to the capacity.
        Available = "available",
        /// Present, takes no new work.
        Busy = "busy",
        /// On a break.
        Break = "break",
        /// Writes up the last contact.
        Wrapping = "wrapping",
        /// Missed too many reservations in a row; ended by the agent's next word.
        NotResponding = "not_responding",
    }
}

/// What a task needs of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Need {
    pub(crate) queue: QueueId,
    pub(crate) skill: Option<SkillId>,
    /// The shopper's language; any will do while it is unknown.
    pub(crate) language: Option<Language>,
    pub(crate) channel: Channel,
}

/// What an agent has told of what they can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) presence: Presence,
    /// Units of work that fit at once.
    pub(crate) capacity: u32,
    pub(crate) queues: BTreeSet<QueueId>,
    pub(crate) skills: BTreeSet<SkillId>,
    pub(crate) languages: BTreeSet<Language>,
}

/// What an agent has in use: all open reservations together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Load {
    /// Units of all of them.
    pub(crate) units: u32,
    /// How many of them are calls.
    pub(crate) calls: u32,
}

/// An agent whose desk is open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seat<'a> {
    pub(crate) agent: &'a AssignedAgent,
    pub(crate) profile: &'a Profile,
    pub(crate) load: Load,
    /// When load or presence last changed.
    pub(crate) idle_since: Timestamp,
}

impl Load {
    /// The load with one more open reservation.
    #[must_use]
    pub(crate) fn with(self, open: &Reservation) -> Self {
        Self {
            units: self.units.saturating_add(open.units),
            calls: self
                .calls
                .saturating_add(u32::from(open.channel == Channel::Call)),
        }
    }

    /// Tasks of this channel that still fit. A call costs all capacity: it fits only an idle agent, and nothing fits
    /// beside it, whatever the agent says meanwhile.
    pub(crate) const fn room(self, capacity: u32, channel: Channel) -> u32 {
        match channel {
            Channel::Chat if self.calls == 0 => capacity.saturating_sub(self.units),
            Channel::Call if self.units == 0 && capacity > 0 => 1,
            Channel::Chat | Channel::Call | Channel::OnPage | Channel::Email | Channel::Sms => 0,
        }
    }
}

impl Profile {
    /// Units that a task of this channel takes of the agent.
    pub(crate) const fn cost(&self, channel: Channel) -> u32 {
        match channel {
            Channel::Call => self.capacity,
            Channel::Chat | Channel::OnPage | Channel::Email | Channel::Sms => 1,
        }
    }

    /// Tasks of this need that the agent could take now.
    pub(crate) fn room(&self, load: Load, need: &Need) -> u32 {
        if self.presence == Presence::Available && self.knows(need) {
            load.room(self.capacity, need.channel)
        } else {
            0
        }
    }

    fn knows(&self, need: &Need) -> bool {
        let speaks = |language| self.languages.contains(language);
        self.queues.contains(&need.queue)
            && need
                .skill
                .as_ref()
                .is_none_or(|skill| self.skills.contains(skill))
            && need.language.as_ref().is_none_or(speaks)
    }
}

/// The agent who gets a task. `refused` are those who refused or missed it.
pub(crate) fn choose<'a>(
    seats: impl Iterator<Item = Seat<'a>>,
    need: &Need,
    refused: &BTreeSet<AssignedAgent>,
) -> Option<&'a AssignedAgent> {
    seats
        .filter(|seat| seat.profile.room(seat.load, need) > 0 && !refused.contains(seat.agent))
        .min_by_key(|seat| (seat.idle_since, seat.agent))
        .map(|seat| seat.agent)
}

#[cfg(test)]
pub(crate) mod tests;
