//! Moments: the decision points of a session, with all that a decision needs to know.
//!
//! A moment is a snapshot. It carries the cart and page it was taken on, so that what is decided from it can be
//! dropped once they have changed.

use serde::{Deserialize, Serialize};

use crate::cart::Cart;
use crate::consent::Consents;
use crate::id::{MomentId, OrderId, PersonId, SessionId, ShopperId, VisitorId};
use crate::language::Language;
use crate::phase::RiskPhase;
use crate::signal::{Signal, SignalKind};
use crate::text::Text;
use crate::time::{Timestamp, Zone};
use crate::word::closed_enum;

/// The page a shopper is on: a path or a name the storefront gives it.
pub type Page = Text<256>;

closed_enum! {
    /// What made the moment.
    pub enum MomentKind {
        /// Something was put in the cart.
        CartAdded = "cart_added",
        /// The checkout was entered.
        CheckoutEntered = "checkout_entered",
        /// A sign of friction was seen.
        Friction = "friction",
        /// The shopper made for the exit.
        ExitIntent = "exit_intent",
        /// The checkout was left alone.
        IdleInCheckout = "idle_in_checkout",
        /// A filled cart was left alone.
        IdleCart = "idle_cart",
        /// The order was placed.
        OrderPlaced = "order_placed",
        /// The order was changed.
        OrderChanged = "order_changed",
        /// The order was cancelled.
        OrderCancelled = "order_cancelled",
        /// The shipment reached a status for the first time.
        ShipmentMilestone = "shipment_milestone",
        /// The shipment is late, stalled or in trouble.
        ShipmentTrouble = "shipment_trouble",
        /// The buyer looks at the order status again and again.
        StatusAnxiety = "status_anxiety",
        /// An item of the order that was on back order is ready.
        BackOrderReady = "back_order_ready",
        /// The promised delivery of the shipment was moved.
        DeliveryRevised = "delivery_revised",
    }
}

closed_enum! {
    /// Whether the shopper gets on. One who does is never interrupted.
    pub enum Progress {
        /// Steps follow one another as they do for those who buy.
        Progressing = "progressing",
        /// They do not.
        Hesitating = "hesitating",
    }
}

/// What the person did before this session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VisitHistory {
    /// Sessions.
    pub earlier_sessions: u32,
    /// Sessions with something in the cart.
    pub earlier_carts: u32,
    /// Orders.
    pub earlier_orders: u32,
    /// Carts left without an order.
    pub earlier_abandonments: u32,
}

/// What the shopper did with products in this session: looks at them, and additions to the cart. Both are called shopping
/// events; models are trained on recordings that know no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Shopping {
    /// Looks at products. One that the storefront tells on entry and again on leaving is one look.
    pub product_views: u32,
    /// Additions to the cart, whatever became of them.
    pub cart_additions: u32,
    /// Different products looked at or added; counted up to 200.
    pub products_seen: u32,
    /// Looks at products that are in the cart now, those before they were added included.
    pub cart_item_views: u32,
    /// The first of these events.
    pub first_at: Timestamp,
    /// The one before the moment: where the moment was made by such an event, the one before that. `None` when there is none.
    pub previous_at: Option<Timestamp>,
}

/// A decision point of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// Names the moment.
    pub id: MomentId,
    /// The session it belongs to.
    pub session: SessionId,
    /// The device.
    pub visitor: VisitorId,
    /// The person, when known.
    pub shopper: Option<ShopperId>,
    /// What made the moment.
    pub kind: MomentKind,
    /// The sign that made it, for a moment made by one.
    pub trigger: Option<SignalKind>,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When a live decision on it comes too late.
    pub expires_at: Timestamp,
    /// The phase reached.
    pub phase: RiskPhase,
    /// The page the shopper is on; `None` when the session has seen none, as one that only tracks a shipment.
    pub page: Option<Page>,
    /// When the page was entered.
    pub page_entered_at: Option<Timestamp>,
    /// The cart, with its version.
    pub cart: Cart,
    /// The signs seen so far.
    pub signals: Vec<Signal>,
    /// Whether the shopper gets on.
    pub progress: Progress,
    /// What the person did before.
    pub history: VisitHistory,
    /// What the person allows.
    pub consents: Consents,
    /// Where the person is, when known.
    pub zone: Option<Zone>,
    /// The person's language, when known.
    pub language: Option<Language>,
    /// When the session began.
    pub session_started_at: Timestamp,
    /// Counts the changes of the session.
    pub session_version: u64,
    /// Events of the session so far.
    pub event_count: u32,
    /// What was done with products; `None` before the first shopping event, and in moments from before it was told.
    pub shopping: Option<Shopping>,
    /// The order, once placed.
    pub order: Option<OrderId>,
}

impl Moment {
    /// Whom the moment is about: the shopper when known, else the visitor.
    pub fn person(&self) -> PersonId {
        self.shopper
            .map_or(PersonId::Visitor(self.visitor), PersonId::Shopper)
    }
}

#[cfg(test)]
mod tests;
