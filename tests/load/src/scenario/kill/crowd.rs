//! Those who send: lanes that outlive the server, what they are to send, and what it must come to.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use prost::Message as _;
use proto::session::v1 as pb;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::super::model::Model;
use super::KillArguments;
use crate::drive::{Batch, End, Gauge, Lane, Tally};
use crate::error::LoadError;
use crate::events::Feed;
use crate::lab::Lab;
use crate::numbers::count;
use crate::server::Server;

/// How long everything may take to be acknowledged once nobody is killed any more.
const FINISH_LIMIT: Duration = Duration::from_mins(10);

/// Those who send.
pub(super) struct Crowd {
    feed: Feed,
    per_message: usize,
    /// The way into each lane.
    inlets: Vec<mpsc::UnboundedSender<Batch>>,
    lanes: Vec<Lane>,
    pub(super) model: Model,
}

type Running = JoinSet<(Lane, End)>;

impl Crowd {
    pub(super) fn new(lab: &Lab, arguments: &KillArguments) -> Self {
        let streams = arguments.case.streams;
        let gauge = Arc::new(Gauge::new());
        let lane = |stream| {
            let random = StdRng::seed_from_u64(arguments.seed.wrapping_add(stream));
            Lane::new(arguments.window, Some(random), Arc::clone(&gauge))
        };
        let (inlets, lanes) = (1..=count(streams)).map(lane).unzip();
        Self {
            feed: Feed::new(&lab.recordings, streams, arguments.live_sessions, None),
            per_message: arguments.case.events_per_message,
            inlets,
            lanes,
            model: Model::default(),
        }
    }

    /// Sees to it that each lane has its share of so many events to send.
    pub(super) async fn fill(&mut self, events: u64) -> Result<(), LoadError> {
        let emptiest = self.lanes.iter().map(Lane::backlog).min();
        let backlog = count(emptiest.unwrap_or_default() * self.per_message * self.lanes.len());
        let missing = events.saturating_sub(backlog);
        if missing == 0 {
            return Ok(());
        }
        let prepared = self.feed.prepare(self.per_message, missing).await?;
        let now = Instant::now();
        for (batches, inlet) in prepared.into_iter().zip(&self.inlets) {
            for message in batches.messages {
                let events = events_of(message.bytes)?;
                for event in &events {
                    self.model.note(event);
                }
                // A lane takes in as long as it is there.
                let _ = inlet.send(Batch::new(events, now));
            }
        }
        Ok(())
    }

    /// Lets the lanes send, and kills the server in the middle of it. Says whether something was under way then.
    pub(super) async fn interrupt(
        &mut self,
        server: Server,
        after: Duration,
    ) -> Result<bool, LoadError> {
        let mut running = self.start(&server)?;
        sleep(after).await;
        if let Some(ended) = running.try_join_next() {
            return Err(early(ended?.1));
        }
        server.kill().await;
        while let Some(ended) = running.join_next().await {
            self.lanes.push(ended?.0);
        }
        Ok(self.lanes.iter().any(Lane::is_in_doubt))
    }

    /// Lets the lanes send all that they still have.
    pub(super) async fn finish(&mut self, server: &Server) -> Result<(), LoadError> {
        self.inlets.clear();
        let mut running = self.start(server)?;
        let all = async {
            while let Some(ended) = running.join_next().await {
                let (lane, end) = ended?;
                self.lanes.push(lane);
                match end {
                    End::Done => {}
                    End::Cut(_) => return Err(early(end)),
                }
            }
            Ok(())
        };
        let late = |_| LoadError::TooLate("acknowledge everything at last");
        timeout(FINISH_LIMIT, all).await.map_err(late)?
    }

    /// What all lanes were told.
    pub(super) fn tally(&self) -> Tally {
        let mut all = Tally::default();
        for lane in &self.lanes {
            all.add(lane.tally());
        }
        all
    }

    fn start(&mut self, server: &Server) -> Result<Running, LoadError> {
        let mut running = Running::new();
        for mut lane in std::mem::take(&mut self.lanes) {
            let connection = server.connect()?;
            running.spawn(async move {
                let end = lane.run(connection).await;
                (lane, end)
            });
        }
        Ok(running)
    }
}

fn events_of(message: Bytes) -> Result<Vec<pb::Event>, LoadError> {
    let unreadable = |_| LoadError::Wrong("a batch of ours cannot be read".to_owned());
    let message = pb::StreamEventsRequest::decode(message).map_err(unreadable)?;
    Ok(message.events)
}

/// A stream that ended although nobody was killed.
fn early(end: End) -> LoadError {
    match end {
        End::Cut(Some(status)) => LoadError::Call(status),
        End::Cut(None) => LoadError::Wrong("a stream ended early".to_owned()),
        End::Done => LoadError::Wrong("a lane has nothing to do".to_owned()),
    }
}
