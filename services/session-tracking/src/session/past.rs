//! The events of a session in their order, for as long as they are needed.

use crate::event::Event;

/// All events of a session, or none of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Past(Option<Vec<Event>>);

impl Past {
    /// Left in the log.
    pub(crate) fn unknown() -> Self {
        Self(None)
    }

    /// These events, in any order.
    pub(crate) fn of(mut events: Vec<Event>) -> Self {
        events.sort_by_key(Event::position);
        events.dedup_by_key(|event| event.id);
        Self(Some(events))
    }

    pub(crate) fn is_unknown(&self) -> bool {
        self.0.is_none()
    }

    /// Adds an event in its place, if the others are known.
    pub(crate) fn insert(&mut self, event: &Event) {
        if let Some(events) = &mut self.0 {
            let position = event.position();
            let place = events.partition_point(|known| known.position() < position);
            events.insert(place, event.clone());
        }
    }

    /// The events in their order, if they are known.
    pub(crate) fn events(&self) -> Option<&[Event]> {
        self.0.as_deref()
    }
}
