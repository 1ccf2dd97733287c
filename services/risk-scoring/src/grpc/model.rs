//! `rescate.risk.v1.ModelService`.

use platform::auth::Caller;
use platform::status::into_status;
use proto::field;
use proto::risk::v1 as pb;
use proto::risk::v1::model_service_server::ModelService;
use tonic::{Request, Response, Status};

use super::{convert, render, request};
use crate::service::Service;

pub(super) const REGISTER_MODEL: &str = "/rescate.risk.v1.ModelService/RegisterModel";
const LEARN_CAUSES: &str = "/rescate.risk.v1.ModelService/LearnCauses";
const ACTIVATE_CAUSE_TABLE: &str = "/rescate.risk.v1.ModelService/ActivateCauseTable";
const ACTIVATE_MODEL: &str = "/rescate.risk.v1.ModelService/ActivateModel";

/// The service on the wire.
pub(crate) struct Api {
    service: Service,
}

impl Api {
    pub(crate) fn new(service: Service) -> Self {
        Self { service }
    }
}

#[tonic::async_trait]
impl ModelService for Api {
    async fn list_models(
        &self,
        request: Request<pb::ListModelsRequest>,
    ) -> Result<Response<pb::ListModelsResponse>, Status> {
        let tenant = Caller::of(&request)?.tenant().clone();
        let page = convert::models(request.into_inner()).map_err(into_status)?;
        let page = self
            .service
            .models(&tenant, &page)
            .await
            .map_err(into_status)?
            .map(render::model);
        Ok(Response::new(pb::ListModelsResponse {
            models: page.items,
            next_page_token: page.next_page_token,
        }))
    }

    async fn register_model(
        &self,
        request: Request<pb::RegisterModelRequest>,
    ) -> Result<Response<pb::RegisterModelResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let message = request.into_inner();
        let key = request::key(&caller, REGISTER_MODEL, &message.request_id, &message)
            .map_err(into_status)?;
        let model = convert::new_model(message).map_err(into_status)?;
        let card = self
            .service
            .register(key, model)
            .await
            .map_err(into_status)?;
        Ok(Response::new(pb::RegisterModelResponse {
            model: Some(render::model(card)),
        }))
    }

    async fn evaluate_model(
        &self,
        request: Request<pb::EvaluateModelRequest>,
    ) -> Result<Response<pb::EvaluateModelResponse>, Status> {
        let tenant = Caller::of(&request)?.tenant().clone();
        let pb::EvaluateModelRequest {
            model_id,
            version,
            from,
        } = request.into_inner();
        let name = convert::model_name(model_id, version).map_err(into_status)?;
        let from = field::read("from", from).map_err(into_status)?;
        let figures = self
            .service
            .evaluate(&tenant, &name, from)
            .await
            .map_err(into_status)?;
        Ok(Response::new(render::figures(figures)))
    }

    async fn compare_models(
        &self,
        request: Request<pb::CompareModelsRequest>,
    ) -> Result<Response<pb::CompareModelsResponse>, Status> {
        let tenant = Caller::of(&request)?.tenant().clone();
        let (model, other, from) =
            convert::comparison(request.into_inner()).map_err(into_status)?;
        let comparison = self
            .service
            .compare(&tenant, (&model, &other), from)
            .await
            .map_err(into_status)?;
        Ok(Response::new(render::comparison(comparison)))
    }

    async fn activate_model(
        &self,
        request: Request<pb::ActivateModelRequest>,
    ) -> Result<Response<pb::ActivateModelResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let message = request.into_inner();
        let key = request::key(&caller, ACTIVATE_MODEL, &message.request_id, &message)
            .map_err(into_status)?;
        let pb::ActivateModelRequest {
            request_id: _,
            model_id,
            version,
        } = message;
        let name = convert::model_name(model_id, version).map_err(into_status)?;
        let card = self
            .service
            .activate(key, name)
            .await
            .map_err(into_status)?;
        Ok(Response::new(pb::ActivateModelResponse {
            model: Some(render::model(card)),
        }))
    }

    async fn learn_causes(
        &self,
        request: Request<pb::LearnCausesRequest>,
    ) -> Result<Response<pb::LearnCausesResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let message = request.into_inner();
        let key = request::key(&caller, LEARN_CAUSES, &message.request_id, &message)
            .map_err(into_status)?;
        let card = self.service.learn_causes(key).await.map_err(into_status)?;
        Ok(Response::new(pb::LearnCausesResponse {
            table: Some(render::cause_table(card)),
        }))
    }

    async fn list_cause_tables(
        &self,
        request: Request<pb::ListCauseTablesRequest>,
    ) -> Result<Response<pb::ListCauseTablesResponse>, Status> {
        let tenant = Caller::of(&request)?.tenant().clone();
        let cards = self
            .service
            .cause_tables(&tenant)
            .await
            .map_err(into_status)?;
        Ok(Response::new(pb::ListCauseTablesResponse {
            tables: cards.into_iter().map(render::cause_table).collect(),
        }))
    }

    async fn activate_cause_table(
        &self,
        request: Request<pb::ActivateCauseTableRequest>,
    ) -> Result<Response<pb::ActivateCauseTableResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let message = request.into_inner();
        let key = request::key(&caller, ACTIVATE_CAUSE_TABLE, &message.request_id, &message)
            .map_err(into_status)?;
        let version = convert::cause_table(&message).map_err(into_status)?;
        let card = self
            .service
            .activate_cause_table(key, version)
            .await
            .map_err(into_status)?;
        Ok(Response::new(pb::ActivateCauseTableResponse {
            table: Some(render::cause_table(card)),
        }))
    }

    async fn get_model_health(
        &self,
        request: Request<pb::GetModelHealthRequest>,
    ) -> Result<Response<pb::GetModelHealthResponse>, Status> {
        let tenant = Caller::of(&request)?.tenant().clone();
        let pb::GetModelHealthRequest { model_id, version } = request.into_inner();
        let name = convert::model_name(model_id, version).map_err(into_status)?;
        let health = self
            .service
            .health(&tenant, &name)
            .await
            .map_err(into_status)?;
        Ok(Response::new(render::health(health)))
    }
}
