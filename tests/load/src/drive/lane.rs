//! A lane: a stream that goes on where it was cut.
//!
//! What was sent and not acknowledged goes first on the next connection. Now and then, where somebody wants that, a batch is
//! sent again although it was acknowledged. Each acknowledgement is held against what is known of its batches, so that an
//! event that was lost, or taken for one that was there, shows in it.

mod tally;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::{BufMut, Bytes, BytesMut};
use http::uri::PathAndQuery;
use platform::client::Client;
use prost::Message as _;
use proto::session::v1 as pb;
use rand::Rng;
use rand::rngs::StdRng;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TryRecvError;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Request, Status, Streaming};

use super::stream::{Encoded, STREAM_EVENTS};
use crate::numbers::{Latencies, count};
pub(crate) use tally::Tally;
use tally::{Said, Sent};

/// One batch in so many is sent again although it was acknowledged.
const REPEAT_ONE_IN: u32 = 8;
/// Batches that are remembered for that: the last ones, which a server that dies is the likeliest to lose.
const REMEMBERED: usize = 8;

/// Events that go together.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    /// A message of the stream without its number.
    body: Bytes,
    events: u64,
    due: Instant,
    standing: Standing,
}

/// What is known of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Not sent yet.
    New,
    /// Sent, and cut off before the answer.
    Doubtful,
    /// Acknowledged.
    Kept,
}

/// A stream that goes on where it was cut, for as long as batches come in.
#[derive(Debug)]
pub(crate) struct Lane {
    inlet: mpsc::UnboundedReceiver<Batch>,
    /// No more will come in.
    over: bool,
    /// To be sent before anything that comes in.
    waiting: VecDeque<Batch>,
    in_flight: VecDeque<Batch>,
    window: usize,
    /// Decides what is sent again although it was acknowledged; `None` for nothing.
    repeats: Option<StdRng>,
    recent: VecDeque<Batch>,
    gauge: Arc<Gauge>,
    tally: Tally,
}

/// How a connection of a lane ended.
#[derive(Debug)]
pub(crate) enum End {
    /// Everything is acknowledged, and no more will come in.
    Done,
    /// The server has ended the stream, or is gone; with its last word, if there was one.
    Cut(Option<Box<Status>>),
}

/// What can be seen of lanes while they run.
#[derive(Debug)]
pub(crate) struct Gauge {
    acknowledged: AtomicU64,
    latencies: Mutex<Latencies>,
}

impl Batch {
    /// Events that are to leave at an instant, from which their latency counts.
    pub(crate) fn new(events: Vec<pb::Event>, due: Instant) -> Self {
        let size = count(events.len());
        let message = pb::StreamEventsRequest { batch: 0, events };
        Self {
            body: Bytes::from(message.encode_to_vec()),
            events: size,
            due,
            standing: Standing::New,
        }
    }

    /// The message with its number, which may stand before the events as well as anywhere.
    fn numbered(&self, batch: u64) -> Bytes {
        let number = pb::StreamEventsRequest {
            batch,
            events: Vec::new(),
        };
        let number = number.encode_to_vec();
        let mut message = BytesMut::with_capacity(number.len() + self.body.len());
        message.put_slice(&number);
        message.put_slice(&self.body);
        message.freeze()
    }
}

impl Lane {
    /// A lane, and the way in.
    pub(crate) fn new(
        window: usize,
        repeats: Option<StdRng>,
        gauge: Arc<Gauge>,
    ) -> (mpsc::UnboundedSender<Batch>, Self) {
        let (sender, inlet) = mpsc::unbounded_channel();
        let lane = Self {
            inlet,
            over: false,
            waiting: VecDeque::new(),
            in_flight: VecDeque::new(),
            window,
            repeats,
            recent: VecDeque::new(),
            gauge,
            tally: Tally::default(),
        };
        (sender, lane)
    }

    /// What was told of its events so far.
    pub(crate) fn tally(&self) -> Tally {
        self.tally
    }

    /// Batches that were not sent yet, or not acknowledged.
    pub(crate) fn backlog(&self) -> usize {
        self.waiting.len() + self.inlet.len()
    }

    /// Whether something was sent whose outcome is not known.
    pub(crate) fn is_in_doubt(&self) -> bool {
        let is_doubtful = |batch: &Batch| batch.standing == Standing::Doubtful;
        self.waiting.iter().any(is_doubtful)
    }

    /// Sends over one connection until it ends.
    pub(crate) async fn run(&mut self, connection: Client) -> End {
        let (sender, messages) = mpsc::unbounded_channel();
        let request = Request::new(UnboundedReceiverStream::new(messages));
        let path = PathAndQuery::from_static(STREAM_EVENTS);
        let mut grpc = tonic::client::Grpc::new(connection);
        let codec = Encoded::<pb::StreamEventsResponse>::default();
        let end = match grpc.streaming(request, path, codec).await {
            Ok(answer) => self.exchange(&sender, answer.into_inner()).await,
            Err(status) => End::Cut(Some(Box::new(status))),
        };
        self.take_back();
        end
    }

    async fn exchange(
        &mut self,
        sender: &mpsc::UnboundedSender<Bytes>,
        mut answers: Streaming<pb::StreamEventsResponse>,
    ) -> End {
        let (mut number, mut durable) = (0, 0);
        loop {
            while self.has_room()
                && let Some(batch) = self.next()
            {
                number += 1;
                // A stream that has ended says so to whoever reads it.
                let _ = sender.send(batch.numbered(number));
                self.in_flight.push_back(batch);
            }
            if self.over && self.in_flight.is_empty() {
                return End::Done;
            }
            let takes_more = self.has_room() && !self.over;
            tokio::select! {
                answer = answers.message() => match answer {
                    Ok(Some(answer)) => {
                        let batches = answer.durable_batch.saturating_sub(durable);
                        durable = answer.durable_batch;
                        self.acknowledge(batches, &answer);
                    }
                    Ok(None) => return End::Cut(None),
                    Err(status) => return End::Cut(Some(Box::new(status))),
                },
                batch = self.inlet.recv(), if takes_more => match batch {
                    Some(batch) => self.waiting.push_back(batch),
                    None => self.over = true,
                },
            }
        }
    }

