//! An agent's open desk, as a test works with it.

use std::time::Duration;

use proto::routing::v1 as pb;
use proto::routing::v1::open_desk_request::Message as Said;
use proto::routing::v1::open_desk_response::Message as Heard;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use crate::world::{Desk, World};

const PATIENCE: Duration = Duration::from_secs(10);

/// Open as long as it is kept.
pub(crate) struct OpenDesk {
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

    pub(crate) async fn open_with(mut desk: Desk, presence: pb::DeskPresence) -> Self {
        let (say, said) = mpsc::channel(16);
        say.send(message(Said::Presence(presence))).await.unwrap();
        let answer = desk.open_desk(ReceiverStream::new(said)).await.unwrap();
        let mut open = Self {
            say,
            hear: answer.into_inner(),
        };
        let first = open.next().await.unwrap();
        assert!(matches!(first, Heard::Presence(_)), "{first:?}");
        open
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

    /// The next reservation.
    pub(crate) async fn reservation(&mut self) -> pb::Reservation {
        match self.next().await.unwrap() {
            Heard::Reservation(reservation) => reservation,
            other => panic!("no reservation but {other:?}"),
        }
    }
}

fn message(said: Said) -> pb::OpenDeskRequest {
    pb::OpenDeskRequest {
        message: Some(said),
    }
}
