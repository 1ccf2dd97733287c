//! `InterventionService`.

use platform::status::into_status;
use proto::field;
use proto::routing::v1 as pb;
use proto::routing::v1::intervention_service_server::InterventionService;
use tonic::{Request, Response, Status};

use super::convert::intervention::{ListedInterventions, listed};
use super::request;
use crate::service::{Proposal, Service};
use crate::store::Subject;

const PROPOSE: &str = "/rescate.routing.v1.InterventionService/ProposeIntervention";
const CANCEL: &str = "/rescate.routing.v1.InterventionService/CancelIntervention";

pub(super) struct InterventionApi {
    service: Service,
}

impl InterventionApi {
    pub(super) fn new(service: Service) -> Self {
        Self { service }
    }
}

#[tonic::async_trait]
impl InterventionService for InterventionApi {
    async fn propose_intervention(
        &self,
        request: Request<pb::ProposeInterventionRequest>,
    ) -> Result<Response<pb::ProposeInterventionResponse>, Status> {
        let key = request::key(&request, PROPOSE, &request.get_ref().request_id)?;
        let proposal = Proposal::try_from(request.into_inner()).map_err(into_status)?;
        let proposed = self.service.propose(key, proposal).await;
        Ok(Response::new(proposed.map_err(into_status)?.into()))
    }

    async fn get_intervention(
        &self,
        request: Request<pb::GetInterventionRequest>,
    ) -> Result<Response<pb::GetInterventionResponse>, Status> {
        let viewer = request::viewer(&request)?;
        let pb::GetInterventionRequest { intervention_id } = request.into_inner();
        let id = field::read("intervention_id", intervention_id).map_err(into_status)?;
        let found = self.service.intervention(&viewer, id).await;
        let intervention = Some(found.map_err(into_status)?.into());
        Ok(Response::new(pb::GetInterventionResponse { intervention }))
    }

    async fn list_interventions(
        &self,
        request: Request<pb::ListInterventionsRequest>,
    ) -> Result<Response<pb::ListInterventionsResponse>, Status> {
        let viewer = request::viewer(&request)?;
        let ListedInterventions { filter, page } =
            ListedInterventions::try_from(request.into_inner()).map_err(into_status)?;
        let found = self.service.list_interventions(viewer, filter, &page).await;
        Ok(Response::new(listed(found.map_err(into_status)?)))
    }

    async fn explain_decision(
        &self,
        request: Request<pb::ExplainDecisionRequest>,
    ) -> Result<Response<pb::ExplainDecisionResponse>, Status> {
        let viewer = request::viewer(&request)?;
        let subject = Subject::try_from(request.into_inner()).map_err(into_status)?;
        let explained = self.service.explain(&viewer, subject).await;
        Ok(Response::new(explained.map_err(into_status)?.into()))
    }

    async fn cancel_intervention(
        &self,
        request: Request<pb::CancelInterventionRequest>,
    ) -> Result<Response<pb::CancelInterventionResponse>, Status> {
        let key = request::key(&request, CANCEL, &request.get_ref().request_id)?;
        let id = request.into_inner().intervention_id;
        let id = field::read("intervention_id", id).map_err(into_status)?;
        let cancelled = self.service.cancel_intervention(key, id).await;
        let intervention = Some(cancelled.map_err(into_status)?.into());
        Ok(Response::new(pb::CancelInterventionResponse {
            intervention,
        }))
    }
}
