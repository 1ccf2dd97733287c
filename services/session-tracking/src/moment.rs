//! Which moments a change of a session makes. Pure: what was told before and what is true now decide.
//!
//! A moment is told once, whatever the order in which events come and however often a session is loaded again, because
//! what was told is compared with the state, not with the event at hand. At most one a second leaves per session. One
//! about an order or a shipment waits for its turn; of the others only the weightiest waits, since a moment carries the
//! whole session anyway.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use domain::id::{OrderId, Sku};
use domain::moment::MomentKind;
use domain::order::ShipmentStatus;
use domain::phase::RiskPhase;
use domain::signal::SignalKind;
use domain::time::{Timestamp, later, truncate_to_millis};
use platform::config::{Faults, Validate};
use serde::{Deserialize, Serialize};

use crate::config::millis;
use crate::fold::State;
use crate::packed::pack_fields;

mod compose;
mod news;

pub(crate) use compose::{Subject, compose};

/// How often moments leave and how long they are worth something.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MomentSettings {
    /// Least time between two moments of one session.
    #[serde(rename = "min_gap_ms", deserialize_with = "millis")]
    pub(crate) min_gap: Duration,
    /// A moment of a shopper who is still deciding comes too late after this time.
    #[serde(rename = "live_expiry_ms", deserialize_with = "millis")]
    pub(crate) live_expiry: Duration,
    /// A moment of an order or a shipment comes too late after this time.
    #[serde(rename = "order_expiry_ms", deserialize_with = "millis")]
    pub(crate) order_expiry: Duration,
}

impl Validate for MomentSettings {
    fn validate(&self, faults: &mut Faults) {
        faults.check(
            self.min_gap < self.live_expiry,
            "live_expiry_ms",
            "must be longer than min_gap_ms",
        );
    }
}

/// What makes a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cue {
    pub(crate) kind: MomentKind,
    pub(crate) trigger: Option<SignalKind>,
    pub(crate) order: Option<OrderId>,
    pub(crate) occurred_at: Timestamp,
}

/// What has been told of a session, and what waits to be told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Told {
    signals: BTreeMap<SignalKind, u32>,
    cart_adds: u32,
    checkouts: u32,
    orders: BTreeMap<OrderId, ToldOrder>,
    /// Cues that are never dropped, in the order of their turns.
    waiting: VecDeque<Cue>,
    /// The weightiest of the others.
    held: Option<Cue>,
    last_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct ToldOrder {
    placed: bool,
    changes: u32,
    cancelled: bool,
    ready: BTreeSet<Sku>,
    revisions: u32,
    troubles: BTreeMap<SignalKind, u32>,
    statuses: BTreeSet<ShipmentStatus>,
}

impl Told {
    /// Takes in what is new in a state that time has passed in until `now`, and answers with the moment that is due.
    pub(crate) fn next(
        &mut self,
        state: &State,
        now: Timestamp,
        settings: &MomentSettings,
    ) -> Option<Cue> {
        for cue in self.news(state) {
            self.queue(cue);
        }
        if !state.is_selling() {
            self.held.take_if(|cue| is_about_selling(cue));
        }
        self.held
            .take_if(|cue| expires_at(cue, now, settings) <= now);
        // A clock that was set back must not silence the session until it has caught up.
        let lately = self.last_at.is_some_and(|last| last <= now);
        if lately && self.waits_until(settings).is_some_and(|until| now < until) {
            return None;
        }
        let cue = self.waiting.pop_front().or_else(|| self.held.take())?;
        self.last_at = Some(truncate_to_millis(now));
        Some(cue)
    }

    /// When the next moment is due that waits already.
    pub(crate) fn next_due(&self, settings: &MomentSettings) -> Option<Timestamp> {
        if self.waiting.is_empty() && self.held.is_none() {
            return None;
        }
        self.waits_until(settings)
    }

    fn waits_until(&self, settings: &MomentSettings) -> Option<Timestamp> {
        self.last_at.map(|last| later(last, settings.min_gap))
    }

    fn queue(&mut self, cue: Cue) {
        if is_never_dropped(cue.kind) {
            self.waiting.push_back(cue);
            return;
        }
        let outweighs = |held: &Cue| {
            (weight(cue.kind), cue.occurred_at) >= (weight(held.kind), held.occurred_at)
        };
        if self.held.as_ref().is_none_or(outweighs) {
            self.held = Some(cue);
        }
    }
}

/// When a moment is worth nothing any more. That of an order counts from now: a carrier may be days late.
pub(crate) fn expires_at(cue: &Cue, now: Timestamp, settings: &MomentSettings) -> Timestamp {
    if is_about_selling(cue) {
        later(cue.occurred_at, settings.live_expiry)
    } else {
        later(now.max(cue.occurred_at), settings.order_expiry)
    }
}

fn is_about_selling(cue: &Cue) -> bool {
    match cue.kind {
        MomentKind::CartAdded
        | MomentKind::CheckoutEntered
        | MomentKind::ExitIntent
        | MomentKind::IdleInCheckout
        | MomentKind::IdleCart => true,
        MomentKind::Friction => cue
            .trigger
            .is_none_or(|kind| kind.phase() != RiskPhase::PostClickAnxiety),
        MomentKind::OrderPlaced
        | MomentKind::OrderChanged
        | MomentKind::OrderCancelled
        | MomentKind::ShipmentMilestone
        | MomentKind::ShipmentTrouble
        | MomentKind::StatusAnxiety
        | MomentKind::BackOrderReady
        | MomentKind::DeliveryRevised => false,
    }
}

fn is_never_dropped(kind: MomentKind) -> bool {
    matches!(
        kind,
        MomentKind::OrderPlaced
            | MomentKind::OrderChanged
            | MomentKind::OrderCancelled
            | MomentKind::ShipmentMilestone
            | MomentKind::ShipmentTrouble
            | MomentKind::BackOrderReady
            | MomentKind::DeliveryRevised
    )
}

/// What matters more when only one can be told: the nearer the shopper is to leaving, the more.
fn weight(kind: MomentKind) -> u8 {
    match kind {
        MomentKind::ExitIntent => 5,
        MomentKind::Friction | MomentKind::StatusAnxiety => 4,
        MomentKind::IdleInCheckout => 3,
        MomentKind::IdleCart => 2,
        MomentKind::CheckoutEntered => 1,
        MomentKind::CartAdded
        | MomentKind::OrderPlaced
        | MomentKind::OrderChanged
        | MomentKind::OrderCancelled
        | MomentKind::ShipmentMilestone
        | MomentKind::ShipmentTrouble
        | MomentKind::BackOrderReady
        | MomentKind::DeliveryRevised => 0,
    }
}

pack_fields! {
    Cue { kind, trigger, order, occurred_at }
    Told { signals, cart_adds, checkouts, orders, waiting, held, last_at }
    ToldOrder { placed, changes, cancelled, ready, revisions, troubles, statuses }
}

#[cfg(test)]
mod tests;
