//! A session in memory: what its events fold to, what has been told of it, and where its events lie in the log.
//!
//! The events themselves are not kept: the state after the last one is enough for the next one. Only an event that comes
//! out of order needs those before it, which are then read from the log once.

use std::borrow::Cow;

use domain::fact::FactBody;
use domain::id::{EventId, SessionId, ShopperId};
use domain::moment::VisitHistory;
use domain::time::Timestamp;
use platform::telemetry::TraceContext;

use crate::config::{MomentSettings, SignalSettings};
use crate::event::Event;
use crate::fold::State;
use crate::moment::{Cue, Subject, Told};
use crate::packed::pack_fields;
use crate::report::{Report, Reported, contact};
use crate::snapshot::Snapshot;

mod packing;
mod past;
mod shown;
mod stated;

pub(crate) use shown::Shown;
pub(crate) use stated::{Statement, VisitorOfRow};

use past::Past;
use stated::Stated;

/// Places that are kept for binding events in a session that is otherwise full.
const RESERVED_EVENTS: usize = 500;

/// By what sessions are folded and decided on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) signals: SignalSettings,
    pub(crate) moments: MomentSettings,
    /// Events of one session.
    pub(crate) max_events: usize,
}

/// What has been told of a session, which does not follow from its events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    pub(crate) told: Told,
    pub(crate) reported: Reported,
    /// What the person had done before: the visitor when the session began, and the shopper as who the visitor is known.
    pub(crate) history: VisitHistory,
    /// The part of it that is the visitor's own.
    of_visitor: VisitHistory,
    /// Whose the other part is.
    known_as: Option<ShopperId>,
    /// Where the session was last in a trace, for what its timers do.
    trace: Option<String>,
}

impl Memory {
    /// Where the session was last in a trace. What cannot be read is none: a trace is worth no error.
    pub(crate) fn trace(&self) -> Option<TraceContext> {
        TraceContext::parse(self.trace.as_deref()?).ok()
    }

    pub(crate) fn set_trace(&mut self, trace: &TraceContext) {
        self.trace = Some(trace.as_str().to_owned());
    }
}

/// Where a part of a session lies in the event log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct LogPlace {
    pub(crate) partition: u16,
    pub(crate) sequence: u64,
}

/// How often a session has changed, and when first and last. Changes are numbered over all sessions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Revision {
    /// Changes of this session; 0 before the first.
    pub(crate) version: u64,
    /// Number of its first change.
    pub(crate) created: u64,
    /// Number of its last change.
    pub(crate) changed: u64,
}

impl Revision {
    /// After one more change.
    fn next(self, change: u64) -> Self {
        Self {
            version: self.version.saturating_add(1),
            created: if self.version == 0 {
                change
            } else {
                self.created
            },
            changed: change,
        }
    }
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    New,
    /// Taken before: nothing changed.
    Duplicate,
    /// The session holds as many events as it may.
    Full,
}

/// A session in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) memory: Memory,
    pub(crate) revision: Revision,
    /// When it is to be looked at again.
    pub(crate) due: Option<Timestamp>,
    /// When it was decided on last.
    pub(crate) decided_at: Option<Timestamp>,
    /// In the order in which they were written.
    pub(crate) places: Vec<LogPlace>,
    /// By what readers chose it when it was decided on last.
    pub(crate) shown: Option<Shown>,
    /// After the last event; `None` before the first.
    state: Option<State>,
    /// All events that were taken, sorted.
    ids: Vec<EventId>,
    past: Past,
    /// An event was taken that stands before others: the state is that before it came.
    refold: bool,
    /// Contacts since the last decision, which are reported as they come.
    contacts: Vec<(Timestamp, FactBody)>,
    stated: Stated,
}

/// What a look at a session leads to.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) cue: Option<Cue>,
    pub(crate) report: Report,
}

impl Change {
    /// Whether nobody has to be told.
    pub(crate) fn is_silent(&self) -> bool {
        self.cue.is_none() && self.report.outcome.is_none() && self.report.facts.is_empty()
    }
}

impl Session {
    /// A session that nothing is known of.
    pub(crate) fn new(history: VisitHistory) -> Self {
        Self {
            memory: Memory {
                history,
                of_visitor: history,
                ..Memory::default()
            },
            revision: Revision::default(),
            due: None,
            decided_at: None,
            places: Vec::new(),
            shown: None,
            state: None,
            ids: Vec::new(),
            past: Past::unknown(),
            refold: false,
            contacts: Vec::new(),
            stated: Stated::default(),
        }
    }

    /// Whether nothing was ever committed of it.
    pub(crate) fn is_new(&self) -> bool {
        self.revision.version == 0
    }

    /// Whether `event` stands before others whose order is not in memory.
    pub(crate) fn needs_past_for(&self, event: &Event) -> bool {
        let stands_before = |state: &State| event.position() < state.last_position();
        self.past.is_unknown()
            && self.state.as_ref().is_some_and(stands_before)
            && self.ids.binary_search(&event.id).is_err()
    }

    /// Gives the session all events that the log holds of it, in any order.
    pub(crate) fn remember(&mut self, events: Vec<Event>) {
        self.past = Past::of(events);
    }

    /// Takes one event in, unless there are as many as may be; there is room for some more that are binding.
    ///
    /// An event that stands before others is folded in its place when those are in memory. When the log holds them no
    /// more, because they are too old, it is folded where it came.
    pub(crate) fn take(&mut self, event: &Event, rules: &Rules) -> Taken {
        let room = if event.payload.is_binding() {
            rules.max_events.saturating_add(RESERVED_EVENTS)
        } else {
            rules.max_events
        };
        self.take_within(room, event, rules)
    }

