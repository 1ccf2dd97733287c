//! Calls of offer-authorization about programmes, purses, authority and the ledger.

use std::time::Duration;

use CallerKind::Operator;
use domain::time::later;
use platform::auth::CallerKind;
use proto::convert::time::wire_timestamp;
use proto::offers::v1::{
    ActivateAuthorityPolicyRequest, Certificate, CreateAuthorityPolicyRequest,
    CreateProgrammeRequest, DryRunAuthorityPolicyRequest, GetStatementRequest, LedgerEntryKind,
    ListAuthorityPoliciesRequest, ListLedgerEntriesRequest, ListMarginFloorsRequest,
    ListProgrammesRequest, ListPursesRequest, ListStandingsRequest, MarginFloor, ProgrammeState,
    Purse, SetMarginFloorRequest, SetProgrammeStateRequest, SetPurseRequest, SetStandingRequest,
    Standing, StatementGrouping, TopUpBudgetRequest,
};
use proto::remedy::v1::RemedyKind;

use super::samples::{a_long_ago, an_offer_id};
use super::{Call, call};
use crate::people::{now, usd};
use crate::shop::request_id;
use crate::stage::{a_policy, a_programme, case_agent};

pub(super) fn calls() -> Vec<Call> {
    [
        programmes(),
        margin_floors(),
        purses(),
        policies(),
        standings(),
    ]
    .concat()
}

fn programmes() -> Vec<Call> {
    let create = CreateProgrammeRequest {
        request_id: request_id(),
        programme: Some(a_programme("spring", RemedyKind::Perk)),
    };
    let list = ListProgrammesRequest {
        page_size: 10,
        page_token: String::new(),
    };
    let top_up = TopUpBudgetRequest {
        request_id: request_id(),
        programme_id: "seasonal".to_owned(),
        amount: Some(usd(500)),
    };
    let freeze = SetProgrammeStateRequest {
        request_id: request_id(),
        programme_id: "seasonal".to_owned(),
        state: ProgrammeState::Frozen.into(),
    };
    let entries = ListLedgerEntriesRequest {
        programme_id: "discounts".to_owned(),
        offer_id: an_offer_id(),
        page_size: 10,
        page_token: String::new(),
        partner_id: case_agent().partner_id,
        agent_id: case_agent().agent_id,
        kind: Some(LedgerEntryKind::Hold.into()),
        from: Some(a_long_ago()),
        until: Some(wire_timestamp(now())),
    };
    let statement = GetStatementRequest {
        from: Some(a_long_ago()),
        until: Some(wire_timestamp(now())),
        grouping: StatementGrouping::Agent.into(),
        programme_id: "discounts".to_owned(),
        partner_id: case_agent().partner_id,
    };
    vec![
        call("GetStatement", Operator, statement),
        call("CreateProgramme", Operator, create),
        call("ListProgrammes", Operator, list),
        call("TopUpBudget", Operator, top_up),
        call("SetProgrammeState", Operator, freeze),
        call("ListLedgerEntries", Operator, entries),
    ]
}

fn margin_floors() -> Vec<Call> {
    let set = SetMarginFloorRequest {
        request_id: request_id(),
        floor: Some(MarginFloor {
            category: Some("Gift cards".to_owned()),
            remedy: Some(RemedyKind::Perk.into()),
            floor_bps: Some(1_000),
        }),
    };
    let list = ListMarginFloorsRequest {
        page_size: 10,
        page_token: String::new(),
    };
    vec![
        call("SetMarginFloor", Operator, set),
        call("ListMarginFloors", Operator, list),
    ]
}

fn purses() -> Vec<Call> {
    let agent = case_agent();
    let set = SetPurseRequest {
        request_id: request_id(),
        purse: Some(Purse {
            partner_id: agent.partner_id.clone(),
            agent_id: agent.agent_id,
            daily_limit: Some(usd(1_000_000)),
            used_today: Some(usd(1)),
        }),
    };
    let list = ListPursesRequest {
        partner_id: agent.partner_id,
        page_size: 10,
        page_token: String::new(),
    };
    vec![
        call("SetPurse", Operator, set),
        call("ListPurses", Operator, list),
    ]
}

fn policies() -> Vec<Call> {
    let create = CreateAuthorityPolicyRequest {
        request_id: request_id(),
        policy: Some(a_policy()),
    };
    let list = ListAuthorityPoliciesRequest {
        page_size: 10,
        page_token: String::new(),
    };
    let dry_run = DryRunAuthorityPolicyRequest {
        version: 1,
        from: Some(a_long_ago()),
        until: Some(wire_timestamp(now())),
    };
    let activate = ActivateAuthorityPolicyRequest {
        request_id: request_id(),
        version: 1,
        at: Some(wire_timestamp(later(now(), Duration::from_hours(1)))),
    };
    vec![
        call("CreateAuthorityPolicy", Operator, create),
        call("ListAuthorityPolicies", Operator, list),
        call("DryRunAuthorityPolicy", Operator, dry_run),
        call("ActivateAuthorityPolicy", Operator, activate),
    ]
}

fn standings() -> Vec<Call> {
    let agent = case_agent();
    let set = SetStandingRequest {
        request_id: request_id(),
        standing: Some(Standing {
            partner_id: agent.partner_id.clone(),
            agent_id: agent.agent_id,
            tier: "team_leader".to_owned(),
            certificates: vec![Certificate {
                name: "pci".to_owned(),
                expires_at: Some(wire_timestamp(now())),
            }],
        }),
    };
    let list = ListStandingsRequest {
        partner_id: agent.partner_id,
        page_size: 10,
        page_token: String::new(),
    };
    vec![
        call("SetStanding", Operator, set),
        call("ListStandings", Operator, list),
    ]
}
