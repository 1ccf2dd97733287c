//! What is looked at while the replay runs.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::day;
use super::plot::{self, Panel};
use super::replay::Replay;
use crate::drive::Gauge;
use crate::error::LoadError;
use crate::numbers::{count, rate, ratio, real};
use crate::server::Server;

const MEBIBYTE: f64 = 1_048_576.0;

/// What the server does at one time, and what it did since the time before.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Sample {
    seconds: f64,
    /// Time of the shop's day.
    shop_hour: f64,
    resident_bytes: u64,
    /// Acknowledged.
    events_per_second: f64,
    /// From when an event was due to its durable acknowledgement. Zero when there was none.
    ack_p50_ms: f64,
    ack_p99_ms: f64,
    /// Of one processor.
    server_cpu: f64,
    /// Sessions that have begun and not ended.
    live_sessions: u64,
    /// Events that were due and are not acknowledged.
    unacknowledged: u64,
}

/// Takes samples.
pub(super) struct Watch {
    server: Arc<Server>,
    gauge: Arc<Gauge>,
    every: Duration,
    last: Last,
    pub(super) samples: Vec<Sample>,
}

/// What was true at the sample before.
#[derive(Debug, Clone, Copy)]
struct Last {
    at: Duration,
    acknowledged: u64,
    cpu: Duration,
}

impl Watch {
    pub(super) fn new(
        server: Arc<Server>,
        gauge: Arc<Gauge>,
        every: Duration,
    ) -> Result<Self, LoadError> {
        let last = Last {
            at: Duration::ZERO,
            acknowledged: 0,
            cpu: server.cpu()?,
        };
        Ok(Self {
            server,
            gauge,
            every,
            last,
            samples: Vec::new(),
        })
    }

    /// Takes a sample when it is time; `sent` are the events that were due so far.
    pub(super) fn look(
        &mut self,
        elapsed: Duration,
        sent: u64,
        replay: &Replay,
    ) -> Result<Option<&Sample>, LoadError> {
        let since = elapsed.saturating_sub(self.last.at);
        if since < self.every {
            return Ok(None);
        }
        let (acknowledged, cpu) = (self.gauge.acknowledged(), self.server.cpu()?);
        let busy = cpu.saturating_sub(self.last.cpu);
        let latencies = self.gauge.take_latencies().percentiles();
        self.samples.push(Sample {
            seconds: elapsed.as_secs_f64(),
            shop_hour: day::hour(replay.shop_time(elapsed)),
            resident_bytes: self.server.resident()?,
            events_per_second: rate(acknowledged - self.last.acknowledged, since),
            ack_p50_ms: latencies.p50,
            ack_p99_ms: latencies.p99,
            server_cpu: ratio(busy.as_secs_f64(), since.as_secs_f64()),
            live_sessions: count(replay.live()),
            unacknowledged: sent.saturating_sub(acknowledged),
        });
        self.last = Last {
            at: elapsed,
            acknowledged,
            cpu,
        };
        Ok(self.samples.last())
    }
}

impl Sample {
    /// Seconds since the start, and memory.
    pub(super) fn resident(&self) -> (f64, u64) {
        (self.seconds, self.resident_bytes)
    }
}

/// The picture of a run.
pub(super) fn plot(title: &str, samples: &[Sample]) -> String {
    let over_time = |value: fn(&Sample) -> f64| {
        let point = |sample: &Sample| (sample.seconds / 60.0, value(sample));
        samples.iter().map(point).collect()
    };
    let memory = Panel {
        caption: "resident memory of the server, MiB",
        points: over_time(|sample| real(sample.resident_bytes) / MEBIBYTE),
    };
    let rate = Panel {
        caption: "events acknowledged a second",
        points: over_time(|sample| sample.events_per_second),
    };
    plot::svg(title, &[memory, rate])
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.0} s, {:.1} h: {:.0} MiB, {:.0} events a second, p99 {:.1} ms, {} live, {} unacknowledged",
            self.seconds,
            self.shop_hour,
            real(self.resident_bytes) / MEBIBYTE,
            self.events_per_second,
            self.ack_p99_ms,
            self.live_sessions,
            self.unacknowledged,
        )
    }
}
