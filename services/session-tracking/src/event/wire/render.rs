//! Payloads, written as [`payload`](super::payload) reads them.

use std::time::Duration;

use domain::cart::{CartLine, Quantity};
use domain::channel::Channel;
use domain::consent::Consent;
use domain::fact::FollowUp;
use domain::id::{IssueCode, OrderId, Sku};
use domain::money::Money;
use proto::convert::time::wire_duration;
use proto::field::WireField;
use proto::session::v1 as pb;
use proto::session::v1::event::Payload as Wire;

use crate::event::{
    Attribute, Browse, CartMove, CheckoutAct, CheckoutStep, Checkpoint, CostKind, FaultKind, Name,
    OrderChange, OrderEvent, PageKind, Payload, PersonEvent, ProductView,
};

pub(super) fn payload(payload: Payload) -> Wire {
    match payload {
        Payload::Browse(browse) => browsing(browse),
        Payload::Cart(CartMove::Added(line)) => cart_item_added(line),
        Payload::Cart(CartMove::Removed(sku)) => cart_item_removed(&sku),
        Payload::Cart(CartMove::Changed(sku, quantity)) => cart_item_changed(&sku, quantity),
        Payload::Checkout(act) => checkout(act),
        Payload::Order(OrderEvent { order, change }) => order_event(&order, change),
        Payload::Person(event) => person(event),
        Payload::Custom { name, attributes } => custom(name, attributes),
    }
}

fn browsing(browse: Browse) -> Wire {
    match browse {
        Browse::PageViewed(kind) => page_viewed(kind),
        Browse::ProductViewed(view) => product_viewed(view),
        Browse::ProductConfigured(sku) => product_configured(&sku),
        Browse::Searched { result_count } => search_performed(result_count),
        Browse::HelpOpened => Wire::HelpOpened(pb::HelpOpened {}),
        Browse::FaqViewed { topic } => faq_viewed(topic),
        Browse::PageFault { kind, load_time } => page_fault(kind, load_time),
        Browse::ExitIntent => Wire::ExitIntent(pb::ExitIntent {}),
    }
}

fn checkout(act: CheckoutAct) -> Wire {
    match act {
        CheckoutAct::StepEntered(step) => checkout_step(step),
        CheckoutAct::CostRevealed(kind, amount) => cost_revealed(kind, amount),
        CheckoutAct::CouponApplied { discount } => coupon_applied(discount),
        CheckoutAct::CouponRejected { reason } => coupon_rejected(reason),
        CheckoutAct::PaymentAttempted { method } => payment_attempted(method),
        CheckoutAct::PaymentDeclined { method, reason } => payment_declined(method, reason),
        CheckoutAct::FormError { field } => form_error(field),
        CheckoutAct::AddressEdited => Wire::AddressEdited(pb::AddressEdited {}),
    }
}

fn order_event(order: &OrderId, change: OrderChange) -> Wire {
    match change {
        OrderChange::Placed { value, margin } => order_placed(order, value, margin),
        OrderChange::Changed => order_changed(order),
        OrderChange::Cancelled => order_cancelled(order),
        OrderChange::Shipment(checkpoint) => shipment_updated(order, checkpoint),
        OrderChange::DeliveryConfirmed => delivery_confirmed(order),
        OrderChange::BackOrderReady(sku) => back_order_ready(order, &sku),
    }
}

fn person(event: PersonEvent) -> Wire {
    match event {
        PersonEvent::ContactReceived {
            channel,
            follow_up,
            issue,
        } => contact_received(channel, follow_up, &issue),
        PersonEvent::ConsentChanged(consent) => consent_changed(consent),
        PersonEvent::IdentityLinked(shopper) => identity_linked(shopper.to_string()),
        PersonEvent::IdentityUnlinked(shopper) => identity_unlinked(shopper.to_string()),
    }
}

fn page_viewed(kind: PageKind) -> Wire {
    let kind = kind.into_wire();
    Wire::PageViewed(pb::PageViewed { kind })
}

fn product_viewed(view: ProductView) -> Wire {
    let ProductView {
        sku,
        price,
        configurable,
        dwell,
    } = view;
    Wire::ProductViewed(pb::ProductViewed {
        sku: sku.to_string(),
        price: price.into_wire(),
        configurable: configurable.into_wire(),
        dwell: dwell.map(wire_duration),
    })
}

fn product_configured(sku: &Sku) -> Wire {
    let sku = sku.to_string();
    Wire::ProductConfigured(pb::ProductConfigured { sku })
}

fn search_performed(result_count: u32) -> Wire {
    Wire::SearchPerformed(pb::SearchPerformed { result_count })
}

fn cart_item_added(line: CartLine) -> Wire {
    let line = Some(line.into());
    Wire::CartItemAdded(pb::CartItemAdded { line })
}

