//! A recorded event as an event on the wire.

use domain::money::Money;
use domain::time::Timestamp;
use proto::session::v1 as pb;
use proto::session::v1::event::Payload;

use super::source::name_uuid;
use super::{Action, Recorded};

/// The event, happening `now`. Its id comes from session and row, so the same recording gives the same ids.
pub(super) fn event(recorded: &Recorded, now: Timestamp) -> pb::Event {
    let Recorded {
        row,
        offset: _,
        session,
        visitor,
        action,
    } = recorded;
    let id = name_uuid(&format!("{session}/{row}"));
    pb::Event {
        event_id: format!("evt_{id}"),
        session_id: session.to_string(),
        visitor_id: visitor.to_string(),
        shopper_id: None,
        occurred_at: Some(proto::convert::time::wire_timestamp(now)),
        page: page(action),
        time_zone: String::new(),
        language: String::new(),
        payload: Some(payload(action, *row)),
    }
}

fn page(action: &Action) -> String {
    match action {
        Action::View { sku, .. } | Action::Cart { sku, .. } => format!("/product/{sku}"),
        Action::Purchase { .. } => "/checkout/done".to_owned(),
    }
}

fn payload(action: &Action, row: u64) -> Payload {
    let wire = |money: Money| proto::money::v1::Money::from(money);
    match action {
        Action::View { sku, price } => Payload::ProductViewed(pb::ProductViewed {
            sku: sku.clone(),
            price: price.map(wire),
            configurable: false,
            dwell: None,
        }),
        Action::Cart { sku, price } => Payload::CartItemAdded(pb::CartItemAdded {
            line: Some(proto::cart::v1::CartLine {
                sku: sku.clone(),
                quantity: 1,
                unit_price: Some(wire(*price)),
                unit_margin: None,
                configurable: false,
                category: None,
            }),
        }),
        Action::Purchase { price } => Payload::OrderPlaced(pb::OrderPlaced {
            order_id: format!("recorded-{row}"),
            value: Some(wire(*price)),
            margin: None,
        }),
    }
}
