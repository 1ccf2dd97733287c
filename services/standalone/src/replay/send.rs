//! The sending half of a replay: one stream, paced by the recording, with no more in flight than the server allows.

use std::time::{Duration, Instant};

use platform::client::Client;
use platform::clock::{Clock, SystemClock};
use proto::session::v1::session_tracking_service_client::SessionTrackingServiceClient;
use proto::session::v1::{StreamEventsRequest, StreamEventsResponse};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

use super::event::event;
use super::{Outcome, Recorded, ReplayError, Speed};

/// Events of one batch at most.
const BATCH: usize = 200;
/// Due events are looked for this often.
const TICK: Duration = Duration::from_millis(20);
/// Batches between here and the wire; the server's own window holds the rest back.
const QUEUED: usize = 8;

/// Where a recording is sent, and how fast.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// A client of session-tracking.
    pub(crate) client: Client,
    /// How fast.
    pub(crate) speed: Speed,
}

/// Is told how far a replay has come.
pub(crate) trait Observer: Sync {
    /// So many more events are durable, stored before, or refused.
    fn acknowledged(&self, events: u64);
}

impl Observer for indicatif::ProgressBar {
    fn acknowledged(&self, events: u64) {
        self.inc(events);
    }
}

/// Sends a recording and waits until its last event is durable.
pub(crate) async fn send(
    target: Target,
    recording: Vec<Recorded>,
    observer: &impl Observer,
) -> Result<Outcome, ReplayError> {
    let (batches, waiting) = mpsc::channel(QUEUED);
    let begun = Instant::now();
    let sent = u64::try_from(recording.len()).unwrap_or(u64::MAX);
    let producer = tokio::spawn(produce(recording, target.speed, batches));
    let mut client = SessionTrackingServiceClient::new(target.client);
    let answers = client
        .stream_events(ReceiverStream::new(waiting))
        .await
        .map_err(|status| ReplayError::Stream(Box::new(status)))?;
    let mut outcome = collect(answers.into_inner(), observer).await?;
    producer.abort();
    if outcome.accepted + outcome.duplicates + outcome.rejected < sent {
        return Err(ReplayError::Unfinished);
    }
    outcome.sent = sent;
    outcome.seconds = begun.elapsed().as_secs_f64();
    let counted = u32::try_from(sent).unwrap_or(u32::MAX);
    outcome.events_per_second = f64::from(counted) / outcome.seconds.max(f64::EPSILON);
    Ok(outcome)
}

async fn produce(
    recording: Vec<Recorded>,
    speed: Speed,
    batches: mpsc::Sender<StreamEventsRequest>,
) {
    let begun = Instant::now();
    let mut rest = recording.as_slice();
    let mut batch = 0;
    while !rest.is_empty() {
        let due = due(rest, speed, begun.elapsed()).min(BATCH);
        let Some((now_due, later)) = rest.split_at_checked(due) else {
            return;
        };
        if now_due.is_empty() {
            tokio::time::sleep(TICK).await;
            continue;
        }
        rest = later;
        batch += 1;
        let now = SystemClock.now();
        let events = now_due
            .iter()
            .map(|recorded| event(recorded, now))
            .collect();
        if batches
            .send(StreamEventsRequest { batch, events })
            .await
            .is_err()
        {
            return;
        }
    }
}

/// How many of the next events are due.
fn due(rest: &[Recorded], speed: Speed, elapsed: Duration) -> usize {
    match speed {
        Speed::Max => rest.len(),
        Speed::Times(times) => {
            let reached = elapsed.mul_f64(times);
            rest.partition_point(|recorded| recorded.offset <= reached)
        }
    }
}

async fn collect(
    mut answers: Streaming<StreamEventsResponse>,
    observer: &impl Observer,
) -> Result<Outcome, ReplayError> {
    let mut outcome = Outcome::default();
    let ended = |status| ReplayError::Stream(Box::new(status));
    while let Some(answer) = answers.message().await.map_err(ended)? {
        let rejected = u64::try_from(answer.rejected.len()).unwrap_or(u64::MAX);
        let accepted = u64::from(answer.accepted_count);
        let duplicates = u64::from(answer.duplicate_count);
        outcome.accepted += accepted;
        outcome.duplicates += duplicates;
        outcome.rejected += rejected;
        observer.acknowledged(accepted + duplicates + rejected);
    }
    Ok(outcome)
}
