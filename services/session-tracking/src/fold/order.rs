//! Orders and their shipments. Carriers repeat themselves and go backwards, so a shipment is a fold over its
//! checkpoints by carrier time; late, stalled and unconfirmed are laid over its status.
//!
//! Of the checkpoints only the first of each status, the last, and the last promise are kept: nothing else matters, and
//! an order stays small however often its carrier reports.

use std::collections::BTreeMap;

use domain::id::{EventId, OrderId, Sku};
use domain::money::Money;
use domain::order::{OrderState, ShipmentStatus};
use domain::signal::SignalKind;
use domain::time::{Timestamp, elapsed, later};

use super::{SignalSettings, State, Tally};
use crate::event::{Checkpoint, Name, OrderChange, OrderEvent, Position};
use crate::packed::pack_fields;

/// Most orders that one session follows. Of further ones it is only noted that they were placed.
const MAX_ORDERS: usize = 50;

/// Most articles of one order that are followed from back order to readiness.
const MAX_READY: usize = 50;

/// One order of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) placed: Option<Placed>,
    pub(crate) changes: Tally,
    pub(crate) cancelled_at: Option<Timestamp>,
    /// When each article that was on back order became ready.
    pub(crate) ready: BTreeMap<Sku, Timestamp>,
    /// How often the promised delivery was moved, and when last.
    pub(crate) revisions: Tally,
    /// How often each sign of trouble was seen on the order, and when last.
    pub(crate) troubles: BTreeMap<SignalKind, Tally>,
    confirmed_at: Option<Timestamp>,
    /// When the carrier says that each status was entered first.
    reported: BTreeMap<ShipmentStatus, Timestamp>,
    /// The last status by carrier time; by event for two of one instant.
    last: Option<(Position, ShipmentStatus)>,
    /// What is behind the last status.
    detail: Option<Name>,
    /// The date that was promised last, in the same order.
    promised: Option<(Position, Timestamp)>,
    /// The promise that the buyer knows of: the first one, or that of the last revision.
    announced: Option<Timestamp>,
    noted: Noted,
}

/// What was paid, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) at: Timestamp,
    pub(crate) value: Money,
    pub(crate) margin: Option<Money>,
}

/// What has been noted as overdue, each for the promise or checkpoint that it was overdue against.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Noted {
    late: Option<Timestamp>,
    stalled: Option<(Timestamp, u32)>,
    unconfirmed: Option<Timestamp>,
    expired: Option<Timestamp>,
}

/// What is overdue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Overdue {
    Late,
    Stalled,
    Unconfirmed,
    Expired,
}

impl Order {
    pub(crate) fn state(&self) -> OrderState {
        if self.cancelled_at.is_some() {
            OrderState::Cancelled
        } else if self.changes.count > 0 {
            OrderState::Changed
        } else {
            OrderState::Placed
        }
    }

    /// The status now. What the buyer says outranks the carrier.
    pub(crate) fn shipment(&self) -> Option<ShipmentStatus> {
        if self.confirmed_at.is_some() {
            return Some(ShipmentStatus::ConfirmedByBuyer);
        }
        let ((carrier_time, _), status) = self.last?;
        let given_up = self.noted.expired == Some(carrier_time);
        Some(if given_up {
            ShipmentStatus::Expired
        } else {
            status
        })
    }

    /// Each status that the shipment has entered, with the first time, whatever it went back to later.
    pub(crate) fn entered(&self) -> BTreeMap<ShipmentStatus, Timestamp> {
        let mut entered = self.reported.clone();
        if let Some(at) = self.confirmed_at {
            entered
                .entry(ShipmentStatus::ConfirmedByBuyer)
                .or_insert(at);
        }
        if let Some(at) = self.noted.expired {
            entered.entry(ShipmentStatus::Expired).or_insert(at);
        }
        entered
    }

    /// Takes in what the carrier reports and says what trouble is new with it: carriers repeat themselves, so only the
    /// first entry of a status counts.
    fn report(&mut self, event: EventId, checkpoint: Checkpoint) -> Option<SignalKind> {
        let Checkpoint {
            status,
            carrier_time,
            estimated_delivery,
            detail,
        } = checkpoint;
        let position = (carrier_time, event);
        let known = self.reported.contains_key(&status);
        let first = self.reported.entry(status).or_insert(carrier_time);
        *first = carrier_time.min(*first);
        if self.last.is_none_or(|(last, _)| last < position) {
            self.last = Some((position, status));
            self.detail = detail;
        }
        if let Some(delivery) = estimated_delivery
            && self.promised.is_none_or(|(last, _)| last < position)
        {
            self.promised = Some((position, delivery));
        }
        trouble_of(status).filter(|_| !known)
    }

    /// Compares the promise with the one that the buyer knows of. Moves that are small one by one add up.
    fn revise(&mut self, at: Timestamp, settings: &SignalSettings) {
        let Some(promised) = self.promised() else {
            return;
        };
        let announced = *self.announced.get_or_insert(promised);
        let moved = elapsed(announced, promised).max(elapsed(promised, announced));
        if moved >= settings.delivery_revised {
            self.announced = Some(promised);
            self.revisions.note(at);
        }
    }

    /// When the carrier was heard of last, by its own clock.
    fn heard_at(&self) -> Option<Timestamp> {
        self.last.map(|((carrier_time, _), _)| carrier_time)
    }

    fn has_arrived(&self) -> bool {
        matches!(
            self.shipment(),
            Some(
                ShipmentStatus::Delivered
                    | ShipmentStatus::ConfirmedByBuyer
                    | ShipmentStatus::AvailableForPickup
            )
        )
    }