    fn take_within(&mut self, room: usize, event: &Event, rules: &Rules) -> Taken {
        let Err(place) = self.ids.binary_search(&event.id) else {
            return Taken::Duplicate;
        };
        if self.ids.len() >= room {
            return Taken::Full;
        }
        self.ids.insert(place, event.id);
        self.step(event, &rules.signals);
        self.contacts.extend(contact(event));
        if let Some(state) = &self.state {
            self.stated.note(event, state);
        }
        Taken::New
    }

    fn step(&mut self, event: &Event, settings: &SignalSettings) {
        let last = self.state.as_ref().map(State::last_position);
        let in_order = last.is_none_or(|last| last < event.position());
        self.past.insert(event);
        self.refold |= !in_order && !self.past.is_unknown();
        if self.refold {
            return;
        }
        match &mut self.state {
            Some(state) => state.step(event, settings),
            None => self.state = State::fold([event], settings),
        }
    }

    /// Folds the session again when an event came out of order, however many did.
    fn settle_order(&mut self, settings: &SignalSettings) {
        if std::mem::take(&mut self.refold)
            && let Some(events) = self.past.events()
        {
            self.state = State::fold(events, settings);
        }
    }

    /// Takes note of who the visitor turned out to be, or not to be. Answers with the history that counts from now on, if it
    /// is another one.
    pub(crate) fn meet(
        &mut self,
        history_of: impl FnOnce(ShopperId) -> VisitHistory,
        rules: &Rules,
    ) -> Option<VisitHistory> {
        self.settle_order(&rules.signals);
        let shopper = self.state.as_ref()?.shopper;
        if self.memory.known_as == shopper {
            return None;
        }
        let of_shopper = shopper.map(history_of).unwrap_or_default();
        let history = together(self.memory.of_visitor, of_shopper);
        self.memory.known_as = shopper;
        self.memory.history = history;
        Some(history)
    }

    /// Takes over what others were really told of the session, which other settings might tell otherwise.
    pub(crate) fn was_told(&mut self, as_of: &Self) {
        self.memory.told = as_of.memory.told.clone();
        self.memory.reported = as_of.memory.reported.clone();
    }

    /// Lets time pass until `now`, decides what is to be told, and hands it to `tell` with the state of that instant.
    /// `None` for a session without events.
    pub(crate) fn decide<T>(
        &mut self,
        now: Timestamp,
        change: u64,
        rules: &Rules,
        tell: impl FnOnce(&State, &Change, &mut Memory, Revision) -> T,
    ) -> Option<T> {
        let Rules {
            signals, moments, ..
        } = rules;
        self.settle_order(signals);
        let state = self.state.as_ref()?.at(now, signals);
        let memory = &mut self.memory;
        let change_of_session = Change {
            report: memory.reported.next(&state, self.contacts.drain(..)),
            cue: memory.told.next(&state, now, moments),
        };
        self.stated = Stated::default();
        self.revision = self.revision.next(change);
        self.decided_at = Some(now);
        self.shown = Some(Shown::of(&state));
        self.due = [state.next_due(), memory.told.next_due(moments)]
            .into_iter()
            .flatten()
            .min();
        Some(tell(&state, &change_of_session, memory, self.revision))
    }

    /// Takes in again what a record of the log holds, without telling anybody.
    pub(crate) fn replay(
        &mut self,
        events: Vec<Event>,
        (now, change, met): (Timestamp, u64, Option<VisitHistory>),
        rules: &Rules,
    ) {
        for event in events {
            // INVARIANT: what the log holds was acknowledged, whatever the limit is today.
            self.take_within(usize::MAX, &event, rules);
        }
        if let Some(met) = met {
            let _same = self.meet(|_| VisitHistory::default(), rules);
            self.memory.history = met;
        }
        // A session whose events were erased has nothing to decide on.
        let _told = self.decide(now, change, rules, |_, _, _, _| ());
    }

    /// The state that was decided on last, and when; `None` for a session without events.
    pub(crate) fn decided(&self, signals: &SignalSettings) -> Option<(Cow<'_, State>, Timestamp)> {
        let now = self.decided_at?;
        Some((self.state.as_ref()?.at(now, signals), now))
    }

    /// The session as it was decided on last; `None` for one without events.
    pub(crate) fn snapshot(&self, id: SessionId, signals: &SignalSettings) -> Option<Snapshot> {
        let (state, now) = self.decided(signals)?;
        let subject = Subject {
            session: id,
            state: &state,
            history: self.memory.history,
            version: self.revision.version,
            now,
        };
        Some(Snapshot::of(subject, signals))
    }
}

/// What two histories come to.
fn together(one: VisitHistory, other: VisitHistory) -> VisitHistory {
    VisitHistory {
        earlier_sessions: one.earlier_sessions.saturating_add(other.earlier_sessions),
        earlier_carts: one.earlier_carts.saturating_add(other.earlier_carts),
        earlier_orders: one.earlier_orders.saturating_add(other.earlier_orders),
        earlier_abandonments: one
            .earlier_abandonments
            .saturating_add(other.earlier_abandonments),
    }
}

pack_fields! {
    Memory { told, reported, history, of_visitor, known_as, trace }
    LogPlace { partition, sequence }
    Revision { version, created, changed }
}

#[cfg(test)]
mod tests;
