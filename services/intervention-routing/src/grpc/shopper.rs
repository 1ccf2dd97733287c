//! `ShopperService`. The session comes from the token.

mod stream;

use domain::id::SessionId;
use platform::auth::Caller;
use platform::lifecycle::Tasks;
use platform::status::{Fault, Kind, into_status};
use platform::stream::{Inlet, StreamLimits, open};
use proto::convert::time::wire_timestamp;
use proto::routing::v1 as pb;
use proto::routing::v1::shopper_service_server::ShopperService;
use tonic::{Request, Response, Status};

use super::convert::shopper::{own_invitation, survey};
use super::request;
use crate::service::{Reply, Service};

const ACCEPT: &str = "/rescate.routing.v1.ShopperService/AcceptInvitation";
const DECLINE: &str = "/rescate.routing.v1.ShopperService/DeclineInvitation";
const SURVEY: &str = "/rescate.routing.v1.ShopperService/AnswerSurvey";

pub(super) struct ShopperApi {
    service: Service,
    tasks: Tasks,
}

impl ShopperApi {
    /// Streams are produced by `tasks`, which are awaited at the end.
    pub(super) fn new(service: Service, tasks: Tasks) -> Self {
        Self { service, tasks }
    }
}

#[tonic::async_trait]
impl ShopperService for ShopperApi {
    type WatchInvitationsStream = Inlet<pb::WatchInvitationsResponse>;

    async fn watch_invitations(
        &self,
        request: Request<pb::WatchInvitationsRequest>,
    ) -> Result<Response<Self::WatchInvitationsStream>, Status> {
        let session = session(&request)?;
        let (outlet, inlet) = open(&request, self.service.now(), StreamLimits::default())?;
        let tenant = Caller::of(&request)?.tenant();
        let watching = self.service.watch_invitations(tenant, session);
        let watching = watching.map_err(into_status)?;
        self.tasks
            .spawn("watch-invitations", stream::produce(watching, outlet));
        Ok(Response::new(inlet))
    }

    async fn accept_invitation(
        &self,
        request: Request<pb::AcceptInvitationRequest>,
    ) -> Result<Response<pb::AcceptInvitationResponse>, Status> {
        let key = request::key(&request, ACCEPT, &request.get_ref().request_id)?;
        let session = session(&request)?;
        let own = own_invitation(session, request.into_inner().invitation_id);
        let own = own.map_err(into_status)?;
        let answer_by = self.service.answer_invitation(key, own, Reply::Yes).await;
        let answer_by = Some(wire_timestamp(answer_by.map_err(into_status)?));
        Ok(Response::new(pb::AcceptInvitationResponse { answer_by }))
    }

    async fn decline_invitation(
        &self,
        request: Request<pb::DeclineInvitationRequest>,
    ) -> Result<Response<pb::DeclineInvitationResponse>, Status> {
        let key = request::key(&request, DECLINE, &request.get_ref().request_id)?;
        let session = session(&request)?;
        let own = own_invitation(session, request.into_inner().invitation_id);
        let own = own.map_err(into_status)?;
        let quiet_until = self.service.answer_invitation(key, own, Reply::No).await;
        let quiet_until = Some(wire_timestamp(quiet_until.map_err(into_status)?));
        Ok(Response::new(pb::DeclineInvitationResponse { quiet_until }))
    }

    async fn answer_survey(
        &self,
        request: Request<pb::AnswerSurveyRequest>,
    ) -> Result<Response<pb::AnswerSurveyResponse>, Status> {
        let key = request::key(&request, SURVEY, &request.get_ref().request_id)?;
        let session = session(&request)?;
        let (own, score) = survey(session, request.into_inner()).map_err(into_status)?;
        let answered = self.service.answer_survey(key, own, score).await;
        answered.map_err(into_status)?;
        Ok(Response::new(pb::AnswerSurveyResponse {}))
    }
}

/// Whose storefront it is. The access table lets storefronts in and nobody else.
fn session<T>(request: &Request<T>) -> Result<SessionId, Status> {
    Caller::of(request)?
        .session()
        .ok_or_else(|| Fault::new(Kind::Forbidden, "the caller has no session").to_status())
}
