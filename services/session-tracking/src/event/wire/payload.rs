//! Payloads, read: one small function for each that has fields. Paths of faults start with the name of the payload, as
//! clients know it from the contract.

use domain::text::Text;
use proto::convert::time::duration;
use proto::field::{self, InvalidField, read};
use proto::session::v1 as pb;
use proto::session::v1::event::Payload as Wire;

use super::{unless_empty, valid_line};
use crate::event::{
    Attribute, Browse, CartMove, CheckoutAct, Checkpoint, OrderChange, OrderEvent, Payload,
    PersonEvent, ProductView,
};

const MAX_ATTRIBUTES: usize = 16;

type Parsed = Result<Payload, InvalidField>;

pub(super) fn parse(wire: Wire) -> Parsed {
    match wire {
        Wire::PageViewed(it) => within("page_viewed", page_viewed(it)),
        Wire::ProductViewed(it) => within("product_viewed", product_viewed(it)),
        Wire::ProductConfigured(it) => within("product_configured", product_configured(it)),
        Wire::SearchPerformed(it) => Ok(search_performed(it)),
        Wire::CartItemAdded(it) => within("cart_item_added", cart_item_added(it)),
        Wire::CartItemRemoved(it) => within("cart_item_removed", cart_item_removed(it)),
        Wire::CartItemChanged(it) => within("cart_item_changed", cart_item_changed(it)),
        Wire::CheckoutStepEntered(it) => within("checkout_step_entered", checkout_step(it)),
        Wire::CostRevealed(it) => within("cost_revealed", cost_revealed(it)),
        Wire::CouponApplied(it) => within("coupon_applied", coupon_applied(it)),
        Wire::CouponRejected(it) => within("coupon_rejected", coupon_rejected(it)),
        Wire::PaymentAttempted(it) => within("payment_attempted", payment_attempted(it)),
        Wire::PaymentDeclined(it) => within("payment_declined", payment_declined(it)),
        Wire::FormError(it) => within("form_error", form_error(it)),
        Wire::AddressEdited(pb::AddressEdited {}) => {
            Ok(Payload::Checkout(CheckoutAct::AddressEdited))
        }
        Wire::PageFault(it) => within("page_fault", page_fault(it)),
        Wire::ExitIntent(pb::ExitIntent {}) => Ok(Payload::Browse(Browse::ExitIntent)),
        Wire::HelpOpened(pb::HelpOpened {}) => Ok(Payload::Browse(Browse::HelpOpened)),
        Wire::FaqViewed(it) => within("faq_viewed", faq_viewed(it)),
        Wire::OrderPlaced(it) => within("order_placed", order_placed(it)),
        Wire::OrderChanged(it) => within("order_changed", order_changed(it)),
        Wire::OrderCancelled(it) => within("order_cancelled", order_cancelled(it)),
        Wire::ShipmentUpdated(it) => within("shipment_updated", shipment_updated(it)),
        Wire::DeliveryConfirmed(it) => within("delivery_confirmed", delivery_confirmed(it)),
        Wire::ContactReceived(it) => within("contact_received", contact_received(it)),
        Wire::ConsentChanged(it) => within("consent_changed", consent_changed(it)),
        Wire::IdentityLinked(it) => within("identity_linked", identity_linked(it)),
        Wire::IdentityUnlinked(it) => within("identity_unlinked", identity_unlinked(it)),
        Wire::BackOrderReady(it) => within("back_order_ready", back_order_ready(it)),
        Wire::Custom(it) => within("custom", custom(it)),
    }
}

fn within(name: &str, parsed: Parsed) -> Parsed {
    parsed.map_err(|fault| fault.within(name))
}

fn page_viewed(wire: pb::PageViewed) -> Parsed {
    let pb::PageViewed { kind } = wire;
    read("kind", kind).map(|kind| Payload::Browse(Browse::PageViewed(kind)))
}

