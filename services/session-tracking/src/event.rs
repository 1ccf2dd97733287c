//! What happened in a shop: one typed event, valid as it stands.
//!
//! An event never changes after it was accepted, and a session is a fold over its events, so everything that a
//! decision may need later is in here. Deliberately absent: what an event means; that is for `fold` to say.

use std::time::Duration;

use domain::cart::{CartLine, Configurable, Quantity};
use domain::channel::Channel;
use domain::consent::Consent;
use domain::fact::FollowUp;
use domain::id::{EventId, IssueCode, OrderId, SessionId, ShopperId, Sku, VisitorId};
use domain::language::Language;
use domain::moment::Page;
use domain::money::Money;
use domain::order::ShipmentStatus;
use domain::text::Text;
use domain::time::{Timestamp, Zone, elapsed};

pub(crate) mod limits;
pub(crate) mod wire;

/// A name that the shop gives to something: a payment method, a form field, a topic.
pub(crate) type Name = Text<64>;

/// One thing that happened in one shopping session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// Made by the client: the idempotency key.
    pub(crate) id: EventId,
    pub(crate) session: SessionId,
    pub(crate) visitor: VisitorId,
    pub(crate) shopper: Option<ShopperId>,
    /// By the client's clock.
    pub(crate) occurred_at: Timestamp,
    /// By ours, when the event first came.
    pub(crate) received_at: Timestamp,
    pub(crate) page: Option<Page>,
    pub(crate) zone: Option<Zone>,
    pub(crate) language: Option<Language>,
    pub(crate) payload: Payload,
}

/// Where an event stands in its session. Two events of one instant are told apart by their ids, so that the order does
/// not depend on arrival.
pub(crate) type Position = (Timestamp, EventId);

impl Event {
    pub(crate) fn position(&self) -> Position {
        (self.occurred_at, self.id)
    }

    /// By how much the clock of the client was ahead of ours; zero when it was not.
    pub(crate) fn ahead(&self) -> Duration {
        elapsed(self.received_at, self.occurred_at)
    }
}

/// What happened, by the part of the fold that it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Payload {
    Browse(Browse),
    Cart(CartMove),
    Checkout(CheckoutAct),
    Order(OrderEvent),
    Person(PersonEvent),
    Custom {
        name: Name,
        attributes: Vec<Attribute>,
    },
}

impl Payload {
    /// Whether the shopper did it, rather than a system behind the shop. Only a shopper's acts end a pause.
    pub(crate) fn is_by_shopper(&self) -> bool {
        match self {
            Self::Browse(_) | Self::Cart(_) | Self::Checkout(_) => true,
            Self::Order(event) => matches!(event.change, OrderChange::Placed { .. }),
            Self::Person(_) | Self::Custom { .. } => false,
        }
    }

    /// Whether the shop is bound by it, so that it must not be missed however much was clicked before: an order that
    /// is not seen leads to outreach to a buyer, and so does a consent whose withdrawal is not.
    pub(crate) fn is_binding(&self) -> bool {
        match self {
            Self::Order(_) | Self::Person(_) => true,
            Self::Browse(_) | Self::Cart(_) | Self::Checkout(_) | Self::Custom { .. } => false,
        }
    }
}

/// What a shopper looks at, and what goes wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Browse {
    PageViewed(PageKind),
    ProductViewed(ProductView),
    ProductConfigured(Sku),
    Searched {
        result_count: u32,
    },
    HelpOpened,
    FaqViewed {
        topic: Name,
    },
    PageFault {
        kind: FaultKind,
        load_time: Option<Duration>,
    },
    ExitIntent,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CartMove {
    Added(CartLine),
    Removed(Sku),
    Changed(Sku, Quantity),
}

/// What happens between the cart and the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CheckoutAct {
    StepEntered(CheckoutStep),
    CostRevealed(CostKind, Money),
    CouponApplied { discount: Money },
    CouponRejected { reason: Option<Name> },
    PaymentAttempted { method: Name },
    PaymentDeclined { method: Name, reason: Option<Name> },
    FormError { field: Name },
    AddressEdited,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OrderEvent {
    pub(crate) order: OrderId,
    pub(crate) change: OrderChange,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OrderChange {
    Placed {
        value: Money,
        margin: Option<Money>,
    },
    Changed,
    Cancelled,
    Shipment(Checkpoint),
    DeliveryConfirmed,
    /// An article that was on back order is ready.
    BackOrderReady(Sku),
}

/// What is learned of the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PersonEvent {
    ContactReceived {
        channel: Channel,
        follow_up: FollowUp,
        issue: IssueCode,
    },
    ConsentChanged(Consent),
    IdentityLinked(ShopperId),
    IdentityUnlinked(ShopperId),
}

/// A look at a product. Storefronts tell it on entry without a dwell, on leaving with one, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProductView {
    pub(crate) sku: Sku,
    pub(crate) price: Option<Money>,
    pub(crate) configurable: Configurable,
    pub(crate) dwell: Option<Duration>,
}

/// What a carrier reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) status: ShipmentStatus,
    /// By the carrier's clock, which orders the checkpoints of a shipment.
    pub(crate) carrier_time: Timestamp,
    pub(crate) estimated_delivery: Option<Timestamp>,
    /// What is behind the status.
    pub(crate) detail: Option<Name>,
}

/// One attribute of a custom event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attribute {
    pub(crate) name: Name,
    /// `None` for an empty value.
    pub(crate) value: Option<Text<256>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageKind {
    Browse,
    Compare,
    Cart,
    Checkout,
    Policy,
    OrderStatus,
    CancelOrder,
    Other,
}

/// A step of the checkout, in the usual order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CheckoutStep {
    Account,
    Address,
    Delivery,
    Payment,
    Review,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CostKind {
    Shipping,
    Tax,
    Total,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    Error,
    Slow,
}
