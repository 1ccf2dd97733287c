//! Events as a storefront would send them.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::id::{EventId, SessionId, ShopperId, VisitorId};
use domain::time::Timestamp;
use proto::cart::v1::CartLine;
use proto::convert::time::wire_timestamp;
use proto::money::v1::Money;
use proto::session::v1 as pb;
use proto::session::v1::event::Payload;
use testkit::ids::nth;

static NEXT: AtomicU64 = AtomicU64::new(1);

pub(crate) fn session_id(n: u64) -> String {
    nth::<SessionId>(n).to_string()
}

pub(crate) fn visitor_id(n: u64) -> String {
    nth::<VisitorId>(n).to_string()
}

pub(crate) fn shopper_id(n: u64) -> String {
    nth::<ShopperId>(n).to_string()
}

/// An event of session `n`, of a visitor of the same number.
pub(crate) fn event(n: u64, at: Timestamp, payload: Payload) -> pb::Event {
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    pb::Event {
        event_id: nth::<EventId>(id).to_string(),
        session_id: session_id(n),
        visitor_id: visitor_id(n),
        shopper_id: None,
        occurred_at: Some(wire_timestamp(at)),
        page: "/shop".to_owned(),
        time_zone: "Europe/Madrid".to_owned(),
        language: "es".to_owned(),
        payload: Some(payload),
    }
}

fn usd(minor_units: i64) -> Money {
    Money {
        minor_units,
        currency: "USD".to_owned(),
    }
}

pub(crate) fn viewed(kind: pb::PageKind) -> Payload {
    Payload::PageViewed(pb::PageViewed { kind: kind.into() })
}

pub(crate) fn added(sku: &str, minor_units: i64) -> Payload {
    Payload::CartItemAdded(pb::CartItemAdded {
        line: Some(CartLine {
            sku: sku.to_owned(),
            quantity: 1,
            unit_price: Some(usd(minor_units)),
            unit_margin: Some(usd(minor_units / 4)),
            configurable: false,
            category: None,
        }),
    })
}

pub(crate) fn step(step: pb::CheckoutStep) -> Payload {
    Payload::CheckoutStepEntered(pb::CheckoutStepEntered { step: step.into() })
}

pub(crate) fn declined() -> Payload {
    Payload::PaymentDeclined(pb::PaymentDeclined {
        method: "card".to_owned(),
        reason: "insufficient_funds".to_owned(),
    })
}

pub(crate) fn ordered(order: &str, minor_units: i64) -> Payload {
    Payload::OrderPlaced(pb::OrderPlaced {
        order_id: order.to_owned(),
        value: Some(usd(minor_units)),
        margin: Some(usd(minor_units / 4)),
    })
}
