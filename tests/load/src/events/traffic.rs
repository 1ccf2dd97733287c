//! Many sessions at a time, each going on now and then, as the servers of a shop would send them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use domain::time::Timestamp;
use platform::clock::{Clock, SystemClock};
use prost::Message as _;
use proto::session::v1 as pb;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::{Batches, Live, Message, Recordings, Watched};
use crate::error::LoadError;
use crate::numbers::count;

/// Sessions of one preparation that are read back.
const WATCHED: usize = 8;

/// What follows in a session within so long comes together with it, as a page sends it.
const TOGETHER: Duration = Duration::from_secs(1);

/// No two streams of this process have the same ids, and each run of the program has those of the run before.
static SEEDS: AtomicU64 = AtomicU64::new(0);

/// The traffic of all streams.
#[derive(Debug)]
pub(crate) struct Feed {
    streams: Vec<Traffic>,
}

impl Feed {
    /// `sessions` bounds how many begin, over all streams.
    pub(crate) fn new(
        recordings: &Arc<Recordings>,
        streams: usize,
        at_a_time: usize,
        sessions: Option<u64>,
    ) -> Self {
        let parts = count(streams.max(1));
        // Two feeds may go to one server, where an id that comes again is a duplicate.
        let first = SEEDS.fetch_add(parts, Ordering::Relaxed);
        let streams = (0..parts)
            .map(|stream| {
                let part = sessions.map(|all| all / parts + u64::from(stream < all % parts));
                let live = (at_a_time / streams.max(1)).max(1);
                Traffic::new(Arc::clone(recordings), first + stream, live, part)
            })
            .collect();
        Self { streams }
    }

    /// The next batches, at most so many events, encoded on as many threads as there are. Fewer when the traffic ends.
    pub(crate) async fn prepare(
        &mut self,
        per_message: usize,
        events: u64,
    ) -> Result<Vec<Batches>, LoadError> {
        let share = events.div_ceil(count(self.streams.len().max(1)));
        let working = self.streams.drain(..).map(|mut traffic| {
            tokio::task::spawn_blocking(move || {
                let batches = traffic.prepare(per_message, share);
                (traffic, batches)
            })
        });
        let mut prepared = Vec::new();
        for done in working.collect::<Vec<_>>() {
            let (traffic, batches) = done.await?;
            self.streams.push(traffic);
            prepared.push(batches);
        }
        Ok(prepared)
    }
}

/// The traffic of one stream, with sessions of its own: a shop sends all events of a session the same way.
#[derive(Debug)]
pub(crate) struct Traffic {
    recordings: Arc<Recordings>,
    random: StdRng,
    going: Vec<Going>,
    /// The session whose next event comes together with its last one.
    goes_on: Option<usize>,
    begun: usize,
    /// How many more sessions may begin; `None` for any number.
    left: Option<u64>,
}

/// A session of the traffic.
#[derive(Debug)]
struct Going {
    live: Live,
    /// Its place among the watched ones.
    watched: Option<usize>,
}

impl Traffic {
    /// The same seed gives the same traffic, but for its times.
    fn new(
        recordings: Arc<Recordings>,
        seed: u64,
        at_a_time: usize,
        sessions: Option<u64>,
    ) -> Self {
        let mut traffic = Self {
            recordings,
            random: StdRng::seed_from_u64(seed),
            going: Vec::with_capacity(at_a_time),
            goes_on: None,
            // Each stream begins elsewhere in the recordings.
            begun: usize::try_from(seed).unwrap_or_default() * 7_919,
            left: sessions,
        };
        for _ in 0..at_a_time {
            let begun = traffic.begin();
            traffic.going.extend(begun);
        }
        traffic
    }

    fn begin(&mut self) -> Option<Going> {
        match &mut self.left {
            Some(0) => return None,
            Some(left) => *left -= 1,
            None => {}
        }
        let acts = self.recordings.nth(self.begun);
        self.begun += 1;
        Some(Going {
            live: Live::begin(acts, &mut self.random),
            watched: None,
        })
    }

