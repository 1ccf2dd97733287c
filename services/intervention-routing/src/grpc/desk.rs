//! `AgentDeskService`. Agent and partner come from the token.

mod stream;

use domain::id::TaskId;
use platform::auth::{Caller, CallerKind};
use platform::lifecycle::Tasks;
use platform::status::{Fault, Kind, into_status};
use platform::stream::{Inlet, StreamLimits, open};
use proto::field;
use proto::routing::v1 as pb;
use proto::routing::v1::agent_desk_service_server::AgentDeskService;
use storage::RequestKey;
use tonic::{Request, Response, Status, Streaming};

use super::convert::desk::{Transfer, WrappedTask, decline_reason, listed, task_page};
use super::request;
use crate::intervention::AssignedAgent;
use crate::service::{Answer, Service, Step};
use crate::store::TaskHolder;

const ACCEPT: &str = "/rescate.routing.v1.AgentDeskService/AcceptReservation";
const DECLINE: &str = "/rescate.routing.v1.AgentDeskService/DeclineReservation";
const START: &str = "/rescate.routing.v1.AgentDeskService/StartConversation";
const REPLY: &str = "/rescate.routing.v1.AgentDeskService/RecordShopperReply";
const WRAP_UP: &str = "/rescate.routing.v1.AgentDeskService/WrapUp";
const TRANSFER: &str = "/rescate.routing.v1.AgentDeskService/TransferTask";

pub(super) struct AgentDeskApi {
    service: Service,
    tasks: Tasks,
}

impl AgentDeskApi {
    /// Desks are served by `tasks`, which are awaited at the end.
    pub(super) fn new(service: Service, tasks: Tasks) -> Self {
        Self { service, tasks }
    }

    async fn step(
        &self,
        key: RequestKey,
        agent: AssignedAgent,
        task_id: String,
        step: Step,
    ) -> Result<Option<pb::Intervention>, Status> {
        let task: TaskId = field::read("task_id", task_id).map_err(into_status)?;
        let intervention = self.service.work(key, agent, task, step).await;
        Ok(Some(intervention.map_err(into_status)?.into()))
    }
}

#[tonic::async_trait]
impl AgentDeskService for AgentDeskApi {
    type OpenDeskStream = Inlet<pb::OpenDeskResponse>;

    async fn open_desk(
        &self,
        request: Request<Streaming<pb::OpenDeskRequest>>,
    ) -> Result<Response<Self::OpenDeskStream>, Status> {
        let tenant = Caller::of(&request)?.tenant().clone();
        let agent = agent(&request)?;
        let (outlet, inlet) = open(&request, self.service.now(), StreamLimits::default())?;
        let desk = self
            .service
            .open_desk(&tenant, &agent)
            .map_err(into_status)?;
        let served = stream::Stream::new(self.service.clone(), desk, outlet);
        self.tasks.spawn("desk", served.run(request.into_inner()));
        Ok(Response::new(inlet))
    }

    async fn accept_reservation(
        &self,
        request: Request<pb::AcceptReservationRequest>,
    ) -> Result<Response<pb::AcceptReservationResponse>, Status> {
        let key = request::key(&request, ACCEPT, &request.get_ref().request_id)?;
        let agent = agent(&request)?;
        let pb::AcceptReservationRequest {
            request_id: _,
            reservation_id,
        } = request.into_inner();
        let id = field::read("reservation_id", reservation_id).map_err(into_status)?;
        let held = self
            .service
            .answer_reservation(key, agent, id, Answer::Accept);
        let reservation = Some(held.await.map_err(into_status)?.into());
        Ok(Response::new(pb::AcceptReservationResponse { reservation }))
    }

    async fn decline_reservation(
        &self,
        request: Request<pb::DeclineReservationRequest>,
    ) -> Result<Response<pb::DeclineReservationResponse>, Status> {
        let key = request::key(&request, DECLINE, &request.get_ref().request_id)?;
        let agent = agent(&request)?;
        let pb::DeclineReservationRequest {
            request_id: _,
            reservation_id,
            reason,
        } = request.into_inner();
        let id = field::read("reservation_id", reservation_id).map_err(into_status)?;
        let answer = Answer::Decline(decline_reason(&reason).map_err(into_status)?);
        let held = self.service.answer_reservation(key, agent, id, answer);
        let reservation = Some(held.await.map_err(into_status)?.into());
        Ok(Response::new(pb::DeclineReservationResponse {
            reservation,
        }))
    }