    fn is_moving(&self) -> bool {
        matches!(
            self.shipment(),
            Some(
                ShipmentStatus::InfoReceived
                    | ShipmentStatus::InTransit
                    | ShipmentStatus::OutForDelivery
            )
        )
    }

    /// What is behind the status that the carrier reported last.
    pub(crate) fn detail(&self) -> Option<&Name> {
        self.detail.as_ref()
    }

    /// The date that was promised last.
    pub(crate) fn promised(&self) -> Option<Timestamp> {
        self.promised.map(|(_, delivery)| delivery)
    }

    pub(super) fn next_overdue(&self, settings: &SignalSettings) -> Option<(Timestamp, Overdue)> {
        if self.cancelled_at.is_some() {
            return None;
        }
        let last = self.heard_at()?;
        let late = self
            .promised()
            .filter(|promised| !self.has_arrived() && self.noted.late != Some(*promised));
        let arrived = self.shipment() == Some(ShipmentStatus::Delivered);
        let unconfirmed = (arrived && self.noted.unconfirmed != Some(last))
            .then(|| later(last, settings.delivered_unconfirmed));
        let open = !self.has_arrived() && self.shipment() != Some(ShipmentStatus::Expired);
        let expired = open.then(|| later(last, settings.shipment_expired));
        let candidates = [
            late.map(|due| (due, Overdue::Late)),
            self.next_stall(last, settings)
                .map(|due| (due, Overdue::Stalled)),
            unconfirmed.map(|due| (due, Overdue::Unconfirmed)),
            expired.map(|due| (due, Overdue::Expired)),
        ];
        candidates.into_iter().flatten().min()
    }

    fn next_stall(&self, last: Timestamp, settings: &SignalSettings) -> Option<Timestamp> {
        let times = self.stalls(last);
        let waiting = self.is_moving() && times < settings.shipment_stalled_times;
        waiting.then(|| later(last, settings.shipment_stalled.saturating_mul(times + 1)))
    }

    /// How often the silence since `last` has been noted.
    fn stalls(&self, last: Timestamp) -> u32 {
        match self.noted.stalled {
            Some((since, times)) if since == last => times,
            Some(_) | None => 0,
        }
    }
}

impl State {
    pub(super) fn follow_order(
        &mut self,
        event: &OrderEvent,
        position: Position,
        settings: &SignalSettings,
    ) {
        let (at, id) = position;
        if matches!(event.change, OrderChange::Placed { .. }) {
            self.sell(at);
        }
        let known = self.orders.contains_key(&event.order);
        if !known && self.orders.len() >= MAX_ORDERS {
            return;
        }
        let order = self.orders.entry(event.order.clone()).or_default();
        match &event.change {
            OrderChange::Placed { value, margin } => {
                let (value, margin) = (*value, *margin);
                order.placed.get_or_insert(Placed { at, value, margin });
            }
            OrderChange::Changed => order.changes.note(at),
            OrderChange::Cancelled => {
                order.cancelled_at.get_or_insert(at);
            }
            OrderChange::Shipment(checkpoint) => {
                let trouble = order.report(id, checkpoint.clone());
                order.revise(at, settings);
                if let Some(kind) = trouble {
                    self.note_trouble(kind, &event.order, at);
                }
            }
            OrderChange::DeliveryConfirmed => {
                order.confirmed_at.get_or_insert(at);
            }
            OrderChange::BackOrderReady(sku) => {
                if order.ready.len() < MAX_READY {
                    order.ready.entry(sku.clone()).or_insert(at);
                }
            }
        }
    }

    pub(super) fn note_overdue(&mut self, id: &OrderId, overdue: Overdue, at: Timestamp) {
        let Some(order) = self.orders.get_mut(id) else {
            return;
        };
        let last = order.heard_at();
        let kind = match overdue {
            Overdue::Late => {
                order.noted.late = order.promised();
                SignalKind::ShipmentLate
            }
            Overdue::Stalled => {
                order.noted.stalled = last.map(|last| (last, order.stalls(last) + 1));
                SignalKind::ShipmentStalled
            }
            Overdue::Unconfirmed => {
                order.noted.unconfirmed = last;
                SignalKind::DeliveredUnconfirmed
            }
            Overdue::Expired => {
                order.noted.expired = last;
                return;
            }
        };
        self.note_trouble(kind, id, at);
    }

    fn note_trouble(&mut self, kind: SignalKind, order: &OrderId, at: Timestamp) {
        self.signals.note(kind, at);
        if let Some(order) = self.orders.get_mut(order) {
            order.troubles.entry(kind).or_default().note(at);
        }
    }

    /// An order ends the selling part, and with it all that was in the way.
    fn sell(&mut self, at: Timestamp) {
        self.sold_at.get_or_insert(at);
        self.checkout = None;
        self.end_look(None, at);
        self.costs = super::Costs::default();
        self.signals.cease_all(at);
    }
}

fn trouble_of(status: ShipmentStatus) -> Option<SignalKind> {
    match status {
        ShipmentStatus::Exception => Some(SignalKind::ShipmentException),
        ShipmentStatus::FailedAttempt => Some(SignalKind::DeliveryFailed),
        ShipmentStatus::Pending
        | ShipmentStatus::InfoReceived
        | ShipmentStatus::InTransit
        | ShipmentStatus::OutForDelivery
        | ShipmentStatus::Delivered
        | ShipmentStatus::ConfirmedByBuyer
        | ShipmentStatus::AvailableForPickup
        | ShipmentStatus::Expired => None,
    }
}

pack_fields! {
    Order {
        placed, changes, cancelled_at, ready, revisions, troubles, confirmed_at, reported, last, detail,
        promised, announced, noted,
    }
    Placed { at, value, margin }
    Noted { late, stalled, unconfirmed, expired }
}
