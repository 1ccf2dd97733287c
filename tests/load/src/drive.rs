//! Sends batches over streams and measures what comes back.
//!
//! At full speed each stream keeps its window full: what is measured is the rate. At a steady pace batches leave by a
//! clock, whether or not earlier ones were acknowledged, and a latency counts from the time at which its batch was due:
//! a server that stalls is not excused by a client that waits for it.

mod calls;
mod full;
mod lane;
mod moments;
mod steady;
mod stream;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use platform::client::Client;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::error::LoadError;
use crate::events::Batches;
use crate::numbers::Latencies;
use crate::process;
use crate::server::Server;
pub(crate) use calls::{Call, call};
pub(crate) use lane::{Batch, End, Gauge, Lane, Tally};
pub(crate) use moments::{Messages, assess};
use stream::{Open, Told};

/// Connections of one run; streams share them.
const CONNECTIONS: usize = 4;

/// How long acknowledgements may take once nothing more is sent.
const DRAIN_LIMIT: Duration = Duration::from_mins(1);

/// How batches are sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Pace {
    /// As fast as they are acknowledged, with at most so many in flight on each stream.
    Full { window: usize },
    /// So many events a second over all streams.
    Steady { events_per_second: f64 },
}

/// How long is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Plan {
    pub(crate) pace: Pace,
    /// Not measured.
    pub(crate) warm_up: Duration,
    /// Measured, unless the batches end before.
    pub(crate) span: Duration,
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) sent: u64,
    pub(crate) accepted: u64,
    pub(crate) duplicates: u64,
    pub(crate) rejected: u64,
    /// Why an event was rejected, if one was.
    pub(crate) refusal: Option<String>,
    /// Events that were acknowledged in the time that was measured.
    pub(crate) events: u64,
    pub(crate) time: Duration,
    pub(crate) server_cpu: Duration,
    pub(crate) client_cpu: Duration,
    pub(crate) latencies: Latencies,
    /// Whether there were fewer batches than time.
    pub(crate) ran_out: bool,
    /// Sessions to be read back, with the events that they must hold.
    pub(crate) expected: Vec<(String, u64)>,
}

/// What the streams of a run share.
#[derive(Debug, Default)]
struct Progress {
    acknowledged: AtomicU64,
    measuring: AtomicBool,
    stopping: AtomicBool,
}

/// What was true at one instant.
#[derive(Debug)]
struct Sample {
    at: Instant,
    acknowledged: u64,
    server: Duration,
    client: Duration,
}

type Running = JoinSet<Result<Told, LoadError>>;

/// Sends the batches of each stream.
pub(crate) async fn drive(
    server: &Server,
    batches: Vec<Batches>,
    plan: Plan,
) -> Result<Outcome, LoadError> {
    let open = open_all(server, batches).await?;
    let send = |progress: &Arc<Progress>| match plan.pace {
        Pace::Full { window } => full::send(open, window, progress),
        Pace::Steady { events_per_second } => steady::send(open, events_per_second, progress),
    };
    run(server, plan, send).await
}

/// Lets streams send, and measures them for as long as is planned.
async fn run(
    server: &Server,
    plan: Plan,
    send: impl FnOnce(&Arc<Progress>) -> Running,
) -> Result<Outcome, LoadError> {
    let progress = Arc::<Progress>::default();
    let first = progress.sample(server)?;
    let mut running = send(&progress);
    let mut told = Vec::new();
    let begun = if plan.warm_up.is_zero() {
        first
    } else {
        gather(&mut running, &mut told, plan.warm_up).await?;
        progress.sample(server)?
    };
    progress.measuring.store(true, Ordering::Relaxed);
    gather(&mut running, &mut told, plan.span).await?;
    let ended = progress.sample(server)?;
    let ran_out = running.is_empty();
    progress.stopping.store(true, Ordering::Relaxed);
    gather(&mut running, &mut told, DRAIN_LIMIT).await?;
    if !running.is_empty() {
        return Err(LoadError::TooLate("acknowledge every batch"));
    }
    let outcome = summed(&begun, &ended, told);
    Ok(Outcome { ran_out, ..outcome })
}

async fn open_all(server: &Server, batches: Vec<Batches>) -> Result<Vec<Open>, LoadError> {
    let connections = connections(server)?;
    let mut open = Vec::new();
    for (batches, connection) in batches.into_iter().zip(connections.iter().cycle()) {
        open.push(Open::new(connection.clone(), batches).await?);
    }
    Ok(open)
}

fn connections(server: &Server) -> Result<Vec<Client>, LoadError> {
    (0..CONNECTIONS).map(|_| server.connect()).collect()
}

/// Waits for streams to end, so long.
async fn gather(
    running: &mut Running,
    told: &mut Vec<Told>,
    span: Duration,
) -> Result<(), LoadError> {
    let until = Instant::now() + span;
    while let Ok(Some(ended)) = timeout_at(until, running.join_next()).await {
        told.push(ended??);
    }
    Ok(())
}

fn summed(begun: &Sample, ended: &Sample, told: Vec<Told>) -> Outcome {
    let mut outcome = Outcome {
        sent: 0,
        accepted: 0,
        duplicates: 0,
        rejected: 0,
        refusal: None,
        events: ended.acknowledged - begun.acknowledged,
        time: ended.at - begun.at,
        server_cpu: ended.server.saturating_sub(begun.server),
        client_cpu: ended.client.saturating_sub(begun.client),
        latencies: Latencies::new(),
        ran_out: false,
        expected: Vec::new(),
    };
    for told in told {
        outcome.sent += told.sent;
        outcome.accepted += told.accepted;
        outcome.duplicates += told.duplicates;
        outcome.rejected += told.rejected;
        outcome.refusal = outcome.refusal.or(told.refusal);
        outcome.latencies.add(&told.latencies);
        outcome.expected.extend(told.expected);
    }
    outcome
}

impl Progress {
    fn sample(&self, server: &Server) -> Result<Sample, LoadError> {
        Ok(Sample {
            at: Instant::now(),
            acknowledged: self.acknowledged.load(Ordering::Relaxed),
            server: server.cpu()?,
            client: process::cpu(std::process::id())?,
        })
    }

    fn is_measuring(&self) -> bool {
        self.measuring.load(Ordering::Relaxed)
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
