//! How messages get from the outbox to their destination: by direct calls, or by a bus that carries them for us.

use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
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

    /// Delivers messages of one tenant to one destination, in no order. `told` is called with the position of each message
    /// and what became of it, as soon as that is known; the answer says why nothing was told of the others. A transport that
    /// has no cheaper way delivers each by itself.
    fn deliver_all<'a>(
        &'a self,
        envelopes: &'a [Envelope],
        told: &'a Told<'a>,
    ) -> BoxFuture<'a, Result<(), DeliveryError>> {
        each(self, envelopes, told).map(Ok).boxed()
    }
}

/// Hears what became of a message of several, by its position.
pub type Told<'a> = dyn Fn(usize, Result<(), DeliveryError>) + Send + Sync + 'a;

async fn each<T: Transport + ?Sized>(transport: &T, envelopes: &[Envelope], told: &Told<'_>) {
    let deliver = async |(position, envelope)| told(position, transport.deliver(envelope).await);
    join_all(envelopes.iter().enumerate().map(deliver)).await;
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
