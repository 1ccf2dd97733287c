//! Signs of hesitation that a session shows, counted and timed; what they mean is for risk-scoring to say.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::phase::RiskPhase;
use crate::word::closed_enum;

closed_enum! {
    /// A kind of sign.
    pub enum SignalKind {
        /// A long look at a product that can be configured.
        LongDwellConfigurable = "long_dwell_configurable",
        /// FAQ, returns and shipping pages one after another.
        PolicyHunting = "policy_hunting",
        /// The same products compared again.
        RepeatedCompare = "repeated_compare",
        /// Searches that lead nowhere.
        SearchLoop = "search_loop",
        /// A filled cart left alone before checkout.
        CartIdle = "cart_idle",
        /// A pause or step back at the first sight of shipping.
        ShippingShock = "shipping_shock",
        /// A pause or step back at the first sight of tax.
        TaxShock = "tax_shock",
        /// A pause or step back at the first sight of the total.
        TotalShock = "total_shock",
        /// A promotion code was rejected.
        CouponRejected = "coupon_rejected",
        /// A payment was declined.
        PaymentDeclined = "payment_declined",
        /// A form was refused and tried again.
        FormRetry = "form_retry",
        /// The address was edited in checkout.
        AddressEdited = "address_edited",
        /// A page failed.
        PageFault = "page_fault",
        /// A page was slow.
        SlowPage = "slow_page",
        /// A checkout left alone.
        CheckoutIdle = "checkout_idle",
        /// The pointer or a key made for the exit.
        ExitIntent = "exit_intent",
        /// Minutes on the last page before the order.
        LastPageStall = "last_page_stall",
        /// The order status looked at again and again.
        OrderStatusRepeat = "order_status_repeat",
        /// The cancel page was seen.
        CancelPageViewed = "cancel_page_viewed",
        /// The shipment is later than promised.
        ShipmentLate = "shipment_late",
        /// The shipment has not moved for a day or more.
        ShipmentStalled = "shipment_stalled",
        /// The carrier reports a problem.
        ShipmentException = "shipment_exception",
        /// The carrier tried and could not deliver.
        DeliveryFailed = "delivery_failed",
        /// Delivered, says the carrier; the buyer has not confirmed it.
        DeliveredUnconfirmed = "delivered_unconfirmed",
    }
}

impl SignalKind {
    /// The phase whose risk the sign speaks of.
    pub const fn phase(self) -> RiskPhase {
        match self {
            Self::LongDwellConfigurable
            | Self::PolicyHunting
            | Self::RepeatedCompare
            | Self::SearchLoop
            | Self::CartIdle => RiskPhase::InformationBlock,
            Self::ShippingShock
            | Self::TaxShock
            | Self::TotalShock
            | Self::CouponRejected
            | Self::PaymentDeclined
            | Self::FormRetry
            | Self::AddressEdited
            | Self::PageFault
            | Self::SlowPage
            | Self::CheckoutIdle
            | Self::ExitIntent
            | Self::LastPageStall => RiskPhase::TransactionalFriction,
            Self::OrderStatusRepeat
            | Self::CancelPageViewed
            | Self::ShipmentLate
            | Self::ShipmentStalled
            | Self::ShipmentException
            | Self::DeliveryFailed
            | Self::DeliveredUnconfirmed => RiskPhase::PostClickAnxiety,
        }
    }
}

/// All occurrences of one kind of sign in one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Signal {
    /// What was seen.
    pub kind: SignalKind,
    /// How often, at least 1.
    pub count: u32,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it was last seen.
    pub last_seen: Timestamp,
    /// How long it lasted in total; zero for a sign without length.
    pub dwell: Duration,
}
