//! From the wire: messages as commands in domain types, or the first field at fault.

mod authorization;
mod policies;
mod program;
mod statement;

pub(super) use authorization::{NamedOffer, OfferPage, actor, person, viewer};
pub(super) use policies::{DryRunOf, PolicyPage};
pub(super) use program::{ProgrammeBudget, PursePage, StateChange, TopUp, narrowed};
pub(super) use statement::{EntryPage, StandingPage};

use domain::money::{BasisPoints, Money};
use proto::error::v1::ErrorReason;
use proto::field::{self, InvalidField, WireField};
use proto::offers::v1 as pb;

use crate::case::CaseAgent;

/// Most that a version or a revision can be, since it is stored in a signed column.
const MAX_COUNT: u64 = i64::MAX.cast_unsigned();

impl TryFrom<pb::CaseAgent> for CaseAgent {
    type Error = InvalidField;

    fn try_from(agent: pb::CaseAgent) -> Result<Self, InvalidField> {
        let pb::CaseAgent {
            partner_id,
            agent_id,
        } = agent;
        Ok(Self {
            partner: field::read("partner_id", partner_id)?,
            agent: field::read("agent_id", agent_id)?,
        })
    }
}

/// Text for which the empty string means absent.
fn optional<T: WireField<String>>(field: &str, text: String) -> Result<Option<T>, InvalidField> {
    if text.is_empty() {
        return Ok(None);
    }
    field::read(field, text).map(Some)
}

/// An amount above zero.
fn positive(field: &str, wire: Option<proto::money::v1::Money>) -> Result<Money, InvalidField> {
    let amount: Money = field::read(field, wire)?;
    if amount.is_zero() {
        let fault = InvalidField::new("minor_units", ErrorReason::OutOfRange, "must be above zero");
        return Err(fault.within(field));
    }
    Ok(amount)
}

/// A share above zero.
fn positive_share(field: &str, wire: u32) -> Result<BasisPoints, InvalidField> {
    let share: BasisPoints = field::read(field, wire)?;
    if share == BasisPoints::ZERO {
        return Err(InvalidField::new(
            field,
            ErrorReason::OutOfRange,
            "must be 1 to 10000",
        ));
    }
    Ok(share)
}

/// A number between two others, both included.
fn within(
    field: &str,
    number: u64,
    range: std::ops::RangeInclusive<u64>,
) -> Result<u64, InvalidField> {
    if range.contains(&number) {
        return Ok(number);
    }
    let description = format!("must be {} to {}", range.start(), range.end());
    Err(InvalidField::new(
        field,
        ErrorReason::OutOfRange,
        description,
    ))
}

fn free_of_charge(field: &str) -> InvalidField {
    let description = "must be a remedy that costs money";
    InvalidField::new(field, ErrorReason::OutOfRange, description)
}
