//! How a message gets from the outbox to its destination: by a direct call, or by a bus that carries it for us.

use futures::future::BoxFuture;
use thiserror::Error;

use crate::Envelope;

mod direct;

pub use direct::DirectTransport;

/// Carries messages. The answer `Ok` means that the receiver, or a bus that keeps it safe, has the message.
pub trait Transport: Send + Sync + 'static {
    /// The destinations that this transport reaches; each gets a courier of its own.
    fn destinations(&self) -> Vec<String>;

    /// Delivers one message, once. The relay decides about trying again.
    fn deliver<'a>(&'a self, envelope: &'a Envelope) -> BoxFuture<'a, Result<(), DeliveryError>>;
}

/// Why a message did not arrive, by what the relay does about it. Reasons are codes, never values.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DeliveryError {
    /// The destination does not answer, or not to us: all its messages wait, for as long as it takes.
    #[error("the destination is unavailable: {0}")]
    Unavailable(String),
    /// The destination cannot take this message now: its lane waits, for as long as it takes.
    #[error("the destination is busy: {0}")]
    Busy(String),
    /// The destination failed on this message: tried again, and parked after five failures.
    #[error("the destination failed: {0}")]
    Failed(String),
    /// The destination will never take this message: parked at once.
    #[error("the destination refuses: {0}")]
    Refused(String),
}
