//! What can go wrong, and what a caller can do about it.

use std::sync::Arc;

use platform::status::{Kind, ServiceError};
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;
use storage::{StoreError, StoreFault};
use thiserror::Error;

/// Why the service did not answer.
#[derive(Debug, Clone, Error)]
pub(crate) enum SessionError {
    /// A field of the request is at fault.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
    /// There is no such session, or not for this caller.
    #[error("no such session")]
    SessionUnknown,
    /// As many batches wait as may.
    #[error("too many batches of events wait for the store")]
    QueueFull,
    /// The transaction that should have kept the events failed. Sent again, they are kept once.
    #[error("the events could not be kept")]
    NotKept(#[source] Arc<StoreError>),
    /// The service stops and takes no more.
    #[error("the service stops")]
    Stopping,
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] Arc<StoreError>),
}

impl From<StoreError> for SessionError {
    fn from(failure: StoreError) -> Self {
        Self::Store(Arc::new(failure))
    }
}

impl ServiceError for SessionError {
    fn kind(&self) -> Kind {
        match self {
            Self::Invalid(_) => Kind::Invalid,
            Self::SessionUnknown => Kind::NotFound,
            Self::QueueFull => Kind::Exhausted,
            Self::Stopping => Kind::Unavailable,
            // Whatever the fault, the events came to no harm, and the same batch may be sent again.
            Self::NotKept(failure) => match failure.fault() {
                StoreFault::Unavailable
                | StoreFault::Busy
                | StoreFault::Conflict
                | StoreFault::RequestIdReused => Kind::Unavailable,
                StoreFault::Broken => Kind::Internal,
            },
            Self::Store(failure) => match failure.fault() {
                StoreFault::Unavailable => Kind::Unavailable,
                StoreFault::Busy => Kind::Conflict,
                StoreFault::RequestIdReused => Kind::RequestIdReused,
                StoreFault::Conflict | StoreFault::Broken => Kind::Internal,
            },
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Invalid(fault) => fault.reason,
            Self::Stopping => ErrorReason::Draining,
            Self::SessionUnknown | Self::QueueFull | Self::NotKept(_) | Self::Store(_) => {
                self.kind().reason()
            }
        }
    }

    fn invalid_field(&self) -> Option<&InvalidField> {
        match self {
            Self::Invalid(fault) => Some(fault),
            Self::SessionUnknown
            | Self::QueueFull
            | Self::NotKept(_)
            | Self::Stopping
            | Self::Store(_) => None,
        }
    }
}
