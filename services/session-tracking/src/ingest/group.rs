//! One group: the batches and timers that become durable together.

use domain::id::VisitorId;
use domain::time::Timestamp;

use super::tenants::{Key, Tenants};
use super::touch::Touch;
use super::{Answer, Handed, Incoming, Receipt, Refusal};
use crate::event::{Event, Position};
use crate::store::Entries;

/// What one transaction of the writer will take.
#[derive(Debug)]
pub(super) struct Group {
    /// The one instant at which all of it is decided on.
    pub(super) now: Timestamp,
    pub(super) handed: Vec<Handed>,
    pub(super) events: usize,
    /// Sessions whose time may have come.
    pub(super) due: Vec<Key>,
}

/// An event of a group, by where it stands in its batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Arrival {
    pub(super) key: Key,
    position: Position,
    pub(super) batch: usize,
    place: usize,
}

/// What a group does to one session.
#[derive(Debug)]
pub(super) struct Work<'g> {
    pub(super) key: Key,
    /// Whose the session was before, when events change it.
    pub(super) visitor: Option<VisitorId>,
    pub(super) touch: &'g Touch,
    pub(super) entries: Entries,
}

impl Group {
    pub(super) fn at(now: Timestamp) -> Self {
        Self {
            now,
            handed: Vec::new(),
            events: 0,
            due: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, handed: Handed) {
        self.events += handed.batch.events.len();
        self.handed.push(handed);
    }

    /// Whether it is more than one batch or timer, so that a part of it may be taken alone.
    pub(super) fn is_mixed(&self) -> bool {
        self.handed.len() + self.due.len() > 1
    }

    /// Its batches and timers, each by itself.
    pub(super) fn into_parts(self, now: Timestamp) -> Vec<Self> {
        let batches = self.handed.into_iter().map(|handed| {
            let mut part = Self::at(now);
            part.add(handed);
            part
        });
        let timers = self.due.into_iter().map(|key| Self {
            due: vec![key],
            ..Self::at(now)
        });
        batches.chain(timers).collect()
    }

    /// All events by session, those of a session in the order in which they happened: what came together needs no
    /// folding again, in whatever order it came.
    pub(super) fn arrivals(&self, tenants: &mut Tenants) -> Vec<Arrival> {
        let mut arrivals = Vec::with_capacity(self.events);
        for (number, Handed { batch, .. }) in self.handed.iter().enumerate() {
            let tenant = tenants.number(&batch.tenant);
            arrivals.extend(batch.events.iter().enumerate().map(
                |(place, Incoming { event, .. })| Arrival {
                    key: Key {
                        tenant,
                        session: event.session,
                    },
                    position: event.position(),
                    batch: number,
                    place,
                },
            ));
        }
        arrivals.sort_unstable();
        arrivals
    }

    pub(super) fn event(&self, arrival: Arrival) -> Option<&Event> {
        let handed = self.handed.get(arrival.batch)?;
        let incoming = handed.batch.events.get(arrival.place)?;
        Some(&incoming.event)
    }

    /// An event with its position in its batch, and its bytes.
    pub(super) fn incoming(&self, arrival: Arrival) -> Option<(&Incoming, &[u8])> {
        let batch = &self.handed.get(arrival.batch)?.batch;
        let incoming = batch.events.get(arrival.place)?;
        let bytes = batch.bytes.get(incoming.wire.clone())?;
        Some((incoming, bytes))
    }

    /// The answers that its callers wait for.
    pub(super) fn answers(self) -> impl Iterator<Item = Answer<Receipt>> {
        self.handed.into_iter().map(|handed| handed.answer)
    }
}

impl Receipt {
    pub(super) fn refuse(&mut self, incoming: &Incoming, refusal: Refusal) {
        self.refused.push((incoming.index, refusal));
    }
}