fn product_viewed(wire: pb::ProductViewed) -> Parsed {
    let pb::ProductViewed {
        sku,
        price,
        configurable,
        dwell,
    } = wire;
    Ok(Payload::Browse(Browse::ProductViewed(ProductView {
        sku: read("sku", sku)?,
        price: read("price", price)?,
        configurable: read("configurable", configurable)?,
        dwell: span("dwell", dwell)?,
    })))
}

fn product_configured(wire: pb::ProductConfigured) -> Parsed {
    let pb::ProductConfigured { sku } = wire;
    read("sku", sku).map(|sku| Payload::Browse(Browse::ProductConfigured(sku)))
}

fn search_performed(wire: pb::SearchPerformed) -> Payload {
    let pb::SearchPerformed { result_count } = wire;
    Payload::Browse(Browse::Searched { result_count })
}

fn cart_item_added(wire: pb::CartItemAdded) -> Parsed {
    let pb::CartItemAdded { line } = wire;
    valid_line(read("line", line)?).map(|line| Payload::Cart(CartMove::Added(line)))
}

fn cart_item_removed(wire: pb::CartItemRemoved) -> Parsed {
    let pb::CartItemRemoved { sku } = wire;
    read("sku", sku).map(|sku| Payload::Cart(CartMove::Removed(sku)))
}

fn cart_item_changed(wire: pb::CartItemChanged) -> Parsed {
    let pb::CartItemChanged { sku, quantity } = wire;
    let sku = read("sku", sku)?;
    let quantity = read("quantity", quantity)?;
    Ok(Payload::Cart(CartMove::Changed(sku, quantity)))
}

fn checkout_step(wire: pb::CheckoutStepEntered) -> Parsed {
    let pb::CheckoutStepEntered { step } = wire;
    read("step", step).map(|step| Payload::Checkout(CheckoutAct::StepEntered(step)))
}

fn cost_revealed(wire: pb::CostRevealed) -> Parsed {
    let pb::CostRevealed { kind, amount } = wire;
    Ok(Payload::Checkout(CheckoutAct::CostRevealed(
        read("kind", kind)?,
        read("amount", amount)?,
    )))
}

fn coupon_applied(wire: pb::CouponApplied) -> Parsed {
    let pb::CouponApplied { discount } = wire;
    let discount = read("discount", discount)?;
    Ok(Payload::Checkout(CheckoutAct::CouponApplied { discount }))
}

fn coupon_rejected(wire: pb::CouponRejected) -> Parsed {
    let pb::CouponRejected { reason } = wire;
    let reason = unless_empty("reason", &reason, Text::parse)?;
    Ok(Payload::Checkout(CheckoutAct::CouponRejected { reason }))
}

fn payment_attempted(wire: pb::PaymentAttempted) -> Parsed {
    let pb::PaymentAttempted { method } = wire;
    let method = read("method", method)?;
    Ok(Payload::Checkout(CheckoutAct::PaymentAttempted { method }))
}

fn payment_declined(wire: pb::PaymentDeclined) -> Parsed {
    let pb::PaymentDeclined { method, reason } = wire;
    Ok(Payload::Checkout(CheckoutAct::PaymentDeclined {
        method: read("method", method)?,
        reason: unless_empty("reason", &reason, Text::parse)?,
    }))
}

fn form_error(wire: pb::FormError) -> Parsed {
    let pb::FormError { field: name } = wire;
    let field = read("field", name)?;
    Ok(Payload::Checkout(CheckoutAct::FormError { field }))
}

fn page_fault(wire: pb::PageFault) -> Parsed {
    let pb::PageFault { kind, load_time } = wire;
    Ok(Payload::Browse(Browse::PageFault {
        kind: read("kind", kind)?,
        load_time: span("load_time", load_time)?,
    }))
}

fn faq_viewed(wire: pb::FaqViewed) -> Parsed {
    let pb::FaqViewed { topic } = wire;
    let topic = read("topic", topic)?;
    Ok(Payload::Browse(Browse::FaqViewed { topic }))
}

