//! Commands of the programme service.

use std::time::Duration;

use domain::id::{PartnerId, ProgrammeId};
use domain::money::Money;
use domain::remedy::RemedyKind;
use proto::error::v1::ErrorReason;
use proto::field::{self, InvalidField};
use proto::offers::v1 as pb;

use super::{budget, free_of_charge, optional, positive, set_by_server, within};
use crate::programme::{DEFAULT_HOLD_TTL, Programme, ProgrammeState, Purse, PurseOwner};
use crate::service::Viewer;

const SHORTEST_HOLD: Duration = Duration::from_mins(1);
const LONGEST_HOLD: Duration = Duration::from_hours(24);
const MOST_OFFERS_PER_PERSON: u64 = 1_000;

/// A programme with its first budget.
pub(in crate::grpc) struct ProgrammeBudget {
    pub(in crate::grpc) programme: Programme,
    pub(in crate::grpc) budget: Money,
}

/// Money for a budget.
pub(in crate::grpc) struct TopUp {
    pub(in crate::grpc) programme: ProgrammeId,
    pub(in crate::grpc) amount: Money,
}

/// A programme that is frozen, or grants again.
pub(in crate::grpc) struct StateChange {
    pub(in crate::grpc) programme: ProgrammeId,
    pub(in crate::grpc) state: ProgrammeState,
}

impl TryFrom<pb::Programme> for ProgrammeBudget {
    type Error = InvalidField;

    fn try_from(programme: pb::Programme) -> Result<Self, InvalidField> {
        let pb::Programme {
            programme_id,
            remedies,
            budget,
            starts_at,
            ends_at,
            margin_floor_bps,
            offers_per_person,
            hold_ttl,
            state: _,
            held,
            redeemed,
            budget_periods,
        } = programme;
        set_by_server("held", held)?;
        set_by_server("redeemed", redeemed)?;
        let budget: Money = field::read("budget", budget)?;
        let most = MOST_OFFERS_PER_PERSON;
        within("offers_per_person", u64::from(offers_per_person), 1..=most)?;
        let starts_at = field::read("starts_at", starts_at)?;
        let programme = Programme {
            id: field::read("programme_id", programme_id)?,
            remedies: money_remedies(remedies)?,
            currency: budget.currency(),
            starts_at,
            ends_at: field::read("ends_at", ends_at)?,
            margin_floor: field::read("margin_floor_bps", margin_floor_bps)?,
            offers_per_person,
            hold_ttl: ttl(hold_ttl)?,
            state: ProgrammeState::Active,
            periods: budget::periods(budget_periods, budget, starts_at)?,
        };
        if programme.starts_at >= programme.ends_at {
            let description = "must be after the start";
            return Err(InvalidField::new(
                "ends_at",
                ErrorReason::OutOfRange,
                description,
            ));
        }
        Ok(Self { programme, budget })
    }
}

fn money_remedies(wire: Vec<i32>) -> Result<Vec<RemedyKind>, InvalidField> {
    let remedies: Vec<RemedyKind> = field::read("remedies", wire)?;
    if remedies.is_empty() {
        return Err(InvalidField::absent("remedies"));
    }
    field::distinct("remedies", &remedies)?;
    match remedies.iter().position(|remedy| !remedy.costs_money()) {
        None => Ok(remedies),
        Some(index) => Err(free_of_charge("").within_index("remedies", index)),
    }
}

fn ttl(wire: Option<prost_types::Duration>) -> Result<Duration, InvalidField> {
    let Some(wire) = wire else {
        return Ok(DEFAULT_HOLD_TTL);
    };
    let ttl: Duration = field::read("hold_ttl", Some(wire))?;
    if (SHORTEST_HOLD..=LONGEST_HOLD).contains(&ttl) {
        return Ok(ttl);
    }
    let description = "must be 1 minute to 24 hours";
    Err(InvalidField::new(
        "hold_ttl",
        ErrorReason::OutOfRange,
        description,
    ))
}

impl TryFrom<pb::TopUpBudgetRequest> for TopUp {
    type Error = InvalidField;

    fn try_from(request: pb::TopUpBudgetRequest) -> Result<Self, InvalidField> {
        let pb::TopUpBudgetRequest {
            request_id: _,
            programme_id,
            amount,
        } = request;
        Ok(Self {
            programme: field::read("programme_id", programme_id)?,
            amount: positive("amount", amount)?,
        })
    }
}

impl TryFrom<pb::SetProgrammeStateRequest> for StateChange {
    type Error = InvalidField;

    fn try_from(request: pb::SetProgrammeStateRequest) -> Result<Self, InvalidField> {
        let pb::SetProgrammeStateRequest {
            request_id: _,
            programme_id,
            state,
        } = request;
        Ok(Self {
            programme: field::read("programme_id", programme_id)?,
            state: field::enumerated::<pb::ProgrammeState, _>("state", state)?,
        })
    }
}

impl TryFrom<pb::ProgrammeState> for ProgrammeState {
    type Error = field::Unspecified;

    fn try_from(state: pb::ProgrammeState) -> Result<Self, field::Unspecified> {
        match state {
            pb::ProgrammeState::Unspecified => Err(field::Unspecified),
            pb::ProgrammeState::Active => Ok(Self::Active),
            pb::ProgrammeState::Frozen => Ok(Self::Frozen),
        }
    }
}

impl TryFrom<pb::Purse> for Purse {
    type Error = InvalidField;

    fn try_from(purse: pb::Purse) -> Result<Self, InvalidField> {
        let pb::Purse {
            partner_id,
            agent_id,
            daily_limit,
            used_today,
        } = purse;
        set_by_server("used_today", used_today)?;
        Ok(Self {
            owner: PurseOwner {
                partner: field::read("partner_id", partner_id)?,
                agent: optional("agent_id", agent_id)?,
            },
            daily_limit: field::read("daily_limit", daily_limit)?,
        })
    }
}

/// Whose things are listed: those asked for, of those that the caller sees.
pub(in crate::grpc) fn narrowed(viewer: Viewer, partner: Option<PartnerId>) -> Viewer {
    match (viewer, partner) {
        (Viewer::Tenant, Some(partner)) => Viewer::Partner(partner),
        (viewer, _) => viewer,
    }
}
