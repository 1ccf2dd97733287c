//! Identifiers, each its own type, so that a session id can never stand where an offer id belongs.
//!
//! Three families: prefixed UUIDs that we make, slugs that an operator chooses, and references that a shop's own
//! systems made. New ids come from an id source outside this crate; nothing here draws randomness.

mod person;
mod reference;
mod slug;
mod typed;

pub use person::PersonId;
pub use reference::{OrderId, Sku};
pub use slug::{
    AgentId, ExperimentId, IssueCode, ModelId, PartnerId, PlayId, ProgrammeId, QueueId, SkillId,
    TenantId,
};
pub use typed::{
    ApprovalId, AssessmentId, DecisionId, EventId, FactId, InterventionId, InvitationId,
    LedgerEntryId, MomentId, OfferId, RedemptionId, RequestId, ReservationId, SessionId, ShopperId,
    TaskId, TypedId, VisitorId,
};

/// Why a text is not an identifier; says what would be right, never what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// The prefix that tells the kind of id is missing or that of another kind.
    #[error("must begin with `{expected}_`")]
    Prefix {
        /// The prefix that would be right, without its underscore.
        expected: &'static str,
    },
    /// A person is named by a shopper or a visitor id.
    #[error("must be a shopper id (`shp_`) or a visitor id (`vis_`)")]
    Person,
    /// The UUID is not in its one canonical text form.
    #[error("must hold a uuid in canonical form: lowercase, 36 characters, hyphenated")]
    Uuid,
    /// The slug has a wrong length or character.
    #[error("must be 1 to 64 characters of `a-z`, `0-9`, `.`, `_` and `-`")]
    Slug,
    /// The reference has a wrong length or character.
    #[error("must be 1 to 64 visible ascii characters")]
    Reference,
    /// The text holds what looks like a payment card number, which is accepted nowhere.
    #[error("must not hold a payment card number")]
    CardNumber,
}

/// Display, `FromStr` and the conversions that serde uses, for a type with `parse` and `Display`.
macro_rules! text_form {
    ($name:ident) => {
        impl std::str::FromStr for $name {
            type Err = $crate::id::InvalidId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::id::InvalidId;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

use text_form;

#[cfg(test)]
mod tests;
