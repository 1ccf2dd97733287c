//! Ids that we make: UUIDs with a prefix that tells their kind, `ses_0192f0c1-…`.
//!
//! Any UUID version is accepted, because storefronts make event ids themselves. Only one text form is: two texts for
//! one id would split a person, a trace or an idempotency key in two.

use std::fmt;

use uuid::Uuid;

use super::{InvalidId, text_form};

/// Length of a UUID in canonical, hyphenated form.
const CANONICAL_LENGTH: usize = 36;

/// What all prefixed ids have in common; lets an id source make any of them.
pub trait TypedId: Copy + Ord + fmt::Display {
    /// The prefix in the text form, without its underscore.
    const PREFIX: &'static str;

    /// Wraps a UUID.
    fn from_uuid(uuid: Uuid) -> Self;

    /// The bare UUID.
    fn uuid(self) -> Uuid;
}

/// Reads a UUID in canonical form only; the `uuid` crate alone would also take braces, URNs and capitals.
fn canonical_uuid(text: &str) -> Result<Uuid, InvalidId> {
    if text.len() != CANONICAL_LENGTH || text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(InvalidId::Uuid);
    }
    Uuid::try_parse(text).map_err(|_| InvalidId::Uuid)
}

macro_rules! typed_ids {
    ($( $(#[$meta:meta])* $name:ident = $prefix:literal; )+) => { $(
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
        )]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// The prefix in the text form, without its underscore.
            pub const PREFIX: &'static str = $prefix;

            /// Wraps a UUID.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The bare UUID.
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// Reads the text form: prefix, underscore, canonical UUID.
            ///
            /// # Errors
            ///
            /// [`InvalidId::Prefix`] or [`InvalidId::Uuid`].
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .ok_or(InvalidId::Prefix { expected: $prefix })
                    .and_then(canonical_uuid)
                    .map(Self)
            }
        }

        impl TypedId for $name {
            const PREFIX: &'static str = $prefix;

            fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!($prefix, "_{}"), self.0.as_hyphenated())
            }
        }

        text_form!($name);
    )+ };
}

typed_ids! {
    /// A shopping session: the events of one visitor on one device.
    SessionId = "ses";
    /// A visitor whose name we do not know, on one device.
    VisitorId = "vis";
    /// A person the shop knows.
    ShopperId = "shp";
    /// One event of a session; made by the client, and its idempotency key.
    EventId = "evt";
    /// A decision point of a session.
    MomentId = "mom";
    /// An assessment of a moment.
    AssessmentId = "asm";
    /// A decision on one assessed moment.
    DecisionId = "dec";
    /// An intervention, from its detection to its end.
    InterventionId = "itv";
    /// What is shown or sent to start a contact.
    InvitationId = "inv";
    /// One unit of work for an agent.
    TaskId = "tsk";
    /// The exclusive hold of a task for one agent.
    ReservationId = "rsv";
    /// An offer, from its request to its reversal.
    OfferId = "off";
    /// The use of an offer in an order.
    RedemptionId = "red";
    /// One row of the offer ledger.
    LedgerEntryId = "led";
    /// A supervisor's decision on one offer.
    ApprovalId = "apr";
    /// One fact of the measurement log.
    FactId = "fct";
}

/// Idempotency key of a write, chosen by the caller: a bare UUID in canonical form.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct RequestId(Uuid);

impl RequestId {
    /// Wraps a UUID.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The bare UUID.
    pub const fn uuid(self) -> Uuid {
        self.0
    }

    /// Reads the text form.
    ///
    /// # Errors
    ///
    /// [`InvalidId::Uuid`] unless it is a canonical UUID.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        canonical_uuid(text).map(Self)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.0.as_hyphenated(), formatter)
    }
}

text_form!(RequestId);
