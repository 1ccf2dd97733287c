//! What goes wrong in this service and what a caller can do about it. A refusal of an offer is an answer, not an error.

use platform::auth::KeyError;
use platform::status::{Kind, ServiceError};
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;
use storage::{StoreError, StoreFault};
use thiserror::Error;

use crate::audit::CheckpointError;
use crate::authority::PolicyFault;
use crate::offer::IllegalMove;

/// Why a call failed.
#[derive(Debug, Error)]
pub(crate) enum OfferError {
    #[error(transparent)]
    Invalid(#[from] InvalidField),
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
    #[error("a stored policy cannot be used")]
    PolicyBroken(#[source] PolicyFault),
    #[error("no partner has this id")]
    PartnerUnknown,
    #[error("an offer programme of this id exists")]
    ProgrammeExists,
    #[error("as many streams of approvals are open as may be")]
    TooManyStreams,
    #[error("the redemption is too old to be reversed")]
    RedemptionTooOld,
    #[error("the budget was frozen or its period ended meanwhile")]
    BudgetMoved,
    #[error(transparent)]
    Move(#[from] IllegalMove),
    #[error("the offer token cannot be signed")]
    Signing(#[source] KeyError),
    #[error("the audit trail cannot be signed")]
    Checkpoint(#[source] CheckpointError),
    #[error("the store failed")]
    Store(#[from] StoreError),
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
            Self::CaseUnknown
            | Self::OfferUnknown
            | Self::RedemptionUnknown
            | Self::ProgrammeUnknown
            | Self::PolicyUnknown
            | Self::PartnerUnknown => Kind::NotFound,
            Self::ProgrammeExists | Self::RedemptionTooOld | Self::Move(_) => Kind::Precondition,
            Self::BudgetMoved => Kind::Conflict,
            Self::TooManyStreams => Kind::Exhausted,
            Self::Signing(_) | Self::PolicyBroken(_) | Self::Checkpoint(_) => Kind::Internal,
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
            Self::Invalid(fault) => fault.reason,
            Self::TooManyStreams => ErrorReason::QuotaExceeded,
            Self::CaseUnknown
            | Self::OfferUnknown
            | Self::RedemptionUnknown
            | Self::PolicyUnknown
            | Self::PolicyBroken(_)
            | Self::RedemptionTooOld
            | Self::BudgetMoved
            | Self::Signing(_)
            | Self::Checkpoint(_)
            | Self::Store(_) => self.kind().reason(),
        }
    }

    fn invalid_field(&self) -> Option<&InvalidField> {
        match self {
            Self::Invalid(fault) => Some(fault),
            Self::CaseUnknown
            | Self::OfferUnknown
            | Self::RedemptionUnknown
            | Self::ProgrammeUnknown
            | Self::PolicyUnknown
            | Self::PolicyBroken(_)
            | Self::PartnerUnknown
            | Self::ProgrammeExists
            | Self::RedemptionTooOld
            | Self::BudgetMoved
            | Self::Move(_)
            | Self::Signing(_)
            | Self::Checkpoint(_)
            | Self::TooManyStreams
            | Self::Store(_) => None,
        }
    }

    fn quota(&self) -> Option<&str> {
        matches!(self, Self::TooManyStreams).then_some("streams of approvals")
    }
}
