//! A session that goes on, and its events as a shop would tell them.

use std::sync::Arc;
use std::time::Duration;

use domain::id::{EventId, SessionId, VisitorId};
use domain::time::{Timestamp, from_millis, to_millis};
use proto::cart::v1::CartLine;
use proto::convert::time::wire_timestamp;
use proto::money::v1::Money;
use proto::session::v1 as pb;
use proto::session::v1::event::Payload;
use rand::Rng;
use rand::rngs::StdRng;

use super::{Act, Step};

/// A session that goes on.
#[derive(Debug)]
pub(crate) struct Live {
    session: String,
    visitor: String,
    acts: Arc<[Act]>,
    next: usize,
    /// When its last event occurred, in milliseconds: events of one session never share an instant.
    last: i64,
}

impl Live {
    pub(crate) fn begin(acts: Arc<[Act]>, random: &mut StdRng) -> Self {
        Self {
            session: SessionId::from_uuid(random_uuid(random)).to_string(),
            visitor: VisitorId::from_uuid(random_uuid(random)).to_string(),
            acts,
            next: 0,
            last: 0,
        }
    }

    pub(crate) fn session(&self) -> &str {
        &self.session
    }

    /// Whether none of its events has been told.
    pub(crate) fn is_new(&self) -> bool {
        self.next == 0
    }

    /// When the next event comes, since the first one; `None` when there are no more.
    pub(crate) fn next_after(&self) -> Option<Duration> {
        self.acts.get(self.next).map(|act| act.after)
    }

    /// The next event, as one that occurs now.
    pub(crate) fn tell(&mut self, now: Timestamp, random: &mut StdRng) -> Option<pb::Event> {
        let acts = Arc::clone(&self.acts);
        let act = acts.get(self.next)?;
        self.next += 1;
        self.last = to_millis(now).max(self.last + 1);
        let at = from_millis(self.last).unwrap_or(Timestamp::MAX);
        let id = EventId::from_uuid(random_uuid(random));
        Some(self.event(id, at, &act.step))
    }

    fn event(&self, id: EventId, at: Timestamp, step: &Step) -> pb::Event {
        let page = match step {
            Step::View { sku, .. } | Step::Cart { sku, .. } => {
                format!("/es/tienda/catalogo/temporada/producto/{sku}")
            }
            Step::Purchase { .. } => "/es/tienda/checkout/gracias-por-tu-compra".to_owned(),
            Step::Told(_) => "/es/tienda/catalogo/temporada/novedades-de-otono".to_owned(),
        };
        pb::Event {
            event_id: id.to_string(),
            session_id: self.session.clone(),
            visitor_id: self.visitor.clone(),
            shopper_id: None,
            occurred_at: Some(wire_timestamp(at)),
            page,
            time_zone: "Europe/Madrid".to_owned(),
            language: "es".to_owned(),
            payload: Some(payload(step, short(&id.to_string()))),
        }
    }
}

/// As a browser makes one.
fn random_uuid(random: &mut StdRng) -> uuid::Uuid {
    uuid::Builder::from_random_bytes(random.random()).into_uuid()
}

/// The first part of an id. The digits of a whole one may by chance make a card number, which would be refused.
fn short(id: &str) -> &str {
    id.split('-').next().unwrap_or_default()
}

/// What happened in a step, on the wire. An order is named after `id`.
pub(crate) fn payload(step: &Step, id: &str) -> Payload {
    match step {
        Step::View { sku, price } => Payload::ProductViewed(pb::ProductViewed {
            sku: sku.clone(),
            price: Some(usd(*price)),
            configurable: false,
            dwell: None,
        }),
        Step::Cart { sku, price } => Payload::CartItemAdded(pb::CartItemAdded {
            line: Some(CartLine {
                sku: sku.clone(),
                quantity: 1,
                unit_price: Some(usd(*price)),
                unit_margin: Some(usd(price / 4)),
                configurable: false,
                category: None,
            }),
        }),
        Step::Purchase { price } => Payload::OrderPlaced(pb::OrderPlaced {
            order_id: format!("order-{id}"),
            value: Some(usd(*price)),
            margin: None,
        }),
        Step::Told(payload) => Payload::clone(payload),
    }
}

pub(super) fn usd(minor_units: i64) -> Money {
    Money {
        minor_units,
        currency: "USD".to_owned(),
    }
}
