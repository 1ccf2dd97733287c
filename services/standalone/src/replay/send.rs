//! The sending half of a replay: streams that are paced by the recording, with no more in flight than the server allows.
//!
//! A stream does not live for ever: it ends after some minutes, with its token, and when the server stops. The next one goes
//! on behind the last event that was acknowledged as durable. Events whose acknowledgement was lost are sent twice and
//! counted as stored before.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use platform::clock::{Clock, SystemClock};
use platform::status::{reason_of, retry_after_of};
use proto::error::v1::ErrorReason;
use proto::session::v1::session_tracking_service_client::SessionTrackingServiceClient;
use proto::session::v1::{RejectedEvent, StreamEventsRequest, StreamEventsResponse};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::task::AbortOnDropHandle;
use tonic::{Code, Status, Streaming};

use super::event::event;
use super::{Recorded, ReplayError, Speed, Target};

/// Events of one batch at most.
const BATCH: usize = 200;
/// Due events are looked for this often.
const TICK: Duration = Duration::from_millis(20);
/// Batches between here and the wire; the server's own window holds the rest back.
const QUEUED: usize = 8;
/// Before the next stream.
const PAUSE: Duration = Duration::from_millis(500);

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

/// What became of a replay.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Outcome {
    /// Events of the recording.
    pub(crate) sent: u64,
    /// Stored now.
    pub(crate) accepted: u64,
    /// Stored before.
    pub(crate) duplicates: u64,
    /// Refused.
    pub(crate) rejected: u64,
    /// How often a field was refused, and for what reason.
    pub(crate) refusals: BTreeMap<String, u64>,
    /// From the first event to the last acknowledgement.
    pub(crate) seconds: f64,
    /// Acknowledged events a second.
    pub(crate) events_per_second: f64,
}

/// A replay that is under way.
struct Replay<'a, O> {
    target: &'a Target,
    recording: Arc<[Recorded]>,
    observer: &'a O,
    begun: Instant,
    /// Events of the recording, from the first, that are acknowledged.
    durable: usize,
    outcome: Outcome,
}

/// How one stream came to its end.
enum Ended {
    /// Nothing is left to send.
    Done,
    /// The next stream goes on, after this long.
    GoOn(Duration),
}

/// Sends a recording and waits until its last event is durable.
pub(crate) async fn send<O: Observer>(
    target: &Target,
    recording: Vec<Recorded>,
    observer: &O,
) -> Result<Outcome, ReplayError> {
    let mut replay = Replay {
        target,
        recording: recording.into(),
        observer,
        begun: Instant::now(),
        durable: 0,
        outcome: Outcome::default(),
    };
    while let Ended::GoOn(pause) = replay.stream().await? {
        tokio::time::sleep(pause).await;
    }
    Ok(replay.told())
}

impl<O: Observer> Replay<'_, O> {
    /// Sends what is not durable yet over one stream.
    async fn stream(&mut self) -> Result<Ended, ReplayError> {
        let mut client = SessionTrackingServiceClient::new(self.target.client()?);
        let (batches, waiting) = mpsc::channel(QUEUED);
        let pace = Pace {
            begun: self.begun,
            speed: self.target.speed,
        };
        let producing = produce(Arc::clone(&self.recording), self.durable, pace, batches);
        let _producer = AbortOnDropHandle::new(tokio::spawn(producing));
        let before = self.durable;
        let ended = match client.stream_events(ReceiverStream::new(waiting)).await {
            Ok(answers) => self.collect(answers.into_inner()).await,
            Err(refused) => Err(refused),
        };
        match ended {
            Ok(()) if self.durable < self.recording.len() => Err(ReplayError::Unfinished),
            Ok(()) => Ok(Ended::Done),
            Err(status) => match self.pause_after(&status, before) {
                Some(pause) => Ok(Ended::GoOn(pause)),
                None => Err(self.failure(status)),
            },
        }
    }

    async fn collect(
        &mut self,
        mut answers: Streaming<StreamEventsResponse>,
    ) -> Result<(), Status> {
        while let Some(answer) = answers.message().await? {
            self.count(answer);
        }
        Ok(())
    }

    fn count(&mut self, answer: StreamEventsResponse) {
        let rejected = u64::try_from(answer.rejected.len()).unwrap_or(u64::MAX);
        let accepted = u64::from(answer.accepted_count);
        let duplicates = u64::from(answer.duplicate_count);
        self.durable = usize::try_from(answer.durable_batch).unwrap_or(usize::MAX);
        self.outcome.accepted += accepted;
        self.outcome.duplicates += duplicates;
        self.outcome.rejected += rejected;
        for refused in answer.rejected.into_iter().filter_map(|one| one.event) {
            *self.outcome.refusals.entry(words(&refused)).or_default() += 1;
        }
        self.observer.acknowledged(accepted + duplicates + rejected);
    }

    /// How long to wait before another stream; `None` when another would fare no better.
    fn pause_after(&self, status: &Status, before: usize) -> Option<Duration> {
        if reason_of(status) == Some(ErrorReason::Draining) {
            return Some(PAUSE);
        }
        if status.code() == Code::ResourceExhausted {
            return retry_after_of(status);
        }
        // A token that was taken before has ended, and the next stream brings another.
        let has_ended = status.code() == Code::Unauthenticated && self.durable > before;
        has_ended.then_some(PAUSE)
    }

    fn failure(&self, status: Status) -> ReplayError {
        let (durable, all) = (self.durable, self.recording.len());
        let status = Box::new(status);
        if status.code() == Code::Unavailable {
            let uri = self.target.uri.clone();
            return ReplayError::NobodyThere { uri, durable, all };
        }
        ReplayError::BrokenOff {
            durable,
            all,
            status,
        }
    }

    fn told(self) -> Outcome {
        let seconds = self.begun.elapsed().as_secs_f64();
        let counted = u32::try_from(self.recording.len()).unwrap_or(u32::MAX);
        Outcome {
            sent: u64::from(counted),
            seconds,
            events_per_second: f64::from(counted) / seconds.max(f64::EPSILON),
            ..self.outcome
        }
    }
}

fn words(refused: &RejectedEvent) -> String {
    let reason = refused.reason().as_str_name();
    let reason = reason.strip_prefix("ERROR_REASON_").unwrap_or(reason);
    format!("{} {reason}", refused.field)
}

/// How fast events come due.
#[derive(Debug, Clone, Copy)]
struct Pace {
    begun: Instant,
    speed: Speed,
}

impl Pace {
    /// How many of the next events are due.
    fn due(self, rest: &[Recorded]) -> usize {
        match self.speed {
            Speed::Max => rest.len(),
            Speed::Times(times) => {
                let reached = self.begun.elapsed().mul_f64(times);
                rest.partition_point(|recorded| recorded.offset <= reached)
            }
        }
    }
}

/// Hands out what is due, from the event `next` on. A batch bears the number of events up to its end, so that its
/// acknowledgement tells how far the recording is durable.
async fn produce(
    recording: Arc<[Recorded]>,
    mut next: usize,
    pace: Pace,
    batches: mpsc::Sender<StreamEventsRequest>,
) {
    while let Some(rest) = recording.get(next..).filter(|rest| !rest.is_empty()) {
        let due = pace.due(rest).min(BATCH);
        if due == 0 {
            tokio::time::sleep(TICK).await;
            continue;
        }
        next += due;
        let now = SystemClock.now();
        let events = rest.iter().take(due).map(|it| event(it, now)).collect();
        let batch = u64::try_from(next).unwrap_or(u64::MAX);
        let handed_over = batches.send(StreamEventsRequest { batch, events }).await;
        if handed_over.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
