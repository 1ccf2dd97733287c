//! Messages as clients send them, valid as they come: for tests that speak with whole services, where the domain values of
//! [`builders`](crate::builders) never get.
//!
//! A field that a test is about is set by struct update: `Cart { version: 2, ..a_cart() }`. Times are those of the machine,
//! and ids are new each time, since whole services run by the machine's clock and keep what earlier tests sent.

use std::time::Duration;

use domain::id::{SessionId, ShopperId, VisitorId};
use domain::time::{Timestamp, earlier, later};
use platform::clock::{Clock, SystemClock};
use platform::ids::{IdSource, SystemIds};
use proto::cart::v1::{Cart, CartLine};
use proto::channel::v1::Channel;
use proto::consent::v1::{Consent, ConsentState, Purpose};
use proto::convert::time::wire_timestamp;
use proto::money::v1::Money;
use proto::offers::v1::Programme;
use proto::remedy::v1::RemedyKind;
use proto::session::v1::event::Payload;
use proto::session::v1::{
    CartItemAdded, CheckoutStep, CheckoutStepEntered, ConsentChanged, CostKind, CostRevealed,
    Event, OrderPlaced, PageKind, PageViewed,
};

/// A known shopper in a session of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shopper {
    pub session: SessionId,
    visitor: VisitorId,
    known_as: ShopperId,
}

impl Default for Shopper {
    fn default() -> Self {
        Self::new()
    }
}

impl Shopper {
    /// Somebody whom no service has seen before.
    pub fn new() -> Self {
        Self {
            session: SessionId::from_uuid(SystemIds.next_uuid()),
            visitor: VisitorId::from_uuid(SystemIds.next_uuid()),
            known_as: ShopperId::from_uuid(SystemIds.next_uuid()),
        }
    }

    /// The person, as ids on the wire have it.
    pub fn person(&self) -> String {
        self.known_as.to_string()
    }

    /// Something that happened to this shopper so long ago.
    pub fn event(&self, ago: Duration, page: &str, payload: Payload) -> Event {
        Event {
            event_id: format!("evt_{}", SystemIds.next_uuid()),
            session_id: self.session.to_string(),
            visitor_id: self.visitor.to_string(),
            shopper_id: Some(self.person()),
            occurred_at: Some(wire_timestamp(earlier(now(), ago))),
            page: page.to_owned(),
            time_zone: "Europe/Madrid".to_owned(),
            language: "es".to_owned(),
            payload: Some(payload),
        }
    }

    /// Agrees to be helped in a chat, fills a cart, enters the checkout, and steps back when shipping is shown: a moment at
    /// which help is worth offering.
    pub fn meets_the_shipping_cost(&self) -> Vec<Event> {
        let ago = Duration::from_secs;
        let at = |seconds, page: &str, payload| self.event(ago(seconds), page, payload);
        vec![
            at(300, "/", agrees_to(Channel::Chat, earlier(now(), ago(300)))),
            at(240, "/product/bike-7", adds(a_cart_line())),
            at(90, "/checkout/address", enters(CheckoutStep::Address)),
            at(60, "/checkout/delivery", enters(CheckoutStep::Delivery)),
            at(30, "/checkout/delivery", sees(CostKind::Shipping, 1_900)),
            at(0, "/cart", views(PageKind::Cart)),
        ]
    }
}

/// The time of the machine, by which whole services run.
pub fn now() -> Timestamp {
    SystemClock.now()
}

/// So many US cents.
pub fn usd(minor_units: i64) -> Money {
    Money {
        minor_units,
        currency: "USD".to_owned(),
    }
}

/// A bicycle of USD 249.00, of which USD 80.00 are margin.
pub fn a_cart_line() -> CartLine {
    CartLine {
        sku: "bike-7".to_owned(),
        quantity: 1,
        unit_price: Some(usd(24_900)),
        unit_margin: Some(usd(8_000)),
        configurable: false,
        category: Some("Bicycles > Touring".to_owned()),
    }
}

/// A cart in its first version, with a bicycle and USD 19.00 for shipping.
pub fn a_cart() -> Cart {
    Cart {
        version: 1,
        lines: vec![a_cart_line()],
        currency: "USD".to_owned(),
        shipping: Some(usd(1_900)),
        tax: None,
    }
}

/// A programme that pays for less shipping, from a minute ago for an hour.
pub fn a_programme(name: &str, budget: i64) -> Programme {
    Programme {
        programme_id: name.to_owned(),
        remedies: vec![
            RemedyKind::CutShipping.into(),
            RemedyKind::WaiveShipping.into(),
        ],
        budget: Some(usd(budget)),
        starts_at: Some(wire_timestamp(earlier(now(), Duration::from_mins(1)))),
        ends_at: Some(wire_timestamp(later(now(), Duration::from_hours(1)))),
        margin_floor_bps: 500,
        offers_per_person: 2,
        ..Programme::default()
    }
}

/// Opens a page.
pub fn views(kind: PageKind) -> Payload {
    Payload::PageViewed(PageViewed { kind: kind.into() })
}

/// Puts a line in the cart.
pub fn adds(line: CartLine) -> Payload {
    Payload::CartItemAdded(CartItemAdded { line: Some(line) })
}

/// Enters a step of the checkout.
pub fn enters(step: CheckoutStep) -> Payload {
    Payload::CheckoutStepEntered(CheckoutStepEntered { step: step.into() })
}

/// Sees a cost for the first time, in US cents.
pub fn sees(kind: CostKind, minor_units: i64) -> Payload {
    Payload::CostRevealed(CostRevealed {
        kind: kind.into(),
        amount: Some(usd(minor_units)),
    })
}

/// Agrees to be helped on a channel.
pub fn agrees_to(channel: Channel, at: Timestamp) -> Payload {
    Payload::ConsentChanged(ConsentChanged {
        consent: Some(Consent {
            channel: channel.into(),
            purpose: Purpose::ProactiveHelp.into(),
            state: ConsentState::Confirmed.into(),
            text_version: "2026-01".to_owned(),
            source: "cookie-banner".to_owned(),
            zone: Some("Europe/Madrid".to_owned()),
            recorded_at: Some(wire_timestamp(at)),
        }),
    })
}

/// Pays so much, of which so much is margin, in US cents.
pub fn orders(order_id: &str, value: i64, margin: i64) -> Payload {
    Payload::OrderPlaced(OrderPlaced {
        order_id: order_id.to_owned(),
        value: Some(usd(value)),
        margin: Some(usd(margin)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_what_the_domain_takes() {
        let cart = domain::cart::Cart::try_from(a_cart()).unwrap();
        assert_eq!(cart.value().minor_units(), 24_900);

        let events = Shopper::new().meets_the_shipping_cost();
        assert!(events.iter().all(|event| event.payload.is_some()));
        let times: Vec<_> = events.iter().map(|event| event.occurred_at).collect();
        assert!(times.is_sorted_by_key(|at| at.map(|at| (at.seconds, at.nanos))));
    }

    #[test]
    fn no_two_shoppers_are_the_same() {
        let (one, other) = (Shopper::new(), Shopper::new());

        assert_ne!(one.session, other.session);
        assert_ne!(one.person(), other.person());
    }
}