fn cart_item_removed(sku: &Sku) -> Wire {
    let sku = sku.to_string();
    Wire::CartItemRemoved(pb::CartItemRemoved { sku })
}

fn cart_item_changed(sku: &Sku, quantity: Quantity) -> Wire {
    let (sku, quantity) = (sku.to_string(), quantity.get());
    Wire::CartItemChanged(pb::CartItemChanged { sku, quantity })
}

fn checkout_step(step: CheckoutStep) -> Wire {
    let step = step.into_wire();
    Wire::CheckoutStepEntered(pb::CheckoutStepEntered { step })
}

fn cost_revealed(kind: CostKind, amount: Money) -> Wire {
    Wire::CostRevealed(pb::CostRevealed {
        kind: kind.into_wire(),
        amount: Some(amount.into()),
    })
}

fn coupon_applied(discount: Money) -> Wire {
    let discount = Some(discount.into());
    Wire::CouponApplied(pb::CouponApplied { discount })
}

fn coupon_rejected(reason: Option<Name>) -> Wire {
    let reason = reason.map(String::from).unwrap_or_default();
    Wire::CouponRejected(pb::CouponRejected { reason })
}

fn payment_attempted(method: Name) -> Wire {
    let method = method.into();
    Wire::PaymentAttempted(pb::PaymentAttempted { method })
}

fn payment_declined(method: Name, reason: Option<Name>) -> Wire {
    Wire::PaymentDeclined(pb::PaymentDeclined {
        method: method.into(),
        reason: reason.map(String::from).unwrap_or_default(),
    })
}

fn form_error(field: Name) -> Wire {
    let field = field.into();
    Wire::FormError(pb::FormError { field })
}

fn page_fault(kind: FaultKind, load_time: Option<Duration>) -> Wire {
    Wire::PageFault(pb::PageFault {
        kind: kind.into_wire(),
        load_time: load_time.map(wire_duration),
    })
}

fn faq_viewed(topic: Name) -> Wire {
    let topic = topic.into();
    Wire::FaqViewed(pb::FaqViewed { topic })
}

fn order_placed(order: &OrderId, value: Money, margin: Option<Money>) -> Wire {
    Wire::OrderPlaced(pb::OrderPlaced {
        order_id: order.to_string(),
        value: Some(value.into()),
        margin: margin.into_wire(),
    })
}

fn order_changed(order: &OrderId) -> Wire {
    let order_id = order.to_string();
    Wire::OrderChanged(pb::OrderChanged { order_id })
}

fn order_cancelled(order: &OrderId) -> Wire {
    let order_id = order.to_string();
    Wire::OrderCancelled(pb::OrderCancelled { order_id })
}

fn shipment_updated(order: &OrderId, checkpoint: Checkpoint) -> Wire {
    let Checkpoint {
        status,
        carrier_time,
        estimated_delivery,
        detail,
    } = checkpoint;
    Wire::ShipmentUpdated(pb::ShipmentUpdated {
        order_id: order.to_string(),
        status: status.into_wire(),
        carrier_time: carrier_time.into_wire(),
        estimated_delivery: estimated_delivery.into_wire(),
        detail: detail.map(String::from).unwrap_or_default(),
    })
}

fn delivery_confirmed(order: &OrderId) -> Wire {
    let order_id = order.to_string();
    Wire::DeliveryConfirmed(pb::DeliveryConfirmed { order_id })
}

fn back_order_ready(order: &OrderId, sku: &Sku) -> Wire {
    let (order_id, sku) = (order.to_string(), sku.to_string());
    Wire::BackOrderReady(pb::BackOrderReady { order_id, sku })
}

fn contact_received(channel: Channel, follow_up: FollowUp, issue: &IssueCode) -> Wire {
    Wire::ContactReceived(pb::ContactReceived {
        channel: channel.into_wire(),
        follow_up: follow_up.into_wire(),
        issue: issue.to_string(),
    })
}

fn consent_changed(consent: Consent) -> Wire {
    let consent = Some(consent.into());
    Wire::ConsentChanged(pb::ConsentChanged { consent })
}

fn identity_linked(shopper_id: String) -> Wire {
    Wire::IdentityLinked(pb::IdentityLinked { shopper_id })
}

fn identity_unlinked(shopper_id: String) -> Wire {
    Wire::IdentityUnlinked(pb::IdentityUnlinked { shopper_id })
}

fn custom(name: Name, attributes: Vec<Attribute>) -> Wire {
    let attributes = attributes
        .into_iter()
        .map(|Attribute { name, value }| pb::CustomAttribute {
            name: name.into(),
            value: value.map(String::from).unwrap_or_default(),
        })
        .collect();
    Wire::Custom(pb::CustomEvent {
        name: name.into(),
        attributes,
    })
}