    fn prepare(&mut self, per_message: usize, events: u64) -> Batches {
        let mut batches = Batches::default();
        // What goes on from before was not sent in these batches alone.
        for going in &mut self.going {
            going.watched = None;
        }
        let mut sent = 0;
        while sent < events && !self.going.is_empty() {
            let number = count(batches.messages.len()) + 1;
            let now = SystemClock.now();
            let mut request = pb::StreamEventsRequest {
                batch: number,
                events: Vec::with_capacity(per_message),
            };
            while request.events.len() < per_message {
                let Some(event) = self.next(number, now, &mut batches.watched) else {
                    break;
                };
                request.events.push(event);
            }
            sent += count(request.events.len());
            batches.messages.push(Message {
                events: u32::try_from(request.events.len()).unwrap_or(u32::MAX),
                bytes: Bytes::from(request.encode_to_vec()),
            });
        }
        batches
    }

    /// The next event, of any of the sessions; the last of one makes room for a new session.
    fn next(
        &mut self,
        batch: u64,
        now: Timestamp,
        watched: &mut Vec<Watched>,
    ) -> Option<pb::Event> {
        if self.going.is_empty() {
            return None;
        }
        let goes_on = self.goes_on.take();
        let place = goes_on.unwrap_or_else(|| self.random.random_range(0..self.going.len()));
        let going = self.going.get_mut(place)?;
        if going.live.is_new() && watched.len() < WATCHED {
            going.watched = Some(watched.len());
            watched.push(Watched {
                session: going.live.session().to_owned(),
                batches: Vec::new(),
            });
        }
        if let Some(watched) = going.watched.and_then(|at| watched.get_mut(at)) {
            watched.batches.push(batch);
        }
        let after = going.live.next_after()?;
        let event = going.live.tell(now, &mut self.random)?;
        match going.live.next_after() {
            Some(next) if next.saturating_sub(after) <= TOGETHER => self.goes_on = Some(place),
            Some(_) => {}
            None => {
                // The place goes to the next session, or to none.
                let next = self.begin();
                self.going.extend(next);
                self.going.swap_remove(place);
            }
        }
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Mix;
    use super::*;

    fn feed(streams: usize, sessions: Option<u64>) -> Feed {
        let recordings = Arc::new(Recordings::read(None, Mix::Carts).unwrap());
        Feed::new(&recordings, streams, 50, sessions)
    }

    #[tokio::test]
    async fn batches_are_full_and_numbered_from_one() {
        let prepared = feed(2, None).prepare(64, 1_000).await.unwrap();

        assert_eq!(prepared.len(), 2);
        for batches in &prepared {
            assert_eq!(batches.events(), 512);
            for (number, message) in (1_u64..).zip(&batches.messages) {
                let sent = pb::StreamEventsRequest::decode(message.bytes.clone()).unwrap();
                assert_eq!((sent.batch, sent.events.len()), (number, 64));
            }
        }
    }

    #[tokio::test]
    async fn bounded_traffic_sends_whole_sessions_and_ends() {
        let mut feed = feed(3, Some(100));

        let prepared = feed.prepare(10, 1_000_000).await.unwrap();

        let mut sessions = std::collections::HashSet::new();
        for message in prepared.iter().flat_map(|batches| &batches.messages) {
            let sent = pb::StreamEventsRequest::decode(message.bytes.clone()).unwrap();
            sessions.extend(sent.events.into_iter().map(|event| event.session_id));
        }
        assert_eq!(sessions.len(), 100);
        let rest = feed.prepare(10, 1_000).await.unwrap();
        assert!(rest.iter().all(|batches| batches.events() == 0));
    }

    #[tokio::test]
    async fn two_feeds_share_no_session() {
        let (mut one, mut other) = (feed(1, Some(20)), feed(1, Some(20)));

        let first = one.prepare(100, 1_000).await.unwrap();
        let second = other.prepare(100, 1_000).await.unwrap();

        assert_ne!(first[0].watched[0].session, second[0].watched[0].session);
    }

    #[tokio::test]
    async fn an_event_has_about_250_bytes() {
        let prepared = feed(1, None).prepare(64, 5_000).await.unwrap();

        let bytes = count(prepared[0].bytes()) / prepared[0].events();

        assert!((215..=285).contains(&bytes), "{bytes}");
    }
}
