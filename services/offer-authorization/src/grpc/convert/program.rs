//! Commands of the programme service.

use std::time::Duration;

use domain::cause::Cause;
use domain::id::{AgentId, PartnerId, ProgrammeId};
use domain::money::Money;
use domain::remedy::RemedyKind;
use platform::paging::PageRequest;
use proto::error::v1::ErrorReason;
use proto::field::{self, InvalidField};
use proto::offers::v1 as pb;

use super::{optional, positive, positive_share, within};
use crate::authority::{Grant, GrantorRole, MAX_GRANTS, Reach};
use crate::case::CaseAgent;
use crate::programme::{DEFAULT_HOLD_TTL, Programme, ProgrammeState, Purse, PurseOwner};
use crate::service::{NewPolicy, Viewer};
use crate::store::ledger::EntryFilter;
use crate::store::purses::PurseCursor;

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

/// Which page of whose purses.
pub(in crate::grpc) struct PursePage {
    pub(in crate::grpc) partner: Option<PartnerId>,
    pub(in crate::grpc) page: PageRequest<PurseCursor>,
}

/// Which page of the versions.
pub(in crate::grpc) struct PolicyPage(pub(in crate::grpc) PageRequest<u32>);

/// Which page of which entries.
pub(in crate::grpc) struct EntryPage {
    pub(in crate::grpc) filter: EntryFilter,
    pub(in crate::grpc) page: PageRequest<i64>,
}

impl TryFrom<pb::CreateProgrammeRequest> for ProgrammeBudget {
    type Error = InvalidField;

