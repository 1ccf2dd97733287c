//! How a change in one service becomes a call to the next: written to the outbox in the transaction of the change,
//! carried by the relay, many in one call when many wait, dropped by the receiver's inbox when it was seen before.
//!
//! Delivery is at least once and in order per key; a message is delivered, recorded as expired, or parked with a reason.
//! Deliberately absent: any knowledge of what a message says. A bus is a carrier behind [`Transport`], never the record.

mod envelope;
pub mod inbox;
mod migrations;
pub mod outbox;
mod relay;
mod transport;

pub use envelope::{Envelope, Message};
pub use migrations::migrations;
pub use relay::Relay;
pub use transport::{DeliveryError, DirectTransport, Told, Transport};
