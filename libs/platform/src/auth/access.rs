//! Who may call what: one line for each RPC of the suite. What has no line is refused.
//!
//! A scope alone does not open an RPC; the kind of caller must fit too, so that a token minted with too many scopes
//! still keeps a browser away from the desk and a partner away from the ledger.

use super::{Caller, Role, Scope};

use Role::{Agent, Checkout, Operator, Platform, Service, Storefront, Supervisor};

/// What an RPC asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// The right that the token must hold.
    pub scope: Scope,
    /// The kinds of caller it is meant for.
    pub roles: &'static [Role],
}

/// RPC paths with what they ask.
pub type Table = [(&'static str, Access)];

impl Access {
    /// Whether a caller may use the RPC.
    pub fn admits(&self, caller: &Caller) -> bool {
        self.roles.contains(&caller.kind().role()) && caller.scopes().contains(self.scope)
    }
}

const fn to(scope: Scope, roles: &'static [Role]) -> Access {
    Access { scope, roles }
}

const DESK: Access = to(Scope::DeskWork, &[Agent, Supervisor]);
const SHOPPER: Access = to(Scope::ShopperInvitations, &[Storefront]);
const EVENTS: Access = to(Scope::EventsWrite, &[Platform, Storefront]);
const SESSIONS: Access = to(Scope::SessionsRead, &[Platform, Operator, Service]);
const RISK: Access = to(Scope::RiskRead, &[Platform, Operator]);
const ASSESS: Access = to(Scope::RiskAssess, &[Platform, Service]);
const MODELS_READ: Access = to(Scope::ModelsRead, &[Platform, Operator]);
const MODELS_WRITE: Access = to(Scope::ModelsWrite, &[Operator]);
const INTERVENTIONS: Access = to(
    Scope::InterventionsRead,
    &[Platform, Supervisor, Operator, Service],
);
const PLAYS_READ: Access = to(Scope::PlaysRead, &[Platform, Operator]);
const PLAYS_WRITE: Access = to(Scope::PlaysWrite, &[Operator]);
const GRANT: Access = to(Scope::OffersGrant, &[Agent, Supervisor]);
const APPROVE: Access = to(Scope::OffersApprove, &[Supervisor, Operator]);
const REDEEM: Access = to(Scope::OffersRedeem, &[Checkout]);
const OFFERS: Access = to(
    Scope::OffersRead,
    &[Platform, Agent, Supervisor, Checkout, Operator, Service],
);
const PROGRAMMES_READ: Access = to(Scope::ProgrammesRead, &[Platform, Operator]);
const PROGRAMMES_WRITE: Access = to(Scope::ProgrammesWrite, &[Operator]);
const KPIS: Access = to(Scope::KpisRead, &[Platform, Supervisor, Operator, Service]);
const PLANNING: Access = to(Scope::PlanningRead, &[Supervisor, Operator]);

/// Every RPC of the five services.
pub const RPCS: &Table = &[
    (
        "/rescate.delivery.v1.DeliveryService/Deliver",
        to(Scope::MessagesDeliver, &[Service]),
    ),
    (
        "/rescate.session.v1.SessionTrackingService/RecordEvents",
        EVENTS,
    ),
    (
        "/rescate.session.v1.SessionTrackingService/StreamEvents",
        EVENTS,
    ),
    (
        "/rescate.session.v1.SessionTrackingService/GetSession",
        SESSIONS,
    ),
    (
        "/rescate.session.v1.SessionTrackingService/ListSessions",
        SESSIONS,
    ),
    (
        "/rescate.session.v1.SessionTrackingService/WatchSessions",
        SESSIONS,
    ),
    (
        "/rescate.session.v1.SessionTrackingService/EraseShopper",
        to(Scope::ShopperErase, &[Platform, Operator, Service]),
    ),
    ("/rescate.risk.v1.RiskScoringService/AssessSession", ASSESS),
    ("/rescate.risk.v1.RiskScoringService/AssessSessions", ASSESS),
    (
        "/rescate.risk.v1.RiskScoringService/ExplainAssessment",
        RISK,
    ),
    ("/rescate.risk.v1.RiskScoringService/ListAssessments", RISK),
    ("/rescate.risk.v1.RiskScoringService/RecordOutcome", ASSESS),
    ("/rescate.risk.v1.RiskScoringService/RecordCause", ASSESS),
    ("/rescate.risk.v1.ModelService/ListModels", MODELS_READ),
    ("/rescate.risk.v1.ModelService/RegisterModel", MODELS_WRITE),
    ("/rescate.risk.v1.ModelService/EvaluateModel", MODELS_WRITE),
    ("/rescate.risk.v1.ModelService/CompareModels", MODELS_WRITE),
    ("/rescate.risk.v1.ModelService/ActivateModel", MODELS_WRITE),
    ("/rescate.risk.v1.ModelService/GetModelHealth", MODELS_READ),
    ("/rescate.risk.v1.ModelService/LearnCauses", MODELS_WRITE),
    ("/rescate.risk.v1.ModelService/ListCauseTables", MODELS_READ),
    (
        "/rescate.risk.v1.ModelService/ActivateCauseTable",
        MODELS_WRITE,
    ),
    (
        "/rescate.routing.v1.InterventionService/ProposeIntervention",
        to(Scope::InterventionsPropose, &[Service]),
    ),
    (
        "/rescate.routing.v1.InterventionService/GetIntervention",
        INTERVENTIONS,
    ),
    (
        "/rescate.routing.v1.InterventionService/ListInterventions",
        INTERVENTIONS,
    ),
    (
        "/rescate.routing.v1.InterventionService/ExplainDecision",
        INTERVENTIONS,
    ),
    (
        "/rescate.routing.v1.InterventionService/CancelIntervention",
        to(Scope::InterventionsWrite, &[Platform, Operator]),
    ),
    ("/rescate.routing.v1.PlayService/ListPlays", PLAYS_READ),
    ("/rescate.routing.v1.PlayService/GetPlay", PLAYS_READ),
    ("/rescate.routing.v1.PlayService/ValidatePlay", PLAYS_READ),
    (
        "/rescate.routing.v1.PlayService/CreatePlayVersion",
        PLAYS_WRITE,
    ),
    ("/rescate.routing.v1.PlayService/SimulatePlay", PLAYS_READ),
    ("/rescate.routing.v1.PlayService/ActivatePlay", PLAYS_WRITE),
    ("/rescate.routing.v1.PlayService/PausePlay", PLAYS_WRITE),
    ("/rescate.routing.v1.AgentDeskService/OpenDesk", DESK),
    (
        "/rescate.routing.v1.AgentDeskService/AcceptReservation",
        DESK,
    ),
    (
        "/rescate.routing.v1.AgentDeskService/DeclineReservation",
        DESK,
    ),
    (
        "/rescate.routing.v1.AgentDeskService/StartConversation",
        DESK,
    ),
    (
        "/rescate.routing.v1.AgentDeskService/RecordShopperReply",
        DESK,
    ),
    ("/rescate.routing.v1.AgentDeskService/WrapUp", DESK),
    ("/rescate.routing.v1.AgentDeskService/TransferTask", DESK),
    ("/rescate.routing.v1.AgentDeskService/ListMyTasks", DESK),
    (
        "/rescate.routing.v1.ShopperService/WatchInvitations",
        SHOPPER,
    ),
    (
        "/rescate.routing.v1.ShopperService/AcceptInvitation",
        SHOPPER,
    ),
    (
        "/rescate.routing.v1.ShopperService/DeclineInvitation",
        SHOPPER,
    ),
    ("/rescate.routing.v1.ShopperService/AnswerSurvey", SHOPPER),
    (
        "/rescate.offers.v1.OfferAuthorizationService/RecordCase",
        to(Scope::CasesWrite, &[Service]),
    ),
    (
        "/rescate.offers.v1.OfferAuthorizationService/CheckAuthority",
        to(Scope::OffersCheck, &[Agent, Supervisor, Operator, Service]),
    ),
    (
        "/rescate.offers.v1.OfferAuthorizationService/AuthorizeOffer",
        GRANT,
    ),
    (
        "/rescate.offers.v1.OfferAuthorizationService/RequestApproval",
        GRANT,
    ),
    (
        "/rescate.offers.v1.OfferAuthorizationService/ApproveOffer",
        APPROVE,
    ),
    (
        "/rescate.offers.v1.OfferAuthorizationService/DenyOffer",
        APPROVE,
    ),
    (
        "/rescate.offers.v1.OfferAuthorizationService/WatchApprovals",
        APPROVE,
    ),
    (
        "/rescate.offers.v1.OfferAuthorizationService/ReleaseOffer",
        GRANT,
    ),
    (
        "/rescate.offers.v1.OfferAuthorizationService/RedeemOffer",
        REDEEM,
    ),
    (
        "/rescate.offers.v1.OfferAuthorizationService/ReverseRedemption",
        REDEEM,
    ),
    (
        "/rescate.offers.v1.OfferAuthorizationService/GetOffer",
        OFFERS,
    ),
    (
        "/rescate.offers.v1.OfferAuthorizationService/ListOffers",
        OFFERS,
    ),
    (
        "/rescate.offers.v1.OfferAuthorizationService/GetOfferKeys",
        OFFERS,
    ),
    (
        "/rescate.offers.v1.OfferProgramService/CreateProgramme",
        PROGRAMMES_WRITE,
    ),
    (
        "/rescate.offers.v1.OfferProgramService/ListProgrammes",
        PROGRAMMES_READ,
    ),
    (
        "/rescate.offers.v1.OfferProgramService/TopUpBudget",
        PROGRAMMES_WRITE,
    ),
    (
        "/rescate.offers.v1.OfferProgramService/SetProgrammeState",
        PROGRAMMES_WRITE,
    ),
    (
        "/rescate.offers.v1.OfferProgramService/SetPurse",
        PROGRAMMES_WRITE,
    ),
    (
        "/rescate.offers.v1.OfferProgramService/ListPurses",
        PROGRAMMES_READ,
    ),
    (
        "/rescate.offers.v1.OfferProgramService/CreateAuthorityPolicy",
        PROGRAMMES_WRITE,
    ),
    (
        "/rescate.offers.v1.OfferProgramService/ListAuthorityPolicies",
        PROGRAMMES_READ,
    ),
    (
        "/rescate.offers.v1.OfferProgramService/DryRunAuthorityPolicy",
        PROGRAMMES_READ,
    ),
    (
        "/rescate.offers.v1.OfferProgramService/ActivateAuthorityPolicy",
        PROGRAMMES_WRITE,
    ),
    (
        "/rescate.offers.v1.OfferProgramService/ListLedgerEntries",
        PROGRAMMES_READ,
    ),
    (
        "/rescate.offers.v1.OfferProgramService/GetStatement",
        PROGRAMMES_READ,
    ),
    (
        "/rescate.offers.v1.OfferProgramService/SetStanding",
        PROGRAMMES_WRITE,
    ),
    (
        "/rescate.offers.v1.OfferProgramService/ListStandings",
        PROGRAMMES_READ,
    ),
    (
        "/rescate.offers.v1.OfferProgramService/SetMarginFloor",
        PROGRAMMES_WRITE,
    ),
    (
        "/rescate.offers.v1.OfferProgramService/ListMarginFloors",
        PROGRAMMES_READ,
    ),
    (
        "/rescate.kpi.v1.KpiService/RecordFacts",
        to(Scope::FactsWrite, &[Service]),
    ),
    ("/rescate.kpi.v1.KpiService/QueryKpis", KPIS),
    ("/rescate.kpi.v1.KpiService/WatchKpis", KPIS),
    (
        "/rescate.kpi.v1.KpiService/GetExperiment",
        to(Scope::ExperimentsRead, &[Platform, Operator, Service]),
    ),
    ("/rescate.kpi.v1.KpiService/EstimateRecovery", PLANNING),
    ("/rescate.kpi.v1.KpiService/PlanStaffing", PLANNING),
    (
        "/rescate.kpi.v1.KpiService/AuditKpis",
        to(Scope::FactsRead, &[Operator]),
    ),
    (
        "/rescate.kpi.v1.KpiService/ExportFacts",
        to(Scope::FactsRead, &[Operator]),
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::methods;

    #[test]
    fn every_rpc_has_a_line_and_every_line_an_rpc() {
        let lines: BTreeSet<_> = RPCS.iter().map(|(path, _)| *path).collect();
        let rpcs: BTreeSet<_> = methods::paths().collect();
        assert_eq!(lines.len(), RPCS.len(), "a line twice");
        assert_eq!(
            rpcs.difference(&lines).collect::<Vec<_>>(),
            Vec::<&&str>::new()
        );
        assert_eq!(
            lines.difference(&rpcs).collect::<Vec<_>>(),
            Vec::<&&str>::new()
        );
    }

    #[test]
    fn every_admitted_role_has_the_scope_it_needs() {
        for (path, access) in RPCS {
            for role in access.roles {
                let fits = role.scopes().contains(access.scope);
                assert!(fits, "{role:?} can never call {path}");
            }
        }
    }

    #[test]
    fn a_browser_reaches_its_own_session_only() {
        for (path, access) in RPCS {
            let open = access.roles.contains(&Storefront);
            let own = path.contains("ShopperService/") || access.scope == Scope::EventsWrite;
            assert_eq!(open, own, "{path}");
        }
    }

    #[test]
    fn agents_cannot_approve_redeem_or_change_rules() {
        let held_back = [
            Scope::OffersApprove,
            Scope::OffersRedeem,
            Scope::ProgrammesWrite,
            Scope::PlaysWrite,
            Scope::ModelsWrite,
        ];
        for (path, access) in RPCS {
            let reaches = access.roles.contains(&Agent);
            assert!(!(reaches && held_back.contains(&access.scope)), "{path}");
        }
    }
}