    fn try_from(request: pb::CreateProgrammeRequest) -> Result<Self, InvalidField> {
        let pb::CreateProgrammeRequest {
            request_id: _,
            programme,
        } = request;
        field::message("programme", programme)
    }
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
        } = programme;
        set_by_server("held", held)?;
        set_by_server("redeemed", redeemed)?;
        let budget: Money = field::read("budget", budget)?;
        let most = MOST_OFFERS_PER_PERSON;
        within("offers_per_person", u64::from(offers_per_person), 1..=most)?;
        let programme = Programme {
            id: field::read("programme_id", programme_id)?,
            remedies: money_remedies(remedies)?,
            currency: budget.currency(),
            starts_at: field::read("starts_at", starts_at)?,
            ends_at: field::read("ends_at", ends_at)?,
            margin_floor: field::read("margin_floor_bps", margin_floor_bps)?,
            offers_per_person,
            hold_ttl: ttl(hold_ttl)?,
            state: ProgrammeState::Active,
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

/// An amount that the server sets and a client may send back: not used, but no place for anything that is no amount.
fn set_by_server(field: &str, wire: Option<proto::money::v1::Money>) -> Result<(), InvalidField> {
    let _amount: Option<Money> = field::read(field, wire)?;
    Ok(())
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

fn free_of_charge(field: &str) -> InvalidField {
    let description = "must be a remedy that costs money";
    InvalidField::new(field, ErrorReason::OutOfRange, description)
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

impl TryFrom<pb::SetPurseRequest> for Purse {
    type Error = InvalidField;

    fn try_from(request: pb::SetPurseRequest) -> Result<Self, InvalidField> {
        let pb::SetPurseRequest {
            request_id: _,
            purse,
        } = request;
        field::message("purse", purse)
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

impl TryFrom<pb::ListPursesRequest> for PursePage {
    type Error = InvalidField;

    fn try_from(request: pb::ListPursesRequest) -> Result<Self, InvalidField> {
        let pb::ListPursesRequest {
            partner_id,
            page_size,
            page_token,
        } = request;
        Ok(Self {
            partner: optional("partner_id", partner_id)?,
            page: PageRequest::parse(page_size, &page_token)?,
        })
    }
}

impl PursePage {
    /// Whose purses are listed: those asked for, of those that the caller sees.
    pub(in crate::grpc) fn narrowed(&self, viewer: Viewer) -> Viewer {
        match (viewer, &self.partner) {
            (Viewer::Tenant, Some(partner)) => Viewer::Partner(partner.clone()),
            (viewer, _) => viewer,
        }
    }
}

impl TryFrom<pb::CreateAuthorityPolicyRequest> for NewPolicy {
    type Error = InvalidField;

    fn try_from(request: pb::CreateAuthorityPolicyRequest) -> Result<Self, InvalidField> {
        let pb::CreateAuthorityPolicyRequest {
            request_id: _,
            policy,
        } = request;
        field::message("policy", policy)
    }
}

impl TryFrom<pb::AuthorityPolicy> for NewPolicy {
    type Error = InvalidField;

    fn try_from(policy: pb::AuthorityPolicy) -> Result<Self, InvalidField> {
        let pb::AuthorityPolicy {
            version: _,
            active: _,
            purpose,
            grants,
            created_at: _,
        } = policy;
        if grants.is_empty() {
            return Err(InvalidField::absent("grants"));
        }
        field::within_count("grants", grants.len(), MAX_GRANTS)?;
        let grants: Vec<Grant> = field::messages("grants", grants)?;
        field::distinct("grants", &grants)?;
        Ok(Self {
            purpose: field::read("purpose", purpose)?,
            grants,
        })
    }
}

impl TryFrom<pb::AuthorityGrant> for Grant {
    type Error = InvalidField;

    fn try_from(grant: pb::AuthorityGrant) -> Result<Self, InvalidField> {
        let pb::AuthorityGrant {
            role,
            partner_id,
            agent_id,
            remedy,
            causes,
            max_amount,
            max_bps,
            expires_at,
        } = grant;
        let causes: Vec<Cause> = field::read("causes", causes)?;
        field::distinct("causes", &causes)?;
        let remedy: RemedyKind = field::read("remedy", remedy)?;
        if !remedy.costs_money() {
            return Err(free_of_charge("remedy"));
        }
        Ok(Self {
            role: field::enumerated::<pb::GrantorRole, _>("role", role)?,
            reach: reach(partner_id, agent_id)?,
            remedy,
            causes,
            max_amount: positive("max_amount", max_amount)?,
            max_share: positive_share("max_bps", max_bps)?,
            expires_at: field::read("expires_at", expires_at)?,
        })
    }
}

fn reach(partner: String, agent: String) -> Result<Reach, InvalidField> {
    let partner: Option<PartnerId> = optional("partner_id", partner)?;
    let agent: Option<AgentId> = optional("agent_id", agent)?;
    match (partner, agent) {
        (None, None) => Ok(Reach::Everyone),
        (Some(partner), None) => Ok(Reach::Partner(partner)),
        (Some(partner), Some(agent)) => Ok(Reach::Person(CaseAgent { partner, agent })),
        // An agent is one of a partner, so a name alone is nobody's.
        (None, Some(_)) => Err(InvalidField::absent("partner_id")),
    }
}

impl TryFrom<pb::GrantorRole> for GrantorRole {
    type Error = field::Unspecified;

    fn try_from(role: pb::GrantorRole) -> Result<Self, field::Unspecified> {
        match role {
            pb::GrantorRole::Unspecified => Err(field::Unspecified),
            pb::GrantorRole::Agent => Ok(Self::Agent),
            pb::GrantorRole::Supervisor => Ok(Self::Supervisor),
        }
    }
}

impl TryFrom<pb::ListAuthorityPoliciesRequest> for PolicyPage {
    type Error = InvalidField;

    fn try_from(request: pb::ListAuthorityPoliciesRequest) -> Result<Self, InvalidField> {
        let pb::ListAuthorityPoliciesRequest {
            page_size,
            page_token,
        } = request;
        PageRequest::parse(page_size, &page_token).map(Self)
    }
}

impl TryFrom<pb::ListLedgerEntriesRequest> for EntryPage {
    type Error = InvalidField;

    fn try_from(request: pb::ListLedgerEntriesRequest) -> Result<Self, InvalidField> {
        let pb::ListLedgerEntriesRequest {
            programme_id,
            offer_id,
            page_size,
            page_token,
        } = request;
        Ok(Self {
            filter: EntryFilter {
                programme: optional("programme_id", programme_id)?,
                offer: optional("offer_id", offer_id)?,
            },
            page: PageRequest::parse(page_size, &page_token)?,
        })
    }
}
