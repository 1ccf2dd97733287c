//! What can go wrong, and what a caller can do about it.

use platform::auth::{KeyError, VerifierError};
use platform::client::ClientError;
use platform::lifecycle::TaskPanicked;
use platform::server::ServeError;
use platform::status::{Kind, ServiceError};
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;
use storage::{StoreError, StoreFault};
use thiserror::Error;
use tonic::{Code, Status};

use crate::intervention::IllegalMove;
use crate::play::IllegalPlayMove;

/// Why the service could not be started, or ended by itself.
#[derive(Debug, Error)]
pub enum RunError {
    /// The store cannot be used.
    #[error("the store cannot be used")]
    Store(#[from] StoreError),
    /// The keys of the issuer cannot be read.
    #[error("the keys of the issuer cannot be read")]
    Verifier(#[from] VerifierError),
    /// Our own key cannot be read.
    #[error("the signing key cannot be used")]
    Key(#[from] KeyError),
    /// The address of another service cannot be used.
    #[error("the address of another service cannot be used")]
    Client(#[from] ClientError),
    /// Background work panicked.
    #[error("background work failed")]
    Background(#[from] TaskPanicked),
    /// The server ended.
    #[error("the server ended")]
    Serve(#[from] ServeError),
}

/// Why a call did not get what it asked for.
#[derive(Debug, Error)]
pub(crate) enum RoutingError {
    /// A field of the request is at fault.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
    /// What is named is not there, or is somebody else's.
    #[error("no such {what}")]
    NotFound { what: &'static str },
    /// The state of the named thing does not allow it.
    #[error("{why}")]
    IllegalState { why: &'static str },
    /// The intervention cannot make this move.
    #[error(transparent)]
    Move(#[from] IllegalMove),
    /// The play version cannot make this move.
    #[error(transparent)]
    PlayMove(#[from] IllegalPlayMove),
    /// The world kept changing while the decision was made.
    #[error("the session changed while it was decided on")]
    Unsettled,
    /// A bound of the service is reached.
    #[error("{what}: limit reached")]
    Exhausted { what: &'static str },
    /// Another service did not answer.
    #[error("{service} did not answer")]
    Upstream {
        service: &'static str,
        #[source]
        status: Box<Status>,
    },
    /// Another service answered something that its contract does not allow.
    #[error("{service} gave an answer that cannot be read")]
    Misunderstood {
        service: &'static str,
        #[source]
        source: InvalidField,
    },
    /// The starter plays that are compiled in cannot be read: a fault of the build.
    #[error("the starter plays cannot be read")]
    Starter(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl ServiceError for RoutingError {
    fn kind(&self) -> Kind {
        match self {
            Self::Invalid(_) => Kind::Invalid,
            Self::NotFound { .. } => Kind::NotFound,
            Self::IllegalState { .. } | Self::Move(_) | Self::PlayMove(_) => Kind::Precondition,
            Self::Unsettled => Kind::Conflict,
            Self::Exhausted { .. } => Kind::Exhausted,
            Self::Upstream { status, .. } => upstream_kind(status.code()),
            Self::Misunderstood { .. } | Self::Starter(_) => Kind::Internal,
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
            Self::Invalid(field) => field.reason,
            Self::Exhausted { .. } => ErrorReason::QuotaExceeded,
            Self::NotFound { .. }
            | Self::IllegalState { .. }
            | Self::Move(_)
            | Self::PlayMove(_)
            | Self::Unsettled
            | Self::Upstream { .. }
            | Self::Misunderstood { .. }
            | Self::Starter(_)
            | Self::Store(_) => self.kind().reason(),
        }
    }

    fn invalid_field(&self) -> Option<&InvalidField> {
        if let Self::Invalid(field) = self {
            Some(field)
        } else {
            None
        }
    }

    fn quota(&self) -> Option<&str> {
        if let Self::Exhausted { what } = self {
            Some(what)
        } else {
            None
        }
    }
}

/// A service that is away or overloaded, or does not take our token yet, may answer later; anything else is a fault of
/// ours, as it means that we asked wrongly.
fn upstream_kind(code: Code) -> Kind {
    match code {
        Code::Unavailable
        | Code::DeadlineExceeded
        | Code::ResourceExhausted
        | Code::Aborted
        | Code::Cancelled
        | Code::Unauthenticated
        | Code::PermissionDenied => Kind::Unavailable,
        Code::Ok
        | Code::Unknown
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::FailedPrecondition
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::Internal
        | Code::DataLoss => Kind::Internal,
    }
}