fn order_placed(wire: pb::OrderPlaced) -> Parsed {
    let pb::OrderPlaced {
        order_id,
        value,
        margin,
    } = wire;
    let value = read("value", value)?;
    let margin = read("margin", margin)?;
    order(order_id, OrderChange::Placed { value, margin })
}

fn order_changed(wire: pb::OrderChanged) -> Parsed {
    let pb::OrderChanged { order_id } = wire;
    order(order_id, OrderChange::Changed)
}

fn order_cancelled(wire: pb::OrderCancelled) -> Parsed {
    let pb::OrderCancelled { order_id } = wire;
    order(order_id, OrderChange::Cancelled)
}

fn shipment_updated(wire: pb::ShipmentUpdated) -> Parsed {
    let pb::ShipmentUpdated {
        order_id,
        status,
        carrier_time,
        estimated_delivery,
        detail,
    } = wire;
    let status = read("status", status)?;
    let checkpoint = Checkpoint {
        status,
        carrier_time: read("carrier_time", carrier_time)?,
        estimated_delivery: read("estimated_delivery", estimated_delivery)?,
        detail: unless_empty("detail", &detail, Text::parse)?,
    };
    order(order_id, OrderChange::Shipment(checkpoint))
}

fn delivery_confirmed(wire: pb::DeliveryConfirmed) -> Parsed {
    let pb::DeliveryConfirmed { order_id } = wire;
    order(order_id, OrderChange::DeliveryConfirmed)
}

fn back_order_ready(wire: pb::BackOrderReady) -> Parsed {
    let pb::BackOrderReady { order_id, sku } = wire;
    let sku = read("sku", sku)?;
    order(order_id, OrderChange::BackOrderReady(sku))
}

fn contact_received(wire: pb::ContactReceived) -> Parsed {
    let pb::ContactReceived {
        channel,
        follow_up,
        issue,
    } = wire;
    Ok(Payload::Person(PersonEvent::ContactReceived {
        channel: read("channel", channel)?,
        follow_up: read("follow_up", follow_up)?,
        issue: read("issue", issue)?,
    }))
}

fn consent_changed(wire: pb::ConsentChanged) -> Parsed {
    let pb::ConsentChanged { consent } = wire;
    read("consent", consent).map(|consent| Payload::Person(PersonEvent::ConsentChanged(consent)))
}

fn identity_linked(wire: pb::IdentityLinked) -> Parsed {
    let pb::IdentityLinked { shopper_id } = wire;
    read("shopper_id", shopper_id)
        .map(|shopper| Payload::Person(PersonEvent::IdentityLinked(shopper)))
}

fn identity_unlinked(wire: pb::IdentityUnlinked) -> Parsed {
    let pb::IdentityUnlinked { shopper_id } = wire;
    read("shopper_id", shopper_id)
        .map(|shopper| Payload::Person(PersonEvent::IdentityUnlinked(shopper)))
}

fn custom(wire: pb::CustomEvent) -> Parsed {
    let pb::CustomEvent { name, attributes } = wire;
    field::within_count("attributes", attributes.len(), MAX_ATTRIBUTES)?;
    let attributes = attributes
        .into_iter()
        .enumerate()
        .map(|(index, wire)| {
            attribute(wire).map_err(|fault| fault.within_index("attributes", index))
        })
        .collect::<Result<_, _>>()?;
    Ok(Payload::Custom {
        name: read("name", name)?,
        attributes,
    })
}

fn attribute(wire: pb::CustomAttribute) -> Result<Attribute, InvalidField> {
    let pb::CustomAttribute { name, value } = wire;
    Ok(Attribute {
        name: read("name", name)?,
        value: unless_empty("value", &value, Text::parse)?,
    })
}

fn order(order_id: String, change: OrderChange) -> Parsed {
    let order = read("order_id", order_id)?;
    Ok(Payload::Order(OrderEvent { order, change }))
}

fn span(
    name: &str,
    wire: Option<prost_types::Duration>,
) -> Result<Option<std::time::Duration>, InvalidField> {
    wire.map(|wire| duration(&wire).map_err(InvalidField::at(name)))
        .transpose()
}