    async fn start_conversation(
        &self,
        request: Request<pb::StartConversationRequest>,
    ) -> Result<Response<pb::StartConversationResponse>, Status> {
        let key = request::key(&request, START, &request.get_ref().request_id)?;
        let agent = agent(&request)?;
        let task_id = request.into_inner().task_id;
        let intervention = self.step(key, agent, task_id, Step::Start).await?;
        Ok(Response::new(pb::StartConversationResponse {
            intervention,
        }))
    }

    async fn record_shopper_reply(
        &self,
        request: Request<pb::RecordShopperReplyRequest>,
    ) -> Result<Response<pb::RecordShopperReplyResponse>, Status> {
        let key = request::key(&request, REPLY, &request.get_ref().request_id)?;
        let agent = agent(&request)?;
        let task_id = request.into_inner().task_id;
        let intervention = self.step(key, agent, task_id, Step::Reply).await?;
        Ok(Response::new(pb::RecordShopperReplyResponse {
            intervention,
        }))
    }

    async fn wrap_up(
        &self,
        request: Request<pb::WrapUpRequest>,
    ) -> Result<Response<pb::WrapUpResponse>, Status> {
        let key = request::key(&request, WRAP_UP, &request.get_ref().request_id)?;
        let agent = agent(&request)?;
        let WrappedTask { task, end } =
            WrappedTask::try_from(request.into_inner()).map_err(into_status)?;
        let wrapped = self.service.work(key, agent, task, Step::WrapUp(end)).await;
        let intervention = Some(wrapped.map_err(into_status)?.into());
        Ok(Response::new(pb::WrapUpResponse { intervention }))
    }

    async fn transfer_task(
        &self,
        request: Request<pb::TransferTaskRequest>,
    ) -> Result<Response<pb::TransferTaskResponse>, Status> {
        let key = request::key(&request, TRANSFER, &request.get_ref().request_id)?;
        let agent = agent(&request)?;
        let Transfer { task, queue } =
            Transfer::try_from(request.into_inner()).map_err(into_status)?;
        let waiting = self.service.transfer(key, agent, task, queue).await;
        let task = Some(waiting.map_err(into_status)?.into());
        Ok(Response::new(pb::TransferTaskResponse { task }))
    }

    async fn list_my_tasks(
        &self,
        request: Request<pb::ListMyTasksRequest>,
    ) -> Result<Response<pb::ListMyTasksResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let holder = holder(&caller)?;
        let page = task_page(request.get_ref()).map_err(into_status)?;
        let tasks = self.service.list_tasks(caller.tenant(), &holder, &page);
        Ok(Response::new(listed(tasks.await.map_err(into_status)?)))
    }
}

/// Whose desk it is. The access table lets agents and supervisors in and nobody else.
fn agent<T>(request: &Request<T>) -> Result<AssignedAgent, Status> {
    assigned(Caller::of(request)?)
}

fn assigned(caller: &Caller) -> Result<AssignedAgent, Status> {
    let (Some(partner), Some(agent)) = (caller.partner(), caller.agent()) else {
        return Err(Fault::new(Kind::Forbidden, "the caller is no agent").to_status());
    };
    Ok(AssignedAgent {
        partner: partner.clone(),
        agent: agent.clone(),
    })
}

/// A supervisor sees the tasks of the whole partner.
fn holder(caller: &Caller) -> Result<TaskHolder, Status> {
    match caller.kind() {
        CallerKind::Supervisor { partner, .. } => Ok(TaskHolder::Partner(partner.clone())),
        CallerKind::Agent { .. }
        | CallerKind::Platform
        | CallerKind::Storefront { .. }
        | CallerKind::Checkout
        | CallerKind::Operator
        | CallerKind::Service => assigned(caller).map(TaskHolder::Agent),
    }
}
