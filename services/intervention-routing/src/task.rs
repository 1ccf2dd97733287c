//! Tasks: units of work for agents, and the moves they may make.
//!
//! A task waits in one queue, is held for one agent at a time and worked on by one. Its version is compared and counted up
//! by the store whenever it is saved. Deliberately absent: who gets it, which is `matching`.

use std::time::Duration;

use domain::assessment::{Assessment, CauseFinding};
use domain::cart::Cart;
use domain::channel::Channel;
use domain::id::{InterventionId, QueueId, SessionId, SkillId, TaskId, TenantId};
use domain::language::Language;
use domain::moment::{Moment, Page};
use domain::remedy::RemedyKind;
use domain::signal::Signal;
use domain::time::{Timestamp, Zone, later};
use domain::word::closed_enum;
use serde::{Deserialize, Serialize};

use crate::intervention::{AssignedAgent, Intervention};
use crate::matching::Need;
use crate::play::Play;
use crate::refused::Refused;

/// One unit of work for an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) id: TaskId,
    pub(crate) tenant: TenantId,
    pub(crate) intervention: InterventionId,
    pub(crate) session: SessionId,
    pub(crate) state: TaskState,
    /// The version that the store has; saving counts it up.
    pub(crate) version: u64,
    pub(crate) channel: Channel,
    pub(crate) queue: QueueId,
    pub(crate) brief: Brief,
    /// The cart as it is now, once it differs from that of the brief.
    pub(crate) cart_now: Option<Cart>,
    /// Who holds it or works on it.
    pub(crate) agent: Option<AssignedAgent>,
    /// When its agent wrote or spoke the first word.
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// Until when it waits for what comes next: an agent, the first word, the wrap-up.
    pub(crate) expires_at: Timestamp,
}

/// What an agent needs and is shown of the session, as it was decided on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Brief {
    pub(crate) skill: Option<SkillId>,
    pub(crate) language: Option<Language>,
    pub(crate) zone: Option<Zone>,
    pub(crate) causes: Vec<CauseFinding>,
    pub(crate) signals: Vec<Signal>,
    pub(crate) cart: Cart,
    pub(crate) page: Option<Page>,
    pub(crate) ladder: Vec<RemedyKind>,
}

closed_enum! {
    /// Where a task is in its life.
    pub enum TaskState {
        /// It waits in its queue.
        Pending = "pending",
        /// It is held for an agent.
        Reserved = "reserved",
        /// An agent works on it.
        Assigned = "assigned",
        /// The agent writes it up.
        Wrapping = "wrapping",
        /// It is done.
        Completed = "completed",
        /// It is gone before it was done.
        Cancelled = "cancelled",
    }
}

impl TaskState {
    /// States of a task that has not ended.
    pub(crate) const OPEN: [Self; 4] = [
        Self::Pending,
        Self::Reserved,
        Self::Assigned,
        Self::Wrapping,
    ];
    /// States in which no agent has taken it.
    pub(crate) const UNASSIGNED: [Self; 2] = [Self::Pending, Self::Reserved];
    /// States that have a deadline.
    pub(crate) const WAITING: [Self; 3] = [Self::Pending, Self::Reserved, Self::Assigned];
}

impl Brief {
    /// What a decision leaves for the agent.
    pub(crate) fn of(play: &Play, moment: &Moment, assessment: &Assessment) -> Self {
        Self {
            skill: play.rule.skill.clone(),
            language: moment.language,
            zone: moment.zone.clone(),
            causes: assessment.causes.clone(),
            signals: moment.signals.clone(),
            cart: moment.cart.clone(),
            page: moment.page.clone(),
            ladder: play.rule.ladder.clone(),
        }
    }

    /// What an agent must bring who takes it from a queue.
    pub(crate) fn need(&self, queue: QueueId, channel: Channel) -> Need {
        Need {
            queue,
            skill: self.skill.clone(),
            language: self.language,
            channel,
        }
    }
}

impl Task {
    /// A new task that waits in `queue`.
    pub(crate) fn queued(
        id: TaskId,
        intervention: &Intervention,
        queue: QueueId,
        brief: Brief,
        wait: Wait,
    ) -> Self {
        Self {
            id,
            tenant: intervention.tenant.clone(),
            intervention: intervention.id,
            session: intervention.session,
            state: TaskState::Pending,
            version: 0,
            channel: intervention.channel,
            queue,
            brief,
            cart_now: None,
            agent: None,
            started_at: None,
            created_at: wait.since,
            updated_at: wait.since,
            expires_at: wait.until,
        }
    }

    /// What an agent must bring.
    pub(crate) fn need(&self) -> Need {
        self.brief.need(self.queue.clone(), self.channel)
    }

