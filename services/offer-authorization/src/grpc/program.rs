//! The programme service on the wire.

use platform::paging::PageRequest;
use proto::offers::v1 as pb;
use proto::offers::v1::offer_program_service_server::OfferProgramService;
use tonic::{Request, Response, Status};

use super::convert::{
    DryRunOf, EntryPage, FloorPage, PersonPage, PolicyPage, ProgrammeBudget, StateChange, TopUp,
    narrowed, viewer,
};
use super::{Keyed, Write, answer, answer_page, parse, parse_aside, read_of, refuse, write_of};
use crate::service::Service;

/// Keeps the rules and the money that offers draw on.
#[derive(Clone)]
pub(crate) struct ProgramApi {
    service: Service,
}

macro_rules! keyed {
    ($( $request:ident => $method:literal ),+ $(,)?) => { $(
        impl Keyed for pb::$request {
            const METHOD: &'static str = concat!("/rescate.offers.v1.OfferProgramService/", $method);

            fn request_id(&self) -> &str {
                &self.request_id
            }
        }
    )+ };
}

keyed! {
    CreateProgrammeRequest => "CreateProgramme",
    TopUpBudgetRequest => "TopUpBudget",
    SetProgrammeStateRequest => "SetProgrammeState",
    SetPurseRequest => "SetPurse",
    SetStandingRequest => "SetStanding",
    SetMarginFloorRequest => "SetMarginFloor",
    CreateAuthorityPolicyRequest => "CreateAuthorityPolicy",
    ActivateAuthorityPolicyRequest => "ActivateAuthorityPolicy",
}

impl ProgramApi {
    pub(crate) fn new(service: Service) -> Self {
        Self { service }
    }
}

#[tonic::async_trait]
impl OfferProgramService for ProgramApi {
    async fn create_programme(
        &self,
        request: Request<pb::CreateProgrammeRequest>,
    ) -> Result<Response<pb::CreateProgrammeResponse>, Status> {
        let Write { key, message, .. } = write_of(request)?;
        let ProgrammeBudget { programme, budget } = parse(message)?;
        answer(self.service.create_programme(key, programme, budget).await)
    }

    async fn list_programmes(
        &self,
        request: Request<pb::ListProgrammesRequest>,
    ) -> Result<Response<pb::ListProgrammesResponse>, Status> {
        let (caller, message) = read_of(request)?;
        let pb::ListProgrammesRequest {
            page_size,
            page_token,
        } = message;
        let page = PageRequest::parse(page_size, &page_token).map_err(refuse)?;
        answer_page(self.service.list_programmes(caller.tenant(), &page).await)
    }

    async fn top_up_budget(
        &self,
        request: Request<pb::TopUpBudgetRequest>,
    ) -> Result<Response<pb::TopUpBudgetResponse>, Status> {
        let Write { key, message, .. } = write_of(request)?;
        let TopUp { programme, amount } = parse(message)?;
        answer(self.service.top_up(key, programme, amount).await)
    }

    async fn set_programme_state(
        &self,
        request: Request<pb::SetProgrammeStateRequest>,
    ) -> Result<Response<pb::SetProgrammeStateResponse>, Status> {
        let Write { key, message, .. } = write_of(request)?;
        let StateChange { programme, state } = parse(message)?;
        answer(
            self.service
                .set_programme_state(key, programme, state)
                .await,
        )
    }

    async fn set_purse(
        &self,
        request: Request<pb::SetPurseRequest>,
    ) -> Result<Response<pb::SetPurseResponse>, Status> {
        let Write { key, message, .. } = write_of(request)?;
        answer(self.service.set_purse(key, parse(message)?).await)
    }

    async fn list_purses(
        &self,
        request: Request<pb::ListPursesRequest>,
    ) -> Result<Response<pb::ListPursesResponse>, Status> {
        let (caller, message) = read_of(request)?;
        let PersonPage { partner, page } = parse(message)?;
        let viewer = narrowed(viewer(&caller), partner);
        answer_page(
            self.service
                .list_purses(caller.tenant(), &viewer, &page)
                .await,
        )
    }

