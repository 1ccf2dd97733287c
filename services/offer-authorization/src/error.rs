//! What goes wrong in this service and what a caller can do about it. A refusal of an offer is an answer, not an error.

use platform::auth::KeyError;
use platform::status::{Kind, ServiceError};
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;
use storage::{StoreError, StoreFault};
use thiserror::Error;

use crate::offer::IllegalMove;

/// Why a call failed.
#[derive(Debug, Error)]
pub(crate) enum OfferError {
    #[error(transparent)]
    Invalid(#[from] InvalidField),
    #[error("the request id was used for another request")]
    RequestIdReused(InvalidField),
    #[error("no case of this intervention is known")]
    CaseUnknown,
    #[error("no offer has this id")]
    OfferUnknown,
    #[error("no redemption has this id")]
    RedemptionUnknown,
    #[error("no offer programme has this id")]
    ProgrammeUnknown,
    #[error("the authority policy has no such version")]
    PolicyUnknown,
    #[error("no partner has this id")]
    PartnerUnknown,
    #[error("an offer programme of this id exists")]
    ProgrammeExists,
    #[error("the redemption is too old to be reversed")]
    RedemptionTooOld,
    #[error(transparent)]
    Move(#[from] IllegalMove),
    #[error("the offer token cannot be signed")]
    Signing(#[source] KeyError),
    #[error("the store failed")]
    Store(#[source] StoreError),
}

impl From<StoreError> for OfferError {
    fn from(failure: StoreError) -> Self {
        match failure.fault() {
            StoreFault::RequestIdReused => Self::RequestIdReused(InvalidField::new(
                "request_id",
                ErrorReason::RequestIdReused,
                "was used for another request",
            )),
            StoreFault::Unavailable
            | StoreFault::Busy
            | StoreFault::Conflict
            | StoreFault::Broken => Self::Store(failure),
        }
    }
}

impl From<sea_orm::DbErr> for OfferError {
    fn from(failure: sea_orm::DbErr) -> Self {
        StoreError::from(failure).into()
    }
}

impl ServiceError for OfferError {
    fn kind(&self) -> Kind {
        match self {
            Self::Invalid(_) => Kind::Invalid,
            Self::RequestIdReused(_) => Kind::RequestIdReused,
            Self::CaseUnknown
            | Self::OfferUnknown
            | Self::RedemptionUnknown
            | Self::ProgrammeUnknown
            | Self::PolicyUnknown
            | Self::PartnerUnknown => Kind::NotFound,
            Self::ProgrammeExists | Self::RedemptionTooOld | Self::Move(_) => Kind::Precondition,
            Self::Signing(_) => Kind::Internal,
            Self::Store(failure) => match failure.fault() {
                StoreFault::Unavailable => Kind::Unavailable,
                StoreFault::Busy | StoreFault::Conflict => Kind::Conflict,
                StoreFault::RequestIdReused => Kind::RequestIdReused,
                StoreFault::Broken => Kind::Internal,
            },
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::ProgrammeUnknown => ErrorReason::UnknownProgramme,
            Self::PartnerUnknown => ErrorReason::UnknownPartner,
            Self::ProgrammeExists => ErrorReason::AlreadyExists,
            Self::Move(fault) => match fault {
                IllegalMove::NotHeld => ErrorReason::OfferEnded,
                IllegalMove::AlreadyRedeemed => ErrorReason::AlreadyRedeemed,
                IllegalMove::AlreadyReversed => ErrorReason::AlreadyReversed,
                IllegalMove::NoApprovalNeeded
                | IllegalMove::NoApprovalPending
                | IllegalMove::NotRedeemed
                | IllegalMove::NotWithinRest
                | IllegalMove::NotDue => ErrorReason::IllegalState,
            },
            Self::Invalid(fault) | Self::RequestIdReused(fault) => fault.reason,
            Self::CaseUnknown
            | Self::OfferUnknown
            | Self::RedemptionUnknown
            | Self::PolicyUnknown
            | Self::RedemptionTooOld
            | Self::Signing(_)
            | Self::Store(_) => self.kind().reason(),
        }
    }

    fn invalid_field(&self) -> Option<&InvalidField> {
        match self {
            Self::Invalid(fault) | Self::RequestIdReused(fault) => Some(fault),
            Self::CaseUnknown
            | Self::OfferUnknown
            | Self::RedemptionUnknown
            | Self::ProgrammeUnknown
            | Self::PolicyUnknown
            | Self::PartnerUnknown
            | Self::ProgrammeExists
            | Self::RedemptionTooOld
            | Self::Move(_)
            | Self::Signing(_)
            | Self::Store(_) => None,
        }
    }
}
