//! What becomes of an order and its shipment, as the shop and the carrier report it.

use crate::word::closed_enum;

closed_enum! {
    /// The state of an order.
    pub enum OrderState {
        /// Placed and not touched since.
        Placed = "placed",
        /// Changed after it was placed.
        Changed = "changed",
        /// Cancelled.
        Cancelled = "cancelled",
    }
}

closed_enum! {
    /// The status of a shipment. Late and stalled are signals laid over a status, not statuses.
    pub enum ShipmentStatus {
        /// Nothing known yet.
        Pending = "pending",
        /// The carrier knows of it and does not have it.
        InfoReceived = "info_received",
        /// On its way.
        InTransit = "in_transit",
        /// On the van.
        OutForDelivery = "out_for_delivery",
        /// Delivered, says the carrier.
        Delivered = "delivered",
        /// Delivered, says the buyer.
        ConfirmedByBuyer = "confirmed_by_buyer",
        /// The carrier tried and could not deliver.
        FailedAttempt = "failed_attempt",
        /// Waits at a pick-up point.
        AvailableForPickup = "available_for_pickup",
        /// The carrier reports a problem.
        Exception = "exception",
        /// Silent for 30 days.
        Expired = "expired",
    }
}
