//! The stream of one desk: hears the agent, tells the news, and ends for one of many reasons.

use platform::status::{Fault, Kind, into_status};
use platform::stream::{HEARTBEAT, Outlet, StreamEnd};
use proto::routing::v1 as pb;
use tokio::time::{Instant, interval_at};
use tonic::{Status, Streaming};

use crate::desk::{Cut, DeskNews};
use crate::grpc::convert::desk::{DeskMessage, desk_heartbeat};
use crate::service::{Service, StaffedDesk};

/// An open desk on the wire.
pub(super) struct Stream {
    service: Service,
    desk: StaffedDesk,
    outlet: Outlet<pb::OpenDeskResponse>,
}

/// Why a stream is over.
enum Over {
    End(StreamEnd),
    Failure(Status),
}

impl Stream {
    pub(super) fn new(
        service: Service,
        desk: StaffedDesk,
        outlet: Outlet<pb::OpenDeskResponse>,
    ) -> Self {
        Self {
            service,
            desk,
            outlet,
        }
    }

    /// Serves the desk until either side ends it. There is no place to go on from: a desk that comes back is told what
    /// waits for it.
    pub(super) async fn run(mut self, mut heard: Streaming<pb::OpenDeskRequest>) {
        let mut beat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        let over = loop {
            let step = tokio::select! {
                end = self.outlet.ended() => Err(Over::End(end)),
                message = heard.message() => self.hear(message).await,
                news = self.desk.next() => self.tell(news).await,
                _ = beat.tick() => self.send(desk_heartbeat()).await,
            };
            if let Err(over) = step {
                break over;
            }
        };
        match over {
            Over::End(end) => self.outlet.close(end, None),
            Over::Failure(status) => self.outlet.fail(status),
        }
    }

    async fn hear(
        &mut self,
        message: Result<Option<pb::OpenDeskRequest>, Status>,
    ) -> Result<(), Over> {
        let message = message.map_err(Over::Failure)?;
        // A desk that says nothing more has gone.
        let message = message.ok_or(Over::End(StreamEnd::ReaderGone))?;
        let message = DeskMessage::try_from(message)
            .map_err(into_status)
            .map_err(Over::Failure)?;
        let heard = match message {
            DeskMessage::Presence(profile) => self.service.present(&mut self.desk, profile).await,
            DeskMessage::Heartbeat => self.service.heard(&self.desk),
        };
        heard.map_err(into_status).map_err(Over::Failure)
    }

    async fn tell(&self, news: Result<DeskNews, Cut>) -> Result<(), Over> {
        match news {
            Ok(news) => self.send(news.into()).await,
            Err(Cut::Slow) => Err(Over::End(StreamEnd::SlowConsumer)),
            Err(Cut::Silent) => {
                let fault = Fault::new(Kind::Unavailable, "the desk was silent");
                Err(Over::Failure(fault.to_status()))
            }
        }
    }

    async fn send(&self, message: pb::OpenDeskResponse) -> Result<(), Over> {
        self.outlet.send(message).await.map_err(Over::End)
    }
}
