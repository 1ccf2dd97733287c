//! From the wire: messages as commands in domain types, or the first field at fault.

mod authorization;
mod budget;
mod floors;
mod policies;
mod program;
mod statement;

pub(super) use authorization::{NamedOffer, OfferPage, actor, person, viewer};
pub(super) use floors::FloorPage;
pub(super) use policies::{DryRunOf, PolicyPage};
pub(super) use program::{ProgrammeBudget, StateChange, TopUp, narrowed};
pub(super) use statement::EntryPage;

use domain::id::PartnerId;
use domain::money::{BasisPoints, Money};
use domain::time::Timestamp;
use platform::paging::PageRequest;
use proto::error::v1::ErrorReason;
use proto::field::{self, InvalidField, WireField};
use proto::offers::v1 as pb;

use crate::case::CaseAgent;
use crate::floors::FloorSetting;
use crate::programme::Purse;
use crate::service::NewPolicy;
use crate::store::people::PersonCursor;
use crate::store::standings::KnownPerson;

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

/// Requests that are one message and the key of idempotency.
macro_rules! carry {
    ($( $request:ident { $field:ident } => $ours:ty ),+ $(,)?) => { $(
        impl TryFrom<pb::$request> for $ours {
            type Error = InvalidField;

            fn try_from(request: pb::$request) -> Result<Self, InvalidField> {
                let pb::$request { request_id: _, $field } = request;
                field::message(stringify!($field), $field)
            }
        }
    )+ };
}

carry! {
    CreateProgrammeRequest { programme } => ProgrammeBudget,
    SetPurseRequest { purse } => Purse,
    SetStandingRequest { standing } => KnownPerson,
    SetMarginFloorRequest { floor } => FloorSetting,
    CreateAuthorityPolicyRequest { policy } => NewPolicy,
}

/// Which page of what partners and their agents have.
pub(super) struct PersonPage {
    pub(super) partner: Option<PartnerId>,
    pub(super) page: PageRequest<PersonCursor>,
}

macro_rules! person_pages {
    ($( $request:ident ),+ $(,)?) => { $(
        impl TryFrom<pb::$request> for PersonPage {
            type Error = InvalidField;

            fn try_from(request: pb::$request) -> Result<Self, InvalidField> {
                let pb::$request { partner_id, page_size, page_token } = request;
                Ok(Self {
                    partner: optional("partner_id", partner_id)?,
                    page: PageRequest::parse(page_size, &page_token)?,
                })
            }
        }
    )+ };
}

person_pages! { ListPursesRequest, ListStandingsRequest }

fn require_period(from: Timestamp, until: Timestamp) -> Result<(), InvalidField> {
    if from < until {
        return Ok(());
    }
    let description = "must be after `from`";
    Err(InvalidField::new(
        "until",
        ErrorReason::OutOfRange,
        description,
    ))
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

/// An amount that the server sets and a client may send back: not used, but no place for anything that is no amount.
fn set_by_server(field: &str, wire: Option<proto::money::v1::Money>) -> Result<(), InvalidField> {
    let _amount: Option<Money> = field::read(field, wire)?;
    Ok(())
}

fn free_of_charge(field: &str) -> InvalidField {
    let description = "must be a remedy that costs money";
    InvalidField::new(field, ErrorReason::OutOfRange, description)
}
