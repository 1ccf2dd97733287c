//! What sessions must have come to, by what was sent of them, and what is wrong with one that has come to something else.
//! Pure, but for the reading.

mod reading;

use std::collections::HashMap;
use std::fmt;

use domain::time::Timestamp;
use proto::convert::time::timestamp;
use proto::session::v1 as pb;
use proto::session::v1::event::Payload;
pub(crate) use reading::ReadBack;

/// What was sent, by session.
#[derive(Debug, Default)]
pub(crate) struct Model {
    sessions: HashMap<String, Expected>,
}

/// What one session must have come to.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    visitor: String,
    events: u32,
    /// First and last event.
    between: Option<(Timestamp, Timestamp)>,
    /// In order of first addition. An order leaves the cart as it was paid.
    cart: Vec<Line>,
    orders: Vec<Order>,
}

/// An article in the cart.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    sku: String,
    quantity: u32,
    /// In minor units.
    unit_price: i64,
}

/// An order that was placed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) at: Option<Timestamp>,
}

/// What is wrong with a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// So many of its events are not there.
    Lost(u32),
    /// It holds so many more events than there were.
    Doubled(u32),
    Cart,
    Orders,
    /// Its first or its last event.
    Times,
    Visitor,
}

impl Model {
    /// Takes in an event that will be sent. Those of a session come in the order of their times.
    pub(crate) fn note(&mut self, event: &pb::Event) {
        let session = self.sessions.entry(event.session_id.clone()).or_default();
        session.note(event);
    }

    /// Each session with what it must have come to.
    pub(crate) fn sessions(&self) -> impl Iterator<Item = (&String, &Expected)> {
        self.sessions.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.sessions.len()
    }
}

impl Expected {
    /// Whether something was put in its cart.
    pub(crate) fn has_cart(&self) -> bool {
        !self.cart.is_empty()
    }

    pub(crate) fn orders(&self) -> &[Order] {
        &self.orders
    }

    fn note(&mut self, event: &pb::Event) {
        self.visitor.clone_from(&event.visitor_id);
        self.events += 1;
        let sent = event.occurred_at.as_ref();
        let at = sent.and_then(|at| timestamp(at).ok());
        if let Some(at) = at {
            let (first, last) = self.between.unwrap_or((at, at));
            self.between = Some((first.min(at), last.max(at)));
        }
        if let Some(Payload::OrderPlaced(placed)) = &event.payload {
            self.orders.push(Order {
                id: placed.order_id.clone(),
                at,
            });
        } else if let Some(Payload::CartItemAdded(added)) = &event.payload
            && self.orders.is_empty()
            && let Some(line) = &added.line
        {
            self.put(line);
        }
    }

    fn put(&mut self, added: &proto::cart::v1::CartLine) {
        let known = self.cart.iter_mut().find(|line| line.sku == added.sku);
        match known {
            Some(line) => line.quantity += added.quantity,
            None => self.cart.push(Line::of(added)),
        }
    }

    /// What is wrong with what was read; all of it, where nothing was found.
    pub(crate) fn faults(&self, found: Option<&pb::Session>) -> Vec<Fault> {
        let Some(found) = found else {
            return vec![Fault::Lost(self.events)];
        };
        let mut faults = Vec::new();
        let stored = found.event_count;
        if stored < self.events {
            faults.push(Fault::Lost(self.events - stored));
        }
        if stored > self.events {
            faults.push(Fault::Doubled(stored - self.events));
        }
        let lines = found.cart.iter().flat_map(|cart| &cart.lines);
        if lines.map(Line::of).collect::<Vec<_>>() != self.cart {
            faults.push(Fault::Cart);
        }
        let mut orders: Vec<_> = found.orders.iter().map(|order| &order.order_id).collect();
        let mut expected: Vec<_> = self.orders.iter().map(|order| &order.id).collect();
        orders.sort();
        expected.sort();
        if orders != expected {
            faults.push(Fault::Orders);
        }
        let read = |at: &Option<_>| at.as_ref().and_then(|at| timestamp(at).ok());
        if read(&found.started_at).zip(read(&found.last_event_at)) != self.between {
            faults.push(Fault::Times);
        }
        if found.visitor_id != self.visitor {
            faults.push(Fault::Visitor);
        }
        faults
    }
}