    fn has_room(&self) -> bool {
        self.in_flight.len() < self.window
    }

    fn next(&mut self) -> Option<Batch> {
        if let Some(batch) = self.waiting.pop_front().or_else(|| self.repeated()) {
            return Some(batch);
        }
        match self.inlet.try_recv() {
            Ok(batch) => Some(batch),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                self.over = true;
                None
            }
        }
    }

    /// A batch that was acknowledged, now and then. Not beside a doubtful one: an answer for both could not be judged.
    fn repeated(&mut self) -> Option<Batch> {
        let is_doubtful = |batch: &Batch| batch.standing == Standing::Doubtful;
        let random = self.repeats.as_mut()?;
        if self.recent.is_empty() || self.in_flight.iter().any(is_doubtful) {
            return None;
        }
        let place = random.random_range(0..self.recent.len());
        let is_chosen = random.random_ratio(1, REPEAT_ONE_IN);
        self.recent.get(place).filter(|_| is_chosen).cloned()
    }

    fn acknowledge(&mut self, batches: u64, answer: &pb::StreamEventsResponse) {
        let now = Instant::now();
        let mut sent = Sent::default();
        for _ in 0..batches {
            let Some(batch) = self.in_flight.pop_front() else {
                break;
            };
            match batch.standing {
                Standing::New => sent.new += batch.events,
                Standing::Doubtful => sent.doubtful += batch.events,
                Standing::Kept => {
                    sent.kept += batch.events;
                    continue;
                }
            }
            self.gauge.note(&batch, now);
            self.remember(batch);
        }
        let said = Said {
            accepted: u64::from(answer.accepted_count),
            duplicates: u64::from(answer.duplicate_count),
            refused: count(answer.rejected.len()),
        };
        self.tally.note(sent, said);
    }

    fn remember(&mut self, batch: Batch) {
        if self.repeats.is_none() {
            return;
        }
        let standing = Standing::Kept;
        self.recent.push_back(Batch { standing, ..batch });
        if self.recent.len() > REMEMBERED {
            self.recent.pop_front();
        }
    }

    /// Takes back what was sent and not answered, to be sent first.
    fn take_back(&mut self) {
        while let Some(batch) = self.in_flight.pop_back() {
            match batch.standing {
                Standing::New | Standing::Doubtful => {
                    let standing = Standing::Doubtful;
                    self.waiting.push_front(Batch { standing, ..batch });
                }
                // Its events are accounted for already.
                Standing::Kept => {}
            }
        }
    }
}

impl Gauge {
    pub(crate) fn new() -> Self {
        Self {
            acknowledged: AtomicU64::new(0),
            latencies: Mutex::new(Latencies::new()),
        }
    }

    /// Events that were acknowledged so far; each counts once.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// The latencies since the last time.
    pub(crate) fn take_latencies(&self) -> Latencies {
        let mut latencies = self
            .latencies
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut latencies, Latencies::new())
    }

    fn note(&self, batch: &Batch, now: Instant) {
        self.acknowledged.fetch_add(batch.events, Ordering::Relaxed);
        let mut latencies = self
            .latencies
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        latencies.record(now.saturating_duration_since(batch.due));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_put_before_the_events() {
        let event = pb::Event {
            page: "/shop".to_owned(),
            ..pb::Event::default()
        };
        let batch = Batch::new(vec![event.clone()], Instant::now());

        let sent = pb::StreamEventsRequest::decode(batch.numbered(7)).unwrap();

        assert_eq!((sent.batch, sent.events), (7, vec![event]));
    }

    #[test]
    fn what_was_cut_off_goes_first_and_what_was_repeated_does_not_go_again() {
        let (sender, mut lane) = Lane::new(8, None, Arc::new(Gauge::new()));
        let batch = |standing| Batch {
            standing,
            ..Batch::new(vec![pb::Event::default()], Instant::now())
        };
        sender.send(batch(Standing::New)).unwrap();
        lane.in_flight = [Standing::New, Standing::Kept, Standing::Doubtful]
            .map(batch)
            .into();

        lane.take_back();

        assert!(lane.is_in_doubt());
        assert_eq!(lane.backlog(), 3);
        let sent: Vec<_> = std::iter::from_fn(|| lane.next()).collect();
        let standings: Vec<_> = sent.iter().map(|batch| batch.standing).collect();
        let (doubtful, new) = (Standing::Doubtful, Standing::New);
        assert_eq!(standings, [doubtful, doubtful, new]);
    }

    #[test]
    fn an_event_counts_once_however_often_it_is_sent() {
        let (_, mut lane) = Lane::new(8, None, Arc::new(Gauge::new()));
        let batch = |standing| Batch {
            standing,
            ..Batch::new(vec![pb::Event::default(); 5], Instant::now())
        };
        lane.in_flight = [Standing::New, Standing::Kept].map(batch).into();
        let answer = pb::StreamEventsResponse {
            durable_batch: 2,
            accepted_count: 5,
            duplicate_count: 5,
            rejected: Vec::new(),
        };

        lane.acknowledge(2, &answer);

        assert_eq!(lane.gauge.acknowledged(), 5);
        let tally = lane.tally();
        assert_eq!((tally.acknowledged, tally.repeated), (5, 5));
        assert_eq!(tally.wrong(), 0);
    }
}
