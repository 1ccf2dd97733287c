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

pub use crate::scorecard::TableError;

/// Why a call was not answered.
#[derive(Debug, Error)]
pub(crate) enum RiskError {
    /// A field of the request is at fault.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
    /// The tenant has no such assessment.
    #[error("no such assessment")]
    AssessmentUnknown,
    /// The tenant has no such model, or not in this version.
    #[error("no such model, or not in this version")]
    ModelUnknown,
    /// Nothing is known by which a model could be judged.
    #[error("no outcome is known yet of a session that the model has scored")]
    NoOutcome,
    /// A stored day is none of the calendar.
    #[error("a stored day is none of the calendar")]
    NoSuchDay,
    /// Nobody has noted a cause yet.
    #[error("no cause was noted yet that could be learned from")]
    NoLabel,
    /// The tenant has no such table of causes.
    #[error("no such table of causes")]
    CauseTableUnknown,
    /// The table was learned on a built-in one that this release does not have.
    #[error("the table was learned on another built-in table: learn again")]
    CauseTableOutdated,
    /// No more tables can be learned on the built-in one.
    #[error("at most 999 tables are learned on one built-in table")]
    TooManyTables,
    /// The model is made of features that this release does not know.
    #[error("the model was registered for another version of the features: register it anew")]
    ModelOutdated,
    /// The tenant has as many models as it may have.
    #[error("a tenant has at most {limit} versions of models")]
    TooManyModels { limit: u64 },
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl ServiceError for RiskError {
    fn kind(&self) -> Kind {
        match self {
            Self::Invalid(_) => Kind::Invalid,
            Self::AssessmentUnknown | Self::ModelUnknown | Self::CauseTableUnknown => {
                Kind::NotFound
            }
            Self::NoOutcome | Self::NoLabel | Self::ModelOutdated | Self::CauseTableOutdated => {
                Kind::Precondition
            }
            Self::TooManyModels { .. } | Self::TooManyTables => Kind::Exhausted,
            Self::NoSuchDay => Kind::Internal,
            Self::Store(failure) => match failure.fault() {
                StoreFault::Unavailable => Kind::Unavailable,
                // Somebody else stored the same moment or version at the same time: a second try finds it.
                StoreFault::Busy | StoreFault::Conflict => Kind::Conflict,
                StoreFault::RequestIdReused => Kind::RequestIdReused,
                StoreFault::Broken => Kind::Internal,
            },
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Invalid(field) => field.reason,
            Self::ModelUnknown | Self::CauseTableUnknown => ErrorReason::UnknownModel,
            Self::TooManyModels { .. } | Self::TooManyTables => ErrorReason::QuotaExceeded,
            Self::AssessmentUnknown
            | Self::NoOutcome
            | Self::NoLabel
            | Self::NoSuchDay
            | Self::ModelOutdated
            | Self::CauseTableOutdated
            | Self::Store(_) => self.kind().reason(),
        }
    }

    fn invalid_field(&self) -> Option<&InvalidField> {
        match self {
            Self::Invalid(field) => Some(field),
            Self::AssessmentUnknown
            | Self::ModelUnknown
            | Self::NoOutcome
            | Self::NoLabel
            | Self::NoSuchDay
            | Self::CauseTableUnknown
            | Self::CauseTableOutdated
            | Self::TooManyTables
            | Self::ModelOutdated
            | Self::TooManyModels { .. }
            | Self::Store(_) => None,
        }
    }

    fn quota(&self) -> Option<&str> {
        match self {
            Self::TooManyModels { .. } => Some("versions of models"),
            Self::TooManyTables => Some("learned tables of causes"),
            Self::Invalid(_)
            | Self::AssessmentUnknown
            | Self::ModelUnknown
            | Self::NoOutcome
            | Self::NoLabel
            | Self::NoSuchDay
            | Self::CauseTableUnknown
            | Self::CauseTableOutdated
            | Self::ModelOutdated
            | Self::Store(_) => None,
        }
    }
}

/// Why the service did not start, or ended.
#[derive(Debug, Error)]
pub enum RunError {
    /// A table that was compiled in breaks a rule.
    #[error("a built-in table cannot be used")]
    Table(#[from] TableError),
    /// The database cannot be used.
    #[error("the store cannot be used")]
    Store(#[from] StoreError),
    /// Tokens cannot be verified.
    #[error("tokens cannot be verified")]
    Verifier(#[from] VerifierError),
    /// The key for the service's own tokens cannot be used.
    #[error("the signing key cannot be used")]
    Key(#[from] KeyError),
    /// The address of another service cannot be used.
    #[error("the address of another service cannot be used")]
    Client(#[from] ClientError),
    /// Background work panicked.
    #[error("background work failed")]
    Background(#[from] TaskPanicked),
    /// The server cannot serve.
    #[error("the server failed")]
    Serve(#[from] ServeError),
}
