//! Orders, each counted once however many systems report it, and the purchases of a person that they make.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use domain::id::OrderId;
use domain::money::Money;
use domain::time::{Timestamp, later};

use super::people::{People, Subject, Who};
use super::stamp::{First, Stamp};

/// All orders and cancellations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Orders(BTreeMap<OrderId, Order>);

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Order {
    placed: First<Purchase>,
    cancelled: First<()>,
}

/// One order that was placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Purchase {
    at: Timestamp,
    subject: Subject,
    value: Money,
    cancelled_at: Option<Timestamp>,
}

/// Purchases by person.
#[derive(Debug)]
pub(crate) struct Purchases(HashMap<Who, Vec<Purchase>>);

impl Purchase {
    pub(super) fn new(at: Timestamp, subject: Subject, value: Money) -> Self {
        Self {
            at,
            subject,
            value,
            cancelled_at: None,
        }
    }

    pub(crate) fn value(&self) -> Money {
        self.value
    }
}

impl Orders {
    pub(super) fn place(&mut self, order: &OrderId, stamp: Stamp, purchase: Purchase) {
        self.0
            .entry(order.clone())
            .or_default()
            .placed
            .see(stamp, purchase);
    }

    pub(super) fn cancel(&mut self, order: &OrderId, stamp: Stamp) {
        self.0
            .entry(order.clone())
            .or_default()
            .cancelled
            .see(stamp, ());
    }

    /// The purchases of each person.
    pub(crate) fn by_person(&self, people: &People) -> Purchases {
        let mut purchases: HashMap<Who, Vec<Purchase>> = HashMap::new();
        for order in self.0.values() {
            let (Some(placed), Some(stamp)) = (order.placed.get(), order.placed.stamp()) else {
                continue;
            };
            let who = people.resolve(placed.subject, stamp);
            purchases.entry(who).or_default().push(Purchase {
                cancelled_at: order.cancelled.at(),
                ..*placed
            });
        }
        Purchases(purchases)
    }
}

impl Purchases {
    /// Orders placed from `since` until `horizon` later that were not cancelled by then. A cancellation after the
    /// horizon changes nothing: a figure whose time is over stays as it is.
    pub(crate) fn within(
        &self,
        who: Who,
        since: Timestamp,
        horizon: Duration,
    ) -> impl Iterator<Item = &Purchase> {
        let end = later(since, horizon);
        self.0
            .get(&who)
            .into_iter()
            .flatten()
            .filter(move |purchase| {
                let stands = purchase
                    .cancelled_at
                    .is_none_or(|cancelled| cancelled >= end);
                stands && since <= purchase.at && purchase.at < end
            })
    }

    pub(crate) fn any_within(&self, who: Who, since: Timestamp, horizon: Duration) -> bool {
        self.within(who, since, horizon).next().is_some()
    }
}
