//! Calls of offer-authorization about programmes, purses, authority and the ledger.

use CallerKind::Operator;
use platform::auth::CallerKind;
use proto::offers::v1::{
    ActivateAuthorityPolicyRequest, CreateAuthorityPolicyRequest, CreateProgrammeRequest,
    DryRunAuthorityPolicyRequest, ListAuthorityPoliciesRequest, ListLedgerEntriesRequest,
    ListProgrammesRequest, ListPursesRequest, ProgrammeState, Purse, SetProgrammeStateRequest,
    SetPurseRequest, TopUpBudgetRequest,
};
use proto::remedy::v1::RemedyKind;

use super::samples::{a_long_ago, an_offer_id};
use super::{Call, call};
use crate::people::usd;
use crate::shop::request_id;
use crate::stage::{a_policy, a_programme, case_agent};

pub(super) fn calls() -> Vec<Call> {
    [programmes(), purses(), policies()].concat()
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
    };
    vec![
        call("CreateProgramme", Operator, create),
        call("ListProgrammes", Operator, list),
        call("TopUpBudget", Operator, top_up),
        call("SetProgrammeState", Operator, freeze),
        call("ListLedgerEntries", Operator, entries),
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
    };
    let activate = ActivateAuthorityPolicyRequest {
        request_id: request_id(),
        version: 1,
    };
    vec![
        call("CreateAuthorityPolicy", Operator, create),
        call("ListAuthorityPolicies", Operator, list),
        call("DryRunAuthorityPolicy", Operator, dry_run),
        call("ActivateAuthorityPolicy", Operator, activate),
    ]
}