impl Line {
    fn of(line: &proto::cart::v1::CartLine) -> Self {
        Self {
            sku: line.sku.clone(),
            quantity: line.quantity,
            unit_price: line
                .unit_price
                .as_ref()
                .map_or(0, |price| price.minor_units),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(events) => write!(f, "{events} events are lost"),
            Self::Doubled(events) => write!(f, "{events} events are there twice"),
            Self::Cart => f.write_str("the cart is another"),
            Self::Orders => f.write_str("the orders are others"),
            Self::Times => f.write_str("the first or the last event is another"),
            Self::Visitor => f.write_str("the visitor is another"),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use domain::time::from_millis;
    use proto::cart::v1::{Cart, CartLine};
    use proto::convert::time::wire_timestamp;
    use proto::money::v1::Money;

    use super::*;
    use crate::events::{Step, payload};

    const SESSION: &str = "ses_1";

    /// A model of one session: a look, two of an article in the cart and, maybe, an order.
    pub(crate) fn model(ordered: Option<&str>) -> Model {
        let mut model = Model::default();
        let (sku, price) = ("shoe".to_owned(), 2_500);
        let put = Step::Cart {
            sku: sku.clone(),
            price,
        };
        let look = Step::View { sku, price };
        let order = ordered.map(|_| Step::Purchase { price });
        for (second, step) in (0..).zip([look, put.clone(), put].into_iter().chain(order)) {
            model.note(&pb::Event {
                session_id: SESSION.to_owned(),
                visitor_id: "vis_1".to_owned(),
                occurred_at: Some(wire_timestamp(at(second))),
                payload: Some(payload(&step, ordered.unwrap_or_default())),
                ..pb::Event::default()
            });
        }
        model
    }

    fn at(second: i64) -> Timestamp {
        from_millis(second * 1_000).unwrap()
    }

    fn read_back(events: u32, quantity: u32) -> pb::Session {
        let line = CartLine {
            sku: "shoe".to_owned(),
            quantity,
            unit_price: Some(Money {
                minor_units: 2_500,
                currency: "USD".to_owned(),
            }),
            ..CartLine::default()
        };
        pb::Session {
            session_id: SESSION.to_owned(),
            visitor_id: "vis_1".to_owned(),
            event_count: events,
            cart: Some(Cart {
                lines: vec![line],
                ..Cart::default()
            }),
            started_at: Some(wire_timestamp(at(0))),
            last_event_at: Some(wire_timestamp(at(2))),
            ..pb::Session::default()
        }
    }

    fn faults(found: Option<&pb::Session>) -> Vec<Fault> {
        let model = model(None);
        let (_, expected) = model.sessions().next().unwrap();
        expected.faults(found)
    }

    #[test]
    fn a_session_that_holds_what_was_sent_has_no_fault() {
        assert_eq!(faults(Some(&read_back(3, 2))), []);
    }

    #[test]
    fn a_lost_event_is_found() {
        assert_eq!(faults(Some(&read_back(2, 2))), [Fault::Lost(1)]);
        assert_eq!(
            faults(Some(&read_back(2, 1))),
            [Fault::Lost(1), Fault::Cart]
        );
        assert_eq!(faults(None), [Fault::Lost(3)]);
    }

    #[test]
    fn a_doubled_event_is_found() {
        let twice = [Fault::Doubled(1), Fault::Cart];
        assert_eq!(faults(Some(&read_back(4, 3))), twice);
        // Not counted twice, and yet done twice.
        assert_eq!(faults(Some(&read_back(3, 3))), [Fault::Cart]);
    }

    #[test]
    fn anything_else_that_was_not_sent_is_found() {
        let mut session = read_back(3, 2);
        session.orders = vec![pb::SessionOrder::default()];
        session.last_event_at = Some(wire_timestamp(at(1)));
        session.visitor_id = "vis_2".to_owned();

        let found = faults(Some(&session));

        assert_eq!(found, [Fault::Orders, Fault::Times, Fault::Visitor]);
    }

    #[test]
    fn what_is_put_in_the_cart_after_an_order_belongs_to_another_purchase() {
        let mut model = model(Some("1"));
        let put = Step::Cart {
            sku: "sock".to_owned(),
            price: 1,
        };
        model.note(&pb::Event {
            session_id: SESSION.to_owned(),
            payload: Some(payload(&put, "")),
            ..pb::Event::default()
        });

        let (_, expected) = model.sessions().next().unwrap();

        assert_eq!(expected.orders().len(), 1);
        assert_eq!(expected.cart.len(), 1);
        assert_eq!(expected.events, 5);
    }
}
