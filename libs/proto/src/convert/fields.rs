//! Shared values as single fields: required, absent, and repeated where messages repeat them.
//!
//! One list per shape on the wire; closed sets of words have theirs in `words`.

use std::time::Duration;

use domain::assessment::{Assessment, CauseFinding, Factor, FactorName, LogOdds, Probability};
use domain::block::Block;
use domain::cart::{Cart, CartLine, Configurable, Quantity};
use domain::consent::Consent;
use domain::fact::{Fact, Pointless, SurveyScore};
use domain::id::{
    AgentId, ApprovalId, AssessmentId, EventId, ExperimentId, FactId, InterventionId, InvitationId,
    IssueCode, LedgerEntryId, ModelId, MomentId, OfferId, OrderId, PartnerId, PersonId, PlayId,
    ProgrammeId, QueueId, RedemptionId, RequestId, ReservationId, SessionId, ShopperId, SkillId,
    Sku, TaskId, TenantId, VisitorId,
};
use domain::language::Language;
use domain::moment::{Moment, Shopping, VisitHistory};
use domain::money::{BasisPoints, Currency, Money};
use domain::signal::Signal;
use domain::text::Text;
use domain::time::{Timestamp, Zone};

use super::time::{
    optional_timestamp, required_duration, required_timestamp, wire_duration, wire_timestamp,
};
use crate::field::{self, InvalidField, WireField};

macro_rules! short_texts {
    ($( $ours:ty ),+ $(,)?) => { $(
        impl WireField<String> for $ours {
            fn from_wire(field: &str, wire: String) -> Result<Self, InvalidField> {
                field::parse(field, &wire, Self::parse)
            }

            fn into_wire(self) -> String {
                self.to_string()
            }
        }

        impl WireField<Option<String>> for Option<$ours> {
            fn from_wire(field: &str, wire: Option<String>) -> Result<Self, InvalidField> {
                wire.map(|text| field::read(field, text)).transpose()
            }

            fn into_wire(self) -> Option<String> {
                self.map(WireField::into_wire)
            }
        }
    )+ };
}

short_texts! {
    AgentId, ApprovalId, AssessmentId, Currency, EventId, ExperimentId, FactId, InterventionId, InvitationId,
    IssueCode, Language, LedgerEntryId, ModelId, MomentId, OfferId, OrderId, PartnerId, PersonId, PlayId, ProgrammeId,
    QueueId, RedemptionId, RequestId, ReservationId, SessionId, ShopperId, SkillId, Sku, TaskId, TenantId, VisitorId, Zone,
}

macro_rules! messages {
    ($( $wire:path => $ours:ty ),+ $(,)?) => { $(
        impl WireField<Option<$wire>> for $ours {
            fn from_wire(field: &str, wire: Option<$wire>) -> Result<Self, InvalidField> {
                field::message(field, wire)
            }

            fn into_wire(self) -> Option<$wire> {
                Some(self.into())
            }
        }

        impl WireField<Option<$wire>> for Option<$ours> {
            fn from_wire(field: &str, wire: Option<$wire>) -> Result<Self, InvalidField> {
                wire.map(|message| field::message(field, Some(message))).transpose()
            }

            fn into_wire(self) -> Option<$wire> {
                self.map(Into::into)
            }
        }

        impl WireField<Vec<$wire>> for Vec<$ours> {
            fn from_wire(field: &str, wire: Vec<$wire>) -> Result<Self, InvalidField> {
                field::messages(field, wire)
            }

            fn into_wire(self) -> Vec<$wire> {
                self.into_iter().map(Into::into).collect()
            }
        }
    )+ };
}

messages! {
    crate::assessment::v1::Assessment => Assessment,
    crate::assessment::v1::Factor => Factor,
    crate::block::v1::Block => Block,
    crate::cart::v1::Cart => Cart,
    crate::cart::v1::CartLine => CartLine,
    crate::cause::v1::CauseFinding => CauseFinding,
    crate::cause::v1::Signal => Signal,
    crate::consent::v1::Consent => Consent,
    crate::fact::v1::Fact => Fact,
    crate::moment::v1::Moment => Moment,
    crate::moment::v1::ShoppingSummary => Shopping,
    crate::moment::v1::VisitHistory => VisitHistory,
    crate::money::v1::Money => Money,
}

