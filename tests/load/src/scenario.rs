//! The measurements. Each prints one document: where it was made, and its figures beside those of the bare limit.

pub(crate) mod assess;
pub(crate) mod black_friday;
pub(crate) mod growth;
pub(crate) mod ingest;
pub(crate) mod kill;
pub(crate) mod memory;
mod model;
pub(crate) mod offers;
pub(crate) mod recovery;
pub(crate) mod scale;
mod trial;

use std::str::FromStr;
use std::time::Duration;

use proto::session::v1 as pb;
use serde::Serialize;

use crate::drive::{Outcome, Pace, Plan, drive};
use crate::error::LoadError;
use crate::events::{Batches, Feed};
use crate::lab::Lab;
use crate::numbers::{Percentiles, count, micros_each, rate, ratio};
use crate::output;
use crate::server::{Kind, Server};
pub(crate) use trial::{Settled, TrialArguments, over_engines};

/// Longer than any round: it ends with its events.
const WHOLE: Duration = Duration::from_mins(30);

/// How events are put into messages, and over how many streams they go: `64x4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Case {
    pub(crate) events_per_message: usize,
    pub(crate) streams: usize,
}

impl FromStr for Case {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('x');
        let numbers = parts.map(|(events, streams)| (events.parse(), streams.parse()));
        if let Some((Ok(events_per_message @ 1..=1_000), Ok(streams @ 1..=256))) = numbers {
            return Ok(Self {
                events_per_message,
                streams,
            });
        }
        Err("must be EVENTSxSTREAMS, from 1x1 to 1000x256".to_owned())
    }
}

/// The figures of a scenario, and what they are good for.
#[derive(Debug, Serialize)]
struct Document<'a, F> {
    scenario: &'static str,
    /// The program that is measured.
    program: String,
    /// Figures of a debug build say nothing.
    build: &'static str,
    processors: usize,
    /// Where the sessions are from.
    sessions: &'a str,
    figures: F,
}

fn print(lab: &Lab, scenario: &'static str, figures: impl Serialize) {
    output::figures(&Document {
        scenario,
        program: lab.measured().display().to_string(),
        build: if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        },
        processors: std::thread::available_parallelism().map_or(0, usize::from),
        sessions: lab.recordings.source,
        figures,
    });
}

/// One run over the streams of one server.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Run {
    /// Acknowledged while it was measured.
    pub(crate) events: u64,
    pub(crate) seconds: f64,
    pub(crate) events_per_second: f64,
    pub(crate) server_cpu_us_per_event: f64,
    /// Of this program: sending, reading acknowledgements, and the stand-ins for the services that are told.
    pub(crate) client_cpu_us_per_event: f64,
    /// From when a batch left, or was due at a steady pace, to its durable acknowledgement.
    pub(crate) ack_ms: Percentiles,
    /// The batches ended before the time that was to be measured.
    pub(crate) ran_out: bool,
    /// Over the whole run, warm-up included; all of these were accepted, once.
    pub(crate) sent: u64,
    pub(crate) accepted: u64,
    /// Sessions that were read back and held exactly what was sent.
    pub(crate) sessions_read_back: u64,
}

/// Sends batches, and makes sure that nothing was lost, doubled or refused.
async fn measure(server: &Server, batches: Vec<Batches>, plan: Plan) -> Result<Run, LoadError> {
    let outcome = drive(server, batches, plan).await?;
    let Outcome {
        sent,
        accepted,
        duplicates,
        rejected,
        ..
    } = outcome;
    if accepted != sent {
        let why = outcome.refusal.unwrap_or_default();
        let what = format!(
            "{sent} events were sent, {accepted} accepted, {duplicates} taken for duplicates, {rejected} rejected: {why}"
        );
        return Err(LoadError::Wrong(what));
    }
    let sessions_read_back = match server.kind {
        Kind::Sessions => read_back(server, &outcome.expected).await?,
        Kind::Bare(_) | Kind::Echo(_) | Kind::Assessments | Kind::Offers => 0,
    };
    Ok(Run {
        events: outcome.events,
        seconds: outcome.time.as_secs_f64(),
        events_per_second: rate(outcome.events, outcome.time).round(),
        server_cpu_us_per_event: micros_each(outcome.server_cpu, outcome.events),
        client_cpu_us_per_event: micros_each(outcome.client_cpu, outcome.events),
        ack_ms: outcome.latencies.percentiles(),
        ran_out: outcome.ran_out,
        sent,
        accepted,
        sessions_read_back,
    })
}

/// Reads sessions back, and says how many.
async fn read_back(server: &Server, expected: &[(String, u64)]) -> Result<u64, LoadError> {
    let mut client = server.client()?;
    for (session, events) in expected {
        let request = pb::GetSessionRequest {
            session_id: session.clone(),
        };
        let found = client.get_session(request).await?.into_inner();
        let stored = found.session.map_or(0, |session| session.event_count);
        if u64::from(stored) != *events {
            let what = format!("`{session}` holds {stored} events of {events} that were sent");
            return Err(LoadError::Wrong(what));
        }
    }
    Ok(count(expected.len()))
}

/// What it took to send a whole feed.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Fed {
    pub(crate) events: u64,
    /// While events were sent; not while they were made.
    pub(crate) seconds: f64,
    pub(crate) server_cpu_us_per_event: f64,
}

/// Events that are made before they are sent.
const CHUNK: u64 = 200_000;
/// Events of one message, and messages in flight on each stream, where neither is what is measured.
const FEED_MESSAGE: usize = 256;
const FEED_WINDOW: usize = 8;
/// Streams of a feed.
pub(crate) const FEED_STREAMS: usize = 4;

/// Sends a feed to its end, chunk by chunk.
async fn feed(server: &Server, feed: &mut Feed) -> Result<Fed, LoadError> {
    let (mut events, mut seconds, mut cpu) = (0, 0.0, 0.0);
    loop {
        let batches = feed.prepare(FEED_MESSAGE, CHUNK).await?;
        if batches.iter().all(|batches| batches.messages.is_empty()) {
            break;
        }
        let run = measure(server, batches, whole(FEED_WINDOW)).await?;
        events += run.events;
        seconds += run.seconds;
        cpu += run.server_cpu_us_per_event * crate::numbers::real(run.events);
    }
    Ok(Fed {
        events,
        seconds,
        server_cpu_us_per_event: ratio(cpu, crate::numbers::real(events)),
    })
}

/// At full speed, from the first batch to the last acknowledgement.
fn whole(window: usize) -> Plan {
    Plan {
        pace: Pace::Full { window },
        warm_up: Duration::ZERO,
        span: WHOLE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_names_events_and_streams() {
        let case = Case {
            events_per_message: 64,
            streams: 4,
        };
        assert_eq!("64x4".parse(), Ok(case));
        for wrong in ["64", "0x4", "64x0", "1001x1", "x"] {
            assert!(wrong.parse::<Case>().is_err(), "{wrong}");
        }
    }
}
