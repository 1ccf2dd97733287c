//! What can go wrong, and what a caller can do about it.

use platform::status::{Kind, ServiceError};
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;
use storage::{StoreError, StoreFault};
use thiserror::Error;

use crate::report::AmbiguousCurrency;

/// Why the service did not answer.
#[derive(Debug, Error)]
pub(crate) enum KpiError {
    /// A field of the request is at fault.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
    /// Nobody was ever assigned to an arm of this experiment.
    #[error("no such experiment")]
    ExperimentUnknown,
    /// A partner asks for another one.
    #[error("no such partner")]
    PartnerUnknown,
    /// The answer rests on more facts than one report may read.
    #[error("more than {limit} facts would have to be read")]
    TooManyFacts { limit: u64 },
    /// As many streams as there may be are open.
    #[error("too many streams of figures are open")]
    TooManyWatches,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// A report has no text form to compare.
    #[error("figures cannot be compared")]
    Compare(#[source] serde_json::Error),
}

impl From<AmbiguousCurrency> for KpiError {
    fn from(ambiguous: AmbiguousCurrency) -> Self {
        let description = ambiguous.to_string();
        Self::Invalid(InvalidField::new(
            "currency",
            ErrorReason::Required,
            description,
        ))
    }
}

impl ServiceError for KpiError {
    fn kind(&self) -> Kind {
        match self {
            Self::Invalid(_) => Kind::Invalid,
            Self::ExperimentUnknown | Self::PartnerUnknown => Kind::NotFound,
            // Asking again would not help, so this is not `Exhausted`.
            Self::TooManyFacts { .. } => Kind::Precondition,
            Self::TooManyWatches => Kind::Exhausted,
            Self::Store(failure) => match failure.fault() {
                StoreFault::Unavailable => Kind::Unavailable,
                StoreFault::Busy => Kind::Conflict,
                StoreFault::RequestIdReused => Kind::RequestIdReused,
                StoreFault::Conflict | StoreFault::Broken => Kind::Internal,
            },
            Self::Compare(_) => Kind::Internal,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Invalid(field) => field.reason,
            Self::ExperimentUnknown => ErrorReason::UnknownExperiment,
            Self::PartnerUnknown => ErrorReason::UnknownPartner,
            Self::TooManyFacts { .. } | Self::TooManyWatches => ErrorReason::QuotaExceeded,
            Self::Store(_) | Self::Compare(_) => self.kind().reason(),
        }
    }

    fn invalid_field(&self) -> Option<&InvalidField> {
        match self {
            Self::Invalid(field) => Some(field),
            Self::ExperimentUnknown
            | Self::PartnerUnknown
            | Self::TooManyFacts { .. }
            | Self::TooManyWatches
            | Self::Store(_)
            | Self::Compare(_) => None,
        }
    }

    fn quota(&self) -> Option<&str> {
        match self {
            Self::TooManyWatches => Some("streams of figures"),
            Self::Invalid(_)
            | Self::ExperimentUnknown
            | Self::PartnerUnknown
            | Self::TooManyFacts { .. }
            | Self::Store(_)
            | Self::Compare(_) => None,
        }
    }
}