macro_rules! numbers {
    ($( $wire:ty => $ours:ty ),+ $(,)?) => { $(
        impl WireField<$wire> for $ours {
            fn from_wire(field: &str, wire: $wire) -> Result<Self, InvalidField> {
                Self::new(wire).map_err(InvalidField::at(field))
            }

            fn into_wire(self) -> $wire {
                self.get()
            }
        }
    )+ };
}

numbers! {
    f64 => LogOdds,
    f64 => Probability,
    u32 => BasisPoints,
    u32 => Quantity,
}

macro_rules! unbounded {
    ($( $number:ty ),+ $(,)?) => { $(
        impl WireField<$number> for $number {
            fn from_wire(_field: &str, wire: $number) -> Result<Self, InvalidField> {
                Ok(wire)
            }

            fn into_wire(self) -> $number {
                self
            }
        }
    )+ };
}

unbounded! { u32, u64, Option<u32> }

macro_rules! yes_or_no {
    ($( $ours:ty ),+ $(,)?) => { $(
        impl WireField<bool> for $ours {
            fn from_wire(_field: &str, wire: bool) -> Result<Self, InvalidField> {
                Ok(if wire { Self::Yes } else { Self::No })
            }

            fn into_wire(self) -> bool {
                self == Self::Yes
            }
        }
    )+ };
}

yes_or_no! { Configurable, Pointless }

impl<const MAX: usize> WireField<String> for Text<MAX> {
    fn from_wire(field: &str, wire: String) -> Result<Self, InvalidField> {
        Self::parse(&wire).map_err(InvalidField::at(field))
    }

    fn into_wire(self) -> String {
        self.into()
    }
}

impl WireField<String> for FactorName {
    fn from_wire(field: &str, wire: String) -> Result<Self, InvalidField> {
        Self::parse(&wire).map_err(InvalidField::at(field))
    }

    fn into_wire(self) -> String {
        self.into()
    }
}

impl<const MAX: usize> WireField<Option<String>> for Option<Text<MAX>> {
    fn from_wire(field: &str, wire: Option<String>) -> Result<Self, InvalidField> {
        wire.map(|text| field::read(field, text)).transpose()
    }

    fn into_wire(self) -> Option<String> {
        self.map(WireField::into_wire)
    }
}

impl WireField<u32> for SurveyScore {
    fn from_wire(field: &str, wire: u32) -> Result<Self, InvalidField> {
        // What does not fit the narrow type is as much out of range as 6 is.
        Self::new(u8::try_from(wire).unwrap_or(u8::MAX)).map_err(InvalidField::at(field))
    }

    fn into_wire(self) -> u32 {
        u32::from(self.get())
    }
}

impl WireField<Option<prost_types::Timestamp>> for Timestamp {
    fn from_wire(field: &str, wire: Option<prost_types::Timestamp>) -> Result<Self, InvalidField> {
        required_timestamp(field, wire)
    }

    fn into_wire(self) -> Option<prost_types::Timestamp> {
        Some(wire_timestamp(self))
    }
}

impl WireField<Option<prost_types::Timestamp>> for Option<Timestamp> {
    fn from_wire(field: &str, wire: Option<prost_types::Timestamp>) -> Result<Self, InvalidField> {
        optional_timestamp(field, wire)
    }

    fn into_wire(self) -> Option<prost_types::Timestamp> {
        self.map(wire_timestamp)
    }
}

impl WireField<Option<prost_types::Duration>> for Duration {
    fn from_wire(field: &str, wire: Option<prost_types::Duration>) -> Result<Self, InvalidField> {
        required_duration(field, wire)
    }

    fn into_wire(self) -> Option<prost_types::Duration> {
        Some(wire_duration(self))
    }
}
