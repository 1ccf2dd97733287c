//! One group: the batches and timers that become durable together.

use std::collections::BTreeMap;

use domain::id::ShopperId;

use super::tenants::{Key, Tenants};
use super::touch::Touch;
use super::{Answer, Handed, Incoming, Receipt, Refusal};
use crate::event::{Event, Payload, PersonEvent, Position};
use crate::store::Entries;

/// What one transaction of the writer will take.
#[derive(Debug, Default)]
pub(super) struct Group {
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
    batch: usize,
    place: usize,
}

/// What a group does to one session.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) touch: Touch,
    pub(super) entries: Entries,
}

/// By session, in a fixed order.
pub(super) type Works = BTreeMap<Key, Work>;

impl Work {
    pub(super) fn new(touch: Touch) -> Self {
        Self {
            touch,
            entries: Entries::default(),
        }
    }
}

impl Group {
    pub(super) fn add(&mut self, handed: Handed) {
        self.events += handed.batch.events.len();
        self.handed.push(handed);
    }

    /// Whether it is more than one batch, so that a part of it may be taken alone.
    pub(super) fn is_mixed(&self) -> bool {
        self.handed.len() > 1 || (!self.handed.is_empty() && !self.due.is_empty())
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

    /// An event with the number of its batch, its position there and its bytes.
    pub(super) fn incoming(&self, arrival: Arrival) -> Option<(usize, &Incoming, &[u8])> {
        let batch = &self.handed.get(arrival.batch)?.batch;
        let incoming = batch.events.get(arrival.place)?;
        let bytes = batch.bytes.get(incoming.wire.clone())?;
        Some((arrival.batch, incoming, bytes))
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

/// The shoppers as whom an event may make its visitor known.
pub(super) fn named(event: &Event) -> impl Iterator<Item = ShopperId> {
    let linked = match &event.payload {
        Payload::Person(PersonEvent::IdentityLinked(shopper)) => Some(*shopper),
        Payload::Browse(_)
        | Payload::Cart(_)
        | Payload::Checkout(_)
        | Payload::Order(_)
        | Payload::Person(_)
        | Payload::Custom { .. } => None,
    };
    event.shopper.into_iter().chain(linked)
}
