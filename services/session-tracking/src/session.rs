//! A session that events come to: its events, the state that they fold to, and what has been told of it.

use std::collections::HashSet;
use std::sync::Arc;

use domain::id::EventId;
use domain::moment::VisitHistory;
use domain::time::Timestamp;
use platform::telemetry::TraceContext;
use serde::{Deserialize, Serialize};

use crate::config::{MomentSettings, SignalSettings};
use crate::event::Event;
use crate::fold::State;
use crate::moment::{Cue, Told};
use crate::report::{Report, Reported};
use crate::snapshot::{SessionKey, Snapshot};

/// Places that are kept for binding events in a session that is otherwise full.
const RESERVED_EVENTS: usize = 500;

/// What is kept of a session beside its events, because it does not follow from them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Memory {
    pub(crate) told: Told,
    pub(crate) reported: Reported,
    /// What the visitor had done when the session began.
    pub(crate) history: VisitHistory,
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
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) key: SessionKey,
    pub(crate) memory: Memory,
    pub(crate) places: Vec<LogPlace>,
    /// Counts the changes; 0 before the first was committed.
    pub(crate) version: u64,
    /// Change number of the first commit, once there was one.
    pub(crate) created: Option<u64>,
    /// The state when it was committed last, for whoever watches.
    pub(crate) shown: Option<Arc<Snapshot>>,
    /// In the order of their positions.
    events: Vec<Arc<Event>>,
    ids: HashSet<EventId>,
    /// Taken since the last commit.
    fresh: Vec<Arc<Event>>,
    /// After the last event. `None` when an event came that stands before others.
    folded: Option<State>,
}

/// What a change of a session leads to.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) state: State,
    pub(crate) cue: Option<Cue>,
    pub(crate) report: Report,
    /// When the session is to be looked at again.
    pub(crate) due: Option<Timestamp>,
}

impl Change {
    /// Whether nobody has to be told.
    pub(crate) fn is_silent(&self) -> bool {
        self.cue.is_none() && self.report.outcome.is_none() && self.report.facts.is_empty()
    }
}

impl Session {
    /// A session that nothing is known of.
    pub(crate) fn new(key: SessionKey, history: VisitHistory) -> Self {
        let memory = Memory {
            history,
            ..Memory::default()
        };
        Self::restored(key, memory, Vec::new())
    }

    /// A session read back, with the events that the log holds of it, in any order.
    pub(crate) fn restored(key: SessionKey, memory: Memory, events: Vec<Event>) -> Self {
        let mut session = Self {
            key,
            memory,
            places: Vec::new(),
            version: 0,
            created: None,
            shown: None,
            events: Vec::new(),
            ids: HashSet::new(),
            fresh: Vec::new(),
            folded: None,
        };
        for event in events {
            if session.ids.insert(event.id) {
                session.events.push(Arc::new(event));
            }
        }
        session.events.sort_by_key(|event| event.position());
        session
    }

    /// Takes one event in, unless there are `max_events` already; there is room for some more that are binding.
    pub(crate) fn take(
        &mut self,
        event: Event,
        max_events: usize,
        settings: &SignalSettings,
    ) -> Taken {
        if self.ids.contains(&event.id) {
            return Taken::Duplicate;
        }
        let room = if event.payload.is_binding() {
            max_events.saturating_add(RESERVED_EVENTS)
        } else {
            max_events
        };
        if self.events.len() >= room {
            return Taken::Full;
        }
        self.ids.insert(event.id);
        let event = Arc::new(event);
        self.fresh.push(Arc::clone(&event));
        let position = event.position();
        let index = self
            .events
            .partition_point(|known| known.position() < position);
        if index == self.events.len() {
            if let Some(state) = &mut self.folded {
                state.step(&event, settings);
            }
        } else {
            self.folded = None;
        }
        self.events.insert(index, event);
        Taken::New
    }

    /// Lets time pass until `now` and decides what is to be told. `None` for a session without events.
    pub(crate) fn decide(
        &mut self,
        now: Timestamp,
        signals: &SignalSettings,
        moments: &MomentSettings,
    ) -> Option<Change> {
        let mut state = self.folded(signals)?.clone();
        state.pass(now, signals);
        let fresh = self.fresh.iter().map(AsRef::as_ref);
        let report = self.memory.reported.next(&state, fresh);
        let cue = self.memory.told.next(&state, now, moments);
        let due = [state.next_due(signals), self.memory.told.next_due(moments)]
            .into_iter()
            .flatten()
            .min();
        Some(Change {
            state,
            cue,
            report,
            due,
        })
    }

    /// Hands out what was taken since the last commit.
    pub(crate) fn take_fresh(&mut self) -> Vec<Arc<Event>> {
        std::mem::take(&mut self.fresh)
    }

    fn folded(&mut self, settings: &SignalSettings) -> Option<&State> {
        if self.folded.is_none() {
            let events = self.events.iter().map(AsRef::as_ref);
            self.folded = State::fold(events, settings);
        }
        self.folded.as_ref()
    }
}
