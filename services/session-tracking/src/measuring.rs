//! What benchmarks reach of this crate: the fold of a session, without a wire and a store. Nothing else uses it.

use domain::time::Timestamp;
use proto::field::InvalidField;
use proto::session::v1 as pb;

use crate::config::SignalSettings;
use crate::event::{Event, wire};
use crate::fold::State;

/// The events of one session, in their order.
#[derive(Debug)]
pub struct Timeline(Vec<Event>);

impl Timeline {
    /// Reads events as a shop tells them; each came when it happened.
    ///
    /// # Errors
    /// One of them is invalid.
    pub fn read(events: Vec<(Timestamp, pb::Event)>) -> Result<Self, InvalidField> {
        let events = events.into_iter().map(|(at, event)| wire::parse(event, at));
        let mut events = events.collect::<Result<Vec<_>, _>>()?;
        events.sort_by_key(Event::position);
        Ok(Self(events))
    }

    /// How many events there are.
    pub fn events(&self) -> usize {
        self.0.len()
    }

    /// Folds them one after another, as they are taken in, and says how many the session has then.
    pub fn fold(&self, settings: &SignalSettings) -> u32 {
        State::fold(&self.0, settings).map_or(0, |state| state.event_count)
    }
}
