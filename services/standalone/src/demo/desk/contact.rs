//! One contact at a desk, from the reservation to the wrap-up.

use std::sync::Arc;
use std::time::{Duration, Instant};

use proto::convert::time::wire_duration;
use proto::fact::v1::Resolution;
use proto::offers::v1::offer_authorization_service_client::OfferAuthorizationServiceClient;
use proto::routing::v1::agent_desk_service_client::AgentDeskServiceClient;
use proto::routing::v1::{
    AcceptReservationRequest, Empowerment, RecordShopperReplyRequest, StartConversationRequest,
    Task, WrapUpRequest,
};

use super::Log;
use crate::demo::chat::{AgentEnd, Chats};
use crate::demo::clients::Line;
use crate::demo::{DemoError, failed, request_id};

/// An agent looks up, and reads before typing.
const THINKS: Duration = Duration::from_millis(150);
/// A shopper who says nothing for so long has gone.
const PATIENCE: Duration = Duration::from_secs(25);
/// The desk shows an order by then.
const ORDER: Duration = Duration::from_secs(5);

/// A contact that is offered to an agent.
pub(super) struct Contact {
    pub(super) desk: AgentDeskServiceClient<Line>,
    pub(super) offers: OfferAuthorizationServiceClient<Line>,
    pub(super) supervisor: OfferAuthorizationServiceClient<Line>,
    pub(super) chats: Arc<Chats>,
    pub(super) log: Arc<Log>,
    pub(super) reservation: String,
    pub(super) task: Task,
}

impl Contact {
    /// Takes the task, helps, and writes it up.
    pub(super) async fn handle(mut self) -> Result<(), DemoError> {
        let Some(end) = self.chats.join(&self.task.session_id) else {
            return Err(DemoError::NobodyThere(self.task.session_id));
        };
        tokio::time::sleep(THINKS).await;
        let began = Instant::now();
        self.accept().await?;
        let resolution = self.talk(end).await?;
        self.wrap_up(resolution, began.elapsed()).await
    }

    async fn accept(&mut self) -> Result<(), DemoError> {
        let request = AcceptReservationRequest {
            request_id: request_id(),
            reservation_id: self.reservation.clone(),
        };
        let accepted = self.desk.accept_reservation(request).await;
        accepted.map_err(failed("a reservation cannot be accepted"))?;
        let request = StartConversationRequest {
            request_id: request_id(),
            task_id: self.task.task_id.clone(),
        };
        let started = self.desk.start_conversation(request).await;
        started.map_err(failed("a conversation cannot be started"))?;
        Ok(())
    }

    async fn talk(&mut self, end: AgentEnd) -> Result<Resolution, DemoError> {
        let AgentEnd {
            wish,
            answer,
            goodbye,
        } = end;
        let Some(wish) = heard(wish).await else {
            return Ok(Resolution::Left);
        };
        let request = RecordShopperReplyRequest {
            request_id: request_id(),
            task_id: self.task.task_id.clone(),
        };
        let replied = self.desk.record_shopper_reply(request).await;
        replied.map_err(failed("a reply cannot be recorded"))?;
        // Also the time in which offers hear of the agent, by way of the outbox.
        tokio::time::sleep(THINKS.saturating_mul(2)).await;
        let help = self.remedy(wish).await?;
        if answer.send(help).is_err() {
            return Ok(Resolution::Left);
        }
        if heard(goodbye).await.is_none() {
            return Ok(Resolution::Left);
        }
        if wish.ends_in_order() {
            self.log.hears_of_order(&self.task.task_id, ORDER).await;
        }
        Ok(Resolution::Resolved)
    }

    async fn wrap_up(
        &mut self,
        resolution: Resolution,
        handle_time: Duration,
    ) -> Result<(), DemoError> {
        let likely = self.task.causes.first();
        let request = WrapUpRequest {
            request_id: request_id(),
            task_id: self.task.task_id.clone(),
            resolution: resolution.into(),
            cause: likely.map(|finding| finding.cause).unwrap_or_default(),
            empowerment: Empowerment::Able.into(),
            handle_time: Some(wire_duration(handle_time)),
        };
        let wrapped = self.desk.wrap_up(request).await;
        wrapped.map_err(failed("a contact cannot be wrapped up"))?;
        Ok(())
    }
}

/// What the other side says; `None` when they are gone.
async fn heard<T>(end: tokio::sync::oneshot::Receiver<T>) -> Option<T> {
    tokio::time::timeout(PATIENCE, end).await.ok()?.ok()
}