    async fn create_authority_policy(
        &self,
        request: Request<pb::CreateAuthorityPolicyRequest>,
    ) -> Result<Response<pb::CreateAuthorityPolicyResponse>, Status> {
        let Write { key, message, .. } = write_of(request)?;
        // Cedar checks each policy against all that it may be asked.
        let policy = parse_aside(message).await?;
        answer(self.service.create_policy(key, policy).await)
    }

    async fn list_authority_policies(
        &self,
        request: Request<pb::ListAuthorityPoliciesRequest>,
    ) -> Result<Response<pb::ListAuthorityPoliciesResponse>, Status> {
        let (caller, message) = read_of(request)?;
        let PolicyPage(page) = parse(message)?;
        answer_page(self.service.list_policies(caller.tenant(), &page).await)
    }

    async fn dry_run_authority_policy(
        &self,
        request: Request<pb::DryRunAuthorityPolicyRequest>,
    ) -> Result<Response<pb::DryRunAuthorityPolicyResponse>, Status> {
        let (caller, message) = read_of(request)?;
        let DryRunOf { version, period } = parse(message)?;
        answer(self.service.dry_run(caller.tenant(), version, period).await)
    }

    async fn activate_authority_policy(
        &self,
        request: Request<pb::ActivateAuthorityPolicyRequest>,
    ) -> Result<Response<pb::ActivateAuthorityPolicyResponse>, Status> {
        let Write { key, message, .. } = write_of(request)?;
        answer(self.service.activate_policy(key, parse(message)?).await)
    }

    async fn list_ledger_entries(
        &self,
        request: Request<pb::ListLedgerEntriesRequest>,
    ) -> Result<Response<pb::ListLedgerEntriesResponse>, Status> {
        let (caller, message) = read_of(request)?;
        let EntryPage { filter, page } = parse(message)?;
        answer_page(
            self.service
                .list_entries(caller.tenant(), &filter, &page)
                .await,
        )
    }

    async fn get_statement(
        &self,
        request: Request<pb::GetStatementRequest>,
    ) -> Result<Response<pb::GetStatementResponse>, Status> {
        let (caller, message) = read_of(request)?;
        answer(
            self.service
                .statement(caller.tenant(), &parse(message)?)
                .await,
        )
    }

    async fn set_standing(
        &self,
        request: Request<pb::SetStandingRequest>,
    ) -> Result<Response<pb::SetStandingResponse>, Status> {
        let Write { key, message, .. } = write_of(request)?;
        answer(self.service.set_standing(key, parse(message)?).await)
    }

    async fn list_standings(
        &self,
        request: Request<pb::ListStandingsRequest>,
    ) -> Result<Response<pb::ListStandingsResponse>, Status> {
        let (caller, message) = read_of(request)?;
        let PersonPage { partner, page } = parse(message)?;
        let viewer = narrowed(viewer(&caller), partner);
        answer_page(
            self.service
                .list_standings(caller.tenant(), &viewer, &page)
                .await,
        )
    }

    async fn set_margin_floor(
        &self,
        request: Request<pb::SetMarginFloorRequest>,
    ) -> Result<Response<pb::SetMarginFloorResponse>, Status> {
        let Write { key, message, .. } = write_of(request)?;
        answer(self.service.set_margin_floor(key, parse(message)?).await)
    }

    async fn list_margin_floors(
        &self,
        request: Request<pb::ListMarginFloorsRequest>,
    ) -> Result<Response<pb::ListMarginFloorsResponse>, Status> {
        let (caller, message) = read_of(request)?;
        let FloorPage(page) = parse(message)?;
        let listed = self.service.list_margin_floors(caller.tenant(), &page);
        answer_page(listed.await)
    }
}
