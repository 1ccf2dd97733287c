//! Who gets the next task, and whether somebody is left for another one: pure choices among the agents whose desks are
//! open.
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

/// Tasks of one need that agents are promised for: they wait for one, or would after a yes to an invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Promise {
    pub(crate) need: Need,
    pub(crate) count: u32,
    /// Who is not asked again.
    pub(crate) refused: BTreeSet<AssignedAgent>,
}

/// Room for tasks of one need.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Places {
    /// Tasks that agents could take now.
    pub(crate) free: u32,
    /// How many of these places may be gone once all promises are kept.
    pub(crate) promised: u32,
}

impl Places {
    /// Whether a place is left whoever takes the others.
    pub(crate) const fn are_left(self) -> bool {
        self.free > self.promised
    }
}

impl Load {
    /// The load with `units` more, of work on this channel.
    #[must_use]
    pub(crate) fn with(self, units: u32, channel: Channel) -> Self {
        Self {
            units: self.units.saturating_add(units),
            calls: self
                .calls
                .saturating_add(u32::from(channel == Channel::Call)),
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

impl Seat<'_> {
    /// Tasks of this need that the agent could take now.
    pub(crate) fn room(&self, need: &Need) -> u32 {
        self.profile.room(self.load, need)
    }

    /// Whether the agent could take a task of a promise now.
    fn may_keep(&self, promise: &Promise) -> bool {
        self.room(&promise.need) > 0 && !promise.refused.contains(self.agent)
    }
}

/// The room that agents have for `need`. A promise counts when any of them may come to keep it, in whatever queue it waits: so
/// that nobody is promised twice, a place is rather left empty.
///
/// A call takes nobody whom a shopper in a chat is promised, and a chat heeds no calls: nobody waits for those.
pub(crate) fn places(seats: &[Seat<'_>], need: &Need, promises: &[Promise]) -> Places {
    let is_free = |seat: &Seat<'_>| {
        let is_spared = || can_spare(seats, seat.agent, promises);
        seat.room(need) > 0 && (need.channel != Channel::Call || is_spared())
    };
    let free: Vec<Seat<'_>> = seats.iter().copied().filter(is_free).collect();
    places_among(&free, need, promises)
}

/// Whether all chats that are promised can be kept without this agent, whoever takes which.
pub(crate) fn can_spare(seats: &[Seat<'_>], agent: &AssignedAgent, promises: &[Promise]) -> bool {
    let (own, others): (Vec<Seat<'_>>, Vec<Seat<'_>>) =
        seats.iter().copied().partition(|seat| seat.agent == agent);
    let counts_on = |promise: &&Promise| {
        promise.need.channel == Channel::Chat && own.iter().any(|seat| seat.may_keep(promise))
    };
    promises.iter().filter(counts_on).all(|promise| {
        let may_keep = |seat: &Seat<'_>| seat.may_keep(promise);
        let asked: Vec<Seat<'_>> = others.iter().copied().filter(may_keep).collect();
        let Places { free, promised } = places_among(&asked, &promise.need, promises);
        // Where nobody else is free, nothing counts as promised.
        free > 0 && free >= promised
    })
}

/// The room of agents who are free for `need`, and the promises by its channel that any of them may come to keep.
fn places_among(free: &[Seat<'_>], need: &Need, promises: &[Promise]) -> Places {
    let room = free.iter().map(|seat| seat.room(need));
    let taken = promises
        .iter()
        .filter(|promise| promise.need.channel == need.channel)
        .filter(|promise| free.iter().any(|seat| seat.may_keep(promise)))
        .map(|promise| promise.count);
    Places {
        free: room.fold(0, u32::saturating_add),
        promised: taken.fold(0, u32::saturating_add),
    }
}

/// The agent who gets a task. `refused` are those who refused or missed it.
pub(crate) fn choose<'a>(
    seats: impl Iterator<Item = Seat<'a>>,
    need: &Need,
    refused: &BTreeSet<AssignedAgent>,
) -> Option<&'a AssignedAgent> {
    seats
        .filter(|seat| seat.room(need) > 0 && !refused.contains(seat.agent))
        .min_by_key(|seat| (seat.idle_since, seat.agent))
        .map(|seat| seat.agent)
}

#[cfg(test)]
pub(crate) mod tests;
