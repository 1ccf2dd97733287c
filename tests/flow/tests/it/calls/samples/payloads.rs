//! One payload of each kind of event.

use std::time::Duration;

use proto::cart::v1::CartLine;
use proto::channel::v1::Channel;
use proto::consent::v1::{Consent, ConsentState, Purpose};
use proto::convert::time::{wire_duration, wire_timestamp};
use proto::fact::v1::FollowUp;
use proto::order::v1::ShipmentStatus;
use proto::session::v1::event::Payload;
use proto::session::v1::{
    AddressEdited, BackOrderReady, CartItemAdded, CartItemChanged, CartItemRemoved, CheckoutStep,
    CheckoutStepEntered, ConsentChanged, ContactReceived, CostKind, CostRevealed, CouponApplied,
    CouponRejected, CustomAttribute, CustomEvent, DeliveryConfirmed, ExitIntent, FaqViewed,
    FaultKind, FormError, HelpOpened, IdentityLinked, IdentityUnlinked, OrderCancelled,
    OrderChanged, OrderPlaced, PageFault, PageKind, PageViewed, PaymentAttempted, PaymentDeclined,
    ProductConfigured, ProductViewed, SearchPerformed, ShipmentUpdated,
};

use crate::people::{Shopper, now, usd};

pub(super) fn all() -> Vec<Payload> {
    [browsing(), cart(), checkout(), order(), person()].concat()
}

fn sku() -> String {
    "bike-7".to_owned()
}

fn order_id() -> String {
    "ORDER-1".to_owned()
}

fn browsing() -> Vec<Payload> {
    vec![
        Payload::PageViewed(PageViewed {
            kind: PageKind::Cart.into(),
        }),
        Payload::ProductViewed(ProductViewed {
            sku: sku(),
            price: Some(usd(24_900)),
            configurable: true,
            dwell: Some(wire_duration(Duration::from_secs(40))),
        }),
        Payload::ProductConfigured(ProductConfigured { sku: sku() }),
        Payload::SearchPerformed(SearchPerformed { result_count: 3 }),
        Payload::HelpOpened(HelpOpened {}),
        Payload::FaqViewed(FaqViewed {
            topic: "returns".to_owned(),
        }),
        Payload::PageFault(PageFault {
            kind: FaultKind::Slow.into(),
            load_time: Some(wire_duration(Duration::from_secs(9))),
        }),
        Payload::ExitIntent(ExitIntent {}),
    ]
}

fn cart() -> Vec<Payload> {
    let line = CartLine {
        sku: sku(),
        quantity: 1,
        unit_price: Some(usd(24_900)),
        unit_margin: Some(usd(8_000)),
        configurable: true,
        category: Some("Bicycles > Touring".to_owned()),
    };
    vec![
        Payload::CartItemAdded(CartItemAdded { line: Some(line) }),
        Payload::CartItemChanged(CartItemChanged {
            sku: sku(),
            quantity: 2,
        }),
        Payload::CartItemRemoved(CartItemRemoved { sku: sku() }),
    ]
}

fn checkout() -> Vec<Payload> {
    vec![
        Payload::CheckoutStepEntered(CheckoutStepEntered {
            step: CheckoutStep::Payment.into(),
        }),
        Payload::CostRevealed(CostRevealed {
            kind: CostKind::Shipping.into(),
            amount: Some(usd(1_900)),
        }),
        Payload::CouponApplied(CouponApplied {
            discount: Some(usd(500)),
        }),
        Payload::CouponRejected(CouponRejected {
            reason: "expired".to_owned(),
        }),
        Payload::PaymentAttempted(PaymentAttempted {
            method: "card".to_owned(),
        }),
        Payload::PaymentDeclined(PaymentDeclined {
            method: "card".to_owned(),
            reason: "no funds".to_owned(),
        }),
        Payload::FormError(FormError {
            field: "street".to_owned(),
        }),
        Payload::AddressEdited(AddressEdited {}),
    ]
}

fn order() -> Vec<Payload> {
    vec![
        Payload::OrderPlaced(OrderPlaced {
            order_id: order_id(),
            value: Some(usd(26_800)),
            margin: Some(usd(8_000)),
        }),
        Payload::OrderChanged(OrderChanged {
            order_id: order_id(),
        }),
        Payload::ShipmentUpdated(ShipmentUpdated {
            order_id: order_id(),
            status: ShipmentStatus::InTransit.into(),
            carrier_time: Some(wire_timestamp(now())),
            estimated_delivery: Some(wire_timestamp(now())),
            detail: "sorting-hub".to_owned(),
        }),
        Payload::BackOrderReady(BackOrderReady {
            order_id: order_id(),
            sku: sku(),
        }),
        Payload::DeliveryConfirmed(DeliveryConfirmed {
            order_id: order_id(),
        }),
        Payload::OrderCancelled(OrderCancelled {
            order_id: order_id(),
        }),
    ]
}

fn person() -> Vec<Payload> {
    let consent = Consent {
        channel: Channel::Chat.into(),
        purpose: Purpose::OrderUpdates.into(),
        state: ConsentState::Confirmed.into(),
        text_version: "2026-11".to_owned(),
        source: "cookie-banner".to_owned(),
        zone: Some("Europe/Madrid".to_owned()),
        recorded_at: Some(wire_timestamp(now())),
    };
    vec![
        Payload::ContactReceived(ContactReceived {
            channel: Channel::Email.into(),
            follow_up: FollowUp::Undesirable.into(),
            issue: "late-parcel".to_owned(),
        }),
        Payload::ConsentChanged(ConsentChanged {
            consent: Some(consent),
        }),
        Payload::IdentityLinked(IdentityLinked {
            shopper_id: Shopper::new().person(),
        }),
        Payload::IdentityUnlinked(IdentityUnlinked {
            shopper_id: Shopper::new().person(),
        }),
        Payload::Custom(CustomEvent {
            name: "wishlist".to_owned(),
            attributes: vec![CustomAttribute {
                name: "size".to_owned(),
                value: "large".to_owned(),
            }],
        }),
    ]
}
