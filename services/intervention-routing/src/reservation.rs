//! Reservations: a task held for one agent for a short time, and what becomes of it.
//!
//! What an agent has in use is the sum of the agent's open reservations and nothing else, so capacity comes back in one
//! place: where a reservation ends.

use domain::channel::Channel;
use domain::id::{InterventionId, QueueId, ReservationId, TaskId, TenantId};
use domain::text::Text;
use domain::time::Timestamp;
use domain::word::closed_enum;
use serde::{Deserialize, Serialize};

use crate::intervention::AssignedAgent;
use crate::refused::Refused;
use crate::task::Task;

/// Why an agent refused, as the desk names it.
pub(crate) type DeclineReason = Text<64>;

/// A task held for one agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reservation {
    pub(crate) id: ReservationId,
    pub(crate) tenant: TenantId,
    pub(crate) task: TaskId,
    pub(crate) intervention: InterventionId,
    pub(crate) agent: AssignedAgent,
    pub(crate) queue: QueueId,
    pub(crate) channel: Channel,
    pub(crate) state: ReservationState,
    /// The version that the store has; saving counts it up.
    pub(crate) version: u64,
    /// Units of the agent's capacity that it takes while it is open.
    pub(crate) units: u32,
    /// Set once the agent refused.
    pub(crate) declined: Option<Declined>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// Until when it can be accepted.
    pub(crate) expires_at: Timestamp,
}

/// How an agent refused. The load shows later whether somebody refuses for lack of time or picks cherries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Declined {
    pub(crate) reason: Option<DeclineReason>,
    /// Units in use at that time, those of this reservation included.
    pub(crate) used_units: u32,
}

closed_enum! {
    /// Where a reservation is in its life.
    pub enum ReservationState {
        /// It waits for the agent.
        Pending = "pending",
        /// The agent took the task.
        Accepted = "accepted",
        /// The agent refused.
        Rejected = "rejected",
        /// The agent did not answer.
        TimedOut = "timed_out",
        /// The system took it back.
        Rescinded = "rescinded",
        /// The task is gone.
        Cancelled = "cancelled",
        /// The contact is over, the agent writes it up.
        Wrapping = "wrapping",
        /// The agent is done with the task.
        Completed = "completed",
    }
}

impl ReservationState {
    /// States in which it takes capacity.
    pub(crate) const OPEN: [Self; 3] = [Self::Pending, Self::Accepted, Self::Wrapping];
    /// States after which its agent is not asked again for the task: refused, missed, or given back.
    pub(crate) const NOT_AGAIN: [Self; 3] = [Self::Rejected, Self::TimedOut, Self::Completed];
}

/// What a reservation takes of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hold {
    /// Units of capacity.
    pub(crate) units: u32,
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
}

impl Reservation {
    /// A task offered to an agent.
    pub(crate) fn offered(
        id: ReservationId,
        task: &Task,
        agent: AssignedAgent,
        hold: Hold,
    ) -> Self {
        Self {
            id,
            tenant: task.tenant.clone(),
            task: task.id,
            intervention: task.intervention,
            agent,
            queue: task.queue.clone(),
            channel: task.channel,
            state: ReservationState::Pending,
            version: 0,
            units: hold.units,
            declined: None,
            created_at: hold.since,
            updated_at: hold.since,
            // The agent cannot accept a task that has expired.
            expires_at: hold.until.min(task.expires_at),
        }
    }

    /// The agent takes the task.
    pub(crate) fn accepted(self, now: Timestamp) -> Result<Self, Refused> {
        let waiting = self.waiting(now)?;
        Ok(waiting.becomes(ReservationState::Accepted, now))
    }

    /// The agent refuses.
    pub(crate) fn rejected(self, declined: Declined, now: Timestamp) -> Result<Self, Refused> {
        let mut waiting = self.waiting(now)?;
        waiting.declined = Some(declined);
        Ok(waiting.becomes(ReservationState::Rejected, now))
    }

    /// The agent did not answer in time.
    pub(crate) fn timed_out(self, now: Timestamp) -> Result<Self, Refused> {
        if now < self.expires_at {
            return Err(Refused::because("the reservation can still be accepted"));
        }
        self.pending()
            .map(|pending| pending.becomes(ReservationState::TimedOut, now))
    }

    /// The system takes it back: the agent is gone, or took the task and never began.
    pub(crate) fn rescinded(self, now: Timestamp) -> Result<Self, Refused> {
        let held = if self.state == ReservationState::Accepted {
            self
        } else {
            self.pending()?
        };
        Ok(held.becomes(ReservationState::Rescinded, now))
    }

    /// The task is gone.
    pub(crate) fn cancelled(self, now: Timestamp) -> Result<Self, Refused> {
        self.pending()
            .map(|pending| pending.becomes(ReservationState::Cancelled, now))
    }

    /// The contact is over; the agent writes it up.
    pub(crate) fn wrapping(self, now: Timestamp) -> Result<Self, Refused> {
        if self.state != ReservationState::Accepted {
            return Err(Refused::because("the reservation is not accepted"));
        }
        Ok(self.becomes(ReservationState::Wrapping, now))
    }

    /// The agent is done with the task: it is written up, or given back to a queue.
    pub(crate) fn completed(self, now: Timestamp) -> Result<Self, Refused> {
        match self.state {
            ReservationState::Accepted | ReservationState::Wrapping => {
                Ok(self.becomes(ReservationState::Completed, now))
            }
            ReservationState::Pending
            | ReservationState::Rejected
            | ReservationState::TimedOut
            | ReservationState::Rescinded
            | ReservationState::Cancelled
            | ReservationState::Completed => {
                Err(Refused::because("the reservation is not accepted"))
            }
        }
    }

    /// The reservation, when it can still be answered. Its deadline counts also before the timer has seen it.
    fn waiting(self, now: Timestamp) -> Result<Self, Refused> {
        let pending = self.pending()?;
        if now >= pending.expires_at {
            return Err(Refused::because("the reservation timed out"));
        }
        Ok(pending)
    }

    fn pending(self) -> Result<Self, Refused> {
        let why = match self.state {
            ReservationState::Pending => return Ok(self),
            ReservationState::TimedOut => "the reservation timed out",
            ReservationState::Rescinded => "the reservation was rescinded",
            ReservationState::Cancelled => "the reservation was cancelled: the task is gone",
            ReservationState::Accepted
            | ReservationState::Rejected
            | ReservationState::Wrapping
            | ReservationState::Completed => "the reservation is answered already",
        };
        Err(Refused::because(why))
    }

    fn becomes(mut self, state: ReservationState, now: Timestamp) -> Self {
        self.state = state;
        self.updated_at = self.updated_at.max(now);
        self
    }
}

#[cfg(test)]
pub(crate) mod tests;
