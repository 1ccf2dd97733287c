//! An agent's open desk, as a test works with it.

use std::time::Duration;

use proto::cause::v1::Cause;
use proto::fact::v1::Resolution;
use proto::routing::v1 as pb;
use proto::routing::v1::open_desk_request::Message as Said;
use proto::routing::v1::open_desk_response::Message as Heard;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use crate::world::{Desk, World, request_id};

const PATIENCE: Duration = Duration::from_secs(10);

/// Open as long as it is kept.
pub(crate) struct OpenDesk {
    pub(crate) client: Desk,
    say: mpsc::Sender<pb::OpenDeskRequest>,
    hear: Streaming<pb::OpenDeskResponse>,
}

/// An agent who takes work of the starter plays in English and Spanish.
pub(crate) fn presence(capacity: u32) -> pb::DeskPresence {
    pb::DeskPresence {
        presence: pb::Presence::Available.into(),
        capacity,
        queue_ids: ["checkout", "products", "orders", "calls"]
            .map(str::to_owned)
            .to_vec(),
        skills: vec!["voice".to_owned()],
        languages: vec!["en".to_owned(), "es".to_owned()],
    }
}

impl OpenDesk {
    /// Opens a desk and waits until its presence counts.
    pub(crate) async fn open(world: &World, agent: &str, capacity: u32) -> Self {
        Self::open_with(world.desk_of(agent), presence(capacity)).await
    }

    pub(crate) async fn open_with(client: Desk, presence: pb::DeskPresence) -> Self {
        let mut open = Self::try_open(client, Said::Presence(presence))
            .await
            .unwrap();
        open.acknowledged().await;
        open
    }

    /// Opens a desk with these first words, whatever comes of them.
    pub(crate) async fn try_open(mut client: Desk, first: Said) -> Result<Self, Status> {
        let (say, said) = mpsc::channel(16);
        say.send(message(first)).await.unwrap();
        let answer = client.open_desk(ReceiverStream::new(said)).await?;
        Ok(Self {
            client,
            say,
            hear: answer.into_inner(),
        })
    }

    pub(crate) async fn be(&self, presence: pb::DeskPresence) {
        let said = message(Said::Presence(presence));
        self.say.send(said).await.unwrap();
    }

    pub(crate) async fn beat(&self) {
        let said = message(Said::Heartbeat(pb::DeskHeartbeat {}));
        self.say.send(said).await.unwrap();
    }

    /// What the desk hears next, heartbeats left out.
    pub(crate) async fn next(&mut self) -> Result<Heard, Status> {
        loop {
            let heard = tokio::time::timeout(PATIENCE, self.hear.message());
            let heard = heard.await.expect("the desk hears something");
            match heard?.expect("the desk is open").message.unwrap() {
                Heard::Heartbeat(_) => {}
                heard => return Ok(heard),
            }
        }
    }

    /// The next presence.
    pub(crate) async fn acknowledged(&mut self) -> pb::PresenceAcknowledged {
        match self.next().await.unwrap() {
            Heard::Presence(presence) => presence,
            other => panic!("no presence but {other:?}"),
        }
    }

    /// The next reservation.
    pub(crate) async fn reservation(&mut self) -> pb::Reservation {
        match self.next().await.unwrap() {
            Heard::Reservation(reservation) => reservation,
            other => panic!("no reservation but {other:?}"),
        }
    }

    /// The next reservation that is taken back.
    pub(crate) async fn rescinded(&mut self) -> pb::ReservationRescinded {
        match self.next().await.unwrap() {
            Heard::Rescinded(rescinded) => rescinded,
            other => panic!("not taken back but {other:?}"),
        }
    }

    pub(crate) async fn accept(
        &mut self,
        reservation: &pb::Reservation,
    ) -> Result<pb::Reservation, Status> {
        let request = accepting(&reservation.reservation_id);
        let answer = self.client.accept_reservation(request).await?;
        Ok(answer.into_inner().reservation.unwrap())
    }

    pub(crate) async fn decline(
        &mut self,
        reservation: &pb::Reservation,
    ) -> Result<pb::Reservation, Status> {
        let request = pb::DeclineReservationRequest {
            request_id: request_id(),
            reservation_id: reservation.reservation_id.clone(),
            reason: "lunch".to_owned(),
        };
        let answer = self.client.decline_reservation(request).await?;
        Ok(answer.into_inner().reservation.unwrap())
    }

    pub(crate) async fn start(&mut self, task: &pb::Task) -> Result<pb::Intervention, Status> {
        let request = pb::StartConversationRequest {
            request_id: request_id(),
            task_id: task.task_id.clone(),
        };
        let answer = self.client.start_conversation(request).await?;
        Ok(answer.into_inner().intervention.unwrap())
    }

    pub(crate) async fn hear_reply(&mut self, task: &pb::Task) -> Result<pb::Intervention, Status> {
        let request = pb::RecordShopperReplyRequest {
            request_id: request_id(),
            task_id: task.task_id.clone(),
        };
        let answer = self.client.record_shopper_reply(request).await?;
        Ok(answer.into_inner().intervention.unwrap())
    }

    pub(crate) async fn wrap_up(&mut self, task: &pb::Task) -> Result<pb::Intervention, Status> {
        let answer = self.client.wrap_up(wrapping_up(&task.task_id)).await?;
        Ok(answer.into_inner().intervention.unwrap())
    }

    pub(crate) async fn transfer(
        &mut self,
        task: &pb::Task,
        queue: &str,
    ) -> Result<pb::Task, Status> {
        let request = pb::TransferTaskRequest {
            request_id: request_id(),
            task_id: task.task_id.clone(),
            queue_id: queue.to_owned(),
        };
        let answer = self.client.transfer_task(request).await?;
        Ok(answer.into_inner().task.unwrap())
    }

    pub(crate) async fn tasks(&mut self) -> Vec<pb::Task> {
        let request = pb::ListMyTasksRequest::default();
        let answer = self.client.list_my_tasks(request).await.unwrap();
        answer.into_inner().tasks
    }
}

pub(crate) fn accepting(reservation_id: &str) -> pb::AcceptReservationRequest {
    pb::AcceptReservationRequest {
        request_id: request_id(),
        reservation_id: reservation_id.to_owned(),
    }
}

/// A resolved contact of four minutes.
pub(crate) fn wrapping_up(task_id: &str) -> pb::WrapUpRequest {
    pb::WrapUpRequest {
        request_id: request_id(),
        task_id: task_id.to_owned(),
        resolution: Resolution::Resolved.into(),
        cause: Cause::UnexpectedCost.into(),
        empowerment: pb::Empowerment::Able.into(),
        handle_time: Some(prost_types::Duration {
            seconds: 240,
            nanos: 0,
        }),
    }
}

fn message(said: Said) -> pb::OpenDeskRequest {
    pb::OpenDeskRequest {
        message: Some(said),
    }
}