    /// The cart as far as it is known.
    pub(crate) fn newest_cart(&self) -> &Cart {
        self.cart_now.as_ref().unwrap_or(&self.brief.cart)
    }

    /// The same task with a newer cart; an older one changes nothing.
    pub(crate) fn with_cart(mut self, cart: &Cart) -> Self {
        if cart.version() > self.newest_cart().version() {
            self.cart_now = Some(cart.clone());
        }
        self
    }

    /// Held for an agent.
    pub(crate) fn reserved(self, agent: AssignedAgent, now: Timestamp) -> Result<Self, Refused> {
        match self.state {
            TaskState::Pending if now < self.expires_at => {
                Ok(self.becomes(TaskState::Reserved, Some(agent), now))
            }
            TaskState::Pending => Err(Refused::because("the task has expired")),
            TaskState::Reserved
            | TaskState::Assigned
            | TaskState::Wrapping
            | TaskState::Completed
            | TaskState::Cancelled => Err(Refused::because("the task does not wait")),
        }
    }

    /// Back in its queue, since the agent did not take it.
    pub(crate) fn returned(self, now: Timestamp) -> Result<Self, Refused> {
        match self.state {
            TaskState::Reserved => Ok(self.becomes(TaskState::Pending, None, now)),
            TaskState::Pending
            | TaskState::Assigned
            | TaskState::Wrapping
            | TaskState::Completed
            | TaskState::Cancelled => Err(Refused::because("the task is not held for an agent")),
        }
    }

    /// Taken by the agent it is held for, who has so long to begin.
    pub(crate) fn assigned(self, wait: Wait) -> Result<Self, Refused> {
        match (self.state, self.agent.clone()) {
            (TaskState::Reserved, Some(agent)) => {
                let mut taken = self.becomes(TaskState::Assigned, Some(agent), wait.since);
                taken.expires_at = wait.until;
                Ok(taken)
            }
            (_, _) => Err(Refused::because("the task is not held for the agent")),
        }
    }

    /// The agent wrote or spoke the first word, and has so long to wrap up.
    pub(crate) fn started(self, wait: Wait) -> Result<Self, Refused> {
        if self.state != TaskState::Assigned {
            return Err(Refused::because("the task is not assigned"));
        }
        if self.started_at.is_some() {
            return Err(Refused::because("the conversation has started already"));
        }
        let agent = self.agent.clone();
        let mut started = self.becomes(TaskState::Assigned, agent, wait.since);
        started.started_at = Some(wait.since);
        started.expires_at = wait.until;
        Ok(started)
    }

    /// Given back to a queue by the agent who took it, to wait again.
    pub(crate) fn transferred(self, queue: QueueId, wait: Wait) -> Result<Self, Refused> {
        if self.state != TaskState::Assigned {
            return Err(Refused::because("the task is not assigned"));
        }
        let mut waiting = self.becomes(TaskState::Pending, None, wait.since);
        waiting.queue = queue;
        waiting.started_at = None;
        waiting.expires_at = wait.until;
        Ok(waiting)
    }

    /// The contact is over; the agent writes it up.
    pub(crate) fn wrapping(self, now: Timestamp) -> Result<Self, Refused> {
        if self.state != TaskState::Assigned {
            return Err(Refused::because("the task is not assigned"));
        }
        let agent = self.agent.clone();
        Ok(self.becomes(TaskState::Wrapping, agent, now))
    }

    /// Written up.
    pub(crate) fn completed(self, now: Timestamp) -> Result<Self, Refused> {
        if self.state != TaskState::Wrapping {
            return Err(Refused::because("the task is not being written up"));
        }
        let agent = self.agent.clone();
        Ok(self.becomes(TaskState::Completed, agent, now))
    }

    /// Gone before an agent took it. A contact that runs is never cut.
    pub(crate) fn cancelled(self, now: Timestamp) -> Result<Self, Refused> {
        match self.state {
            TaskState::Pending | TaskState::Reserved => {
                Ok(self.becomes(TaskState::Cancelled, None, now))
            }
            TaskState::Assigned
            | TaskState::Wrapping
            | TaskState::Completed
            | TaskState::Cancelled => Err(Refused::because("the task is taken or over")),
        }
    }

    fn becomes(mut self, state: TaskState, agent: Option<AssignedAgent>, now: Timestamp) -> Self {
        self.state = state;
        self.agent = agent;
        self.updated_at = self.updated_at.max(now);
        self
    }
}

/// How long a task waits for what comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wait {
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
}

impl Wait {
    pub(crate) fn of(since: Timestamp, span: Duration) -> Self {
        Self {
            since,
            until: later(since, span),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
