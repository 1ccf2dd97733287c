//! `PlayService`.

use domain::id::PlayId;
use platform::auth::Caller;
use platform::paging::PageRequest;
use platform::status::into_status;
use proto::field;
use proto::routing::v1 as pb;
use proto::routing::v1::play_service_server::PlayService;
use tonic::{Request, Response, Status};

use super::convert::play::{ToSimulate, listed, play_name};
use super::request;
use crate::service::{PlayChange, PlayDraft, Service};

const CREATE: &str = "/rescate.routing.v1.PlayService/CreatePlayVersion";
const ACTIVATE: &str = "/rescate.routing.v1.PlayService/ActivatePlay";
const PAUSE: &str = "/rescate.routing.v1.PlayService/PausePlay";

pub(super) struct PlayApi {
    service: Service,
}

impl PlayApi {
    pub(super) fn new(service: Service) -> Self {
        Self { service }
    }
}

#[tonic::async_trait]
impl PlayService for PlayApi {
    async fn list_plays(
        &self,
        request: Request<pb::ListPlaysRequest>,
    ) -> Result<Response<pb::ListPlaysResponse>, Status> {
        let tenant = Caller::of(&request)?.tenant().clone();
        let pb::ListPlaysRequest {
            page_size,
            page_token,
        } = request.into_inner();
        let page = PageRequest::parse(page_size, &page_token).map_err(into_status)?;
        let found = self.service.list_plays(&tenant, &page).await;
        Ok(Response::new(listed(found.map_err(into_status)?)))
    }

    async fn get_play(
        &self,
        request: Request<pb::GetPlayRequest>,
    ) -> Result<Response<pb::GetPlayResponse>, Status> {
        let tenant = Caller::of(&request)?.tenant().clone();
        let pb::GetPlayRequest { play_id, version } = request.into_inner();
        let name = play_name(play_id, version).map_err(into_status)?;
        let found = self.service.play(&tenant, &name).await;
        let play = Some(found.map_err(into_status)?.into());
        Ok(Response::new(pb::GetPlayResponse { play }))
    }

    async fn validate_play(
        &self,
        request: Request<pb::ValidatePlayRequest>,
    ) -> Result<Response<pb::ValidatePlayResponse>, Status> {
        let pb::ValidatePlayRequest { play } = request.into_inner();
        let _sound: PlayDraft = field::message("play", play).map_err(into_status)?;
        Ok(Response::new(pb::ValidatePlayResponse {}))
    }

    async fn create_play_version(
        &self,
        request: Request<pb::CreatePlayVersionRequest>,
    ) -> Result<Response<pb::CreatePlayVersionResponse>, Status> {
        let key = request::key(&request, CREATE, &request.get_ref().request_id)?;
        let draft: PlayDraft =
            field::message("play", request.into_inner().play).map_err(into_status)?;
        let change = PlayChange::Create(Box::new(draft));
        let created = self.service.change_play(key, change).await;
        let play = Some(created.map_err(into_status)?.into());
        Ok(Response::new(pb::CreatePlayVersionResponse { play }))
    }

    async fn simulate_play(
        &self,
        request: Request<pb::SimulatePlayRequest>,
    ) -> Result<Response<pb::SimulatePlayResponse>, Status> {
        let tenant = Caller::of(&request)?.tenant().clone();
        let ToSimulate { name, from } =
            ToSimulate::try_from(request.into_inner()).map_err(into_status)?;
        let simulated = self.service.simulate_play(&tenant, &name, from).await;
        Ok(Response::new(simulated.map_err(into_status)?.into()))
    }

    async fn activate_play(
        &self,
        request: Request<pb::ActivatePlayRequest>,
    ) -> Result<Response<pb::ActivatePlayResponse>, Status> {
        let key = request::key(&request, ACTIVATE, &request.get_ref().request_id)?;
        let pb::ActivatePlayRequest {
            request_id: _,
            play_id,
            version,
        } = request.into_inner();
        let change = PlayChange::Activate(play_name(play_id, version).map_err(into_status)?);
        let activated = self.service.change_play(key, change).await;
        let play = Some(activated.map_err(into_status)?.into());
        Ok(Response::new(pb::ActivatePlayResponse { play }))
    }

    async fn pause_play(
        &self,
        request: Request<pb::PausePlayRequest>,
    ) -> Result<Response<pb::PausePlayResponse>, Status> {
        let key = request::key(&request, PAUSE, &request.get_ref().request_id)?;
        let id: PlayId =
            field::read("play_id", request.into_inner().play_id).map_err(into_status)?;
        let paused = self.service.change_play(key, PlayChange::Pause(id)).await;
        let play = Some(paused.map_err(into_status)?.into());
        Ok(Response::new(pb::PausePlayResponse { play }))
    }
}
