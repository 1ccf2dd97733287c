//! What scenarios have in common that measure in rounds: on which stores, how often, for how long.

use std::fmt::Display;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::cli::StoreEngine;
use crate::drive::{Pace, Plan};
use crate::error::LoadError;
use crate::lab::Lab;
use crate::numbers::{median, micros_each};
use crate::output::note;
use crate::server::Server;

/// Batches that leave at a steady pace are made for so much longer than it takes.
const SPARE_SECONDS: f64 = 0.5;

/// Where, how often and for how long something is measured.
#[derive(Debug, Args)]
pub(crate) struct TrialArguments {
    /// Stores to measure on.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "sqlite,postgres"
    )]
    engine: Vec<StoreEngine>,
    /// How often the service and its limits take turns.
    #[arg(long, default_value = "3")]
    rounds: usize,
    /// Seconds of one measurement.
    #[arg(long, default_value = "4")]
    seconds: f64,
    /// Seconds before it that are not measured.
    #[arg(long, default_value = "1")]
    warm_up: f64,
    /// Seconds to wait for the messages that a measurement has caused; 0 to leave that out.
    #[arg(long, default_value = "30")]
    settle: f64,
}

impl TrialArguments {
    /// Each case on each store, as often as was asked for.
    pub(crate) fn tour<'a, C>(&'a self, lab: &'a Lab, cases: Vec<C>) -> Tour<'a, C> {
        Tour {
            lab,
            engines: &self.engine,
            cases,
            rounds: self.rounds,
        }
    }

    /// How long is measured.
    pub(crate) fn span(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }

    /// How long nothing is measured before, where nothing else is said.
    pub(crate) fn warm_up(&self) -> Duration {
        Duration::from_secs_f64(self.warm_up)
    }

    /// One measurement at a pace.
    pub(crate) fn plan(&self, pace: Pace) -> Plan {
        self.plan_after(self.warm_up(), pace)
    }

    /// One measurement at a pace, after a warm-up of its own.
    pub(crate) fn plan_after(&self, warm_up: Duration, pace: Pace) -> Plan {
        Plan {
            pace,
            warm_up,
            span: self.span(),
        }
    }

    /// How many events, moments or offers one measurement at a steady pace needs.
    pub(crate) fn needed(&self, each_second: f64) -> u64 {
        self.needed_after(self.warm_up(), each_second)
    }

    /// As many as one needs with a warm-up of its own.
    pub(crate) fn needed_after(&self, warm_up: Duration, each_second: f64) -> u64 {
        let seconds = self.seconds + warm_up.as_secs_f64() + SPARE_SECONDS;
        Duration::from_secs_f64(each_second * seconds).as_secs()
    }

    /// The wait for the messages of so many events, moments or offers.
    pub(crate) fn settling(&self, before: Duration, count: u64) -> Settling {
        Settling {
            before,
            count,
            seconds: self.settle,
        }
    }
}

/// What is measured in turn: each case on each engine, so many rounds.
pub(crate) struct Tour<'a, C> {
    pub(crate) lab: &'a Lab,
    pub(crate) engines: &'a [StoreEngine],
    pub(crate) cases: Vec<C>,
    pub(crate) rounds: usize,
}

/// What was measured on one engine.
#[derive(Debug, Serialize)]
pub(crate) struct OnEngine<C, S, R> {
    engine: StoreEngine,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<&'static str>,
    cases: Vec<Measured<C, S, R>>,
}

/// The rounds of one case, and their medians.
#[derive(Debug, Serialize)]
pub(crate) struct Measured<C, S, R> {
    #[serde(flatten)]
    case: C,
    summary: S,
    rounds: Vec<R>,
}

/// Measures on each engine that there is, and says so where there is none.
pub(crate) async fn over_engines<C: Clone + Display, S, R: Display>(
    tour: Tour<'_, C>,
    round: impl AsyncFn(StoreEngine, &C) -> Result<R, LoadError>,
    summary: fn(&[R]) -> S,
) -> Result<Vec<OnEngine<C, S, R>>, LoadError> {
    let mut engines = Vec::new();
    for engine in tour.engines.iter().copied() {
        let present = tour.lab.scratch(engine).await.is_some();
        let mut cases = Vec::new();
        for case in tour.cases.iter().filter(|_| present) {
            let mut rounds = Vec::new();
            for number in 1..=tour.rounds {
                let measured = round(engine, case).await?;
                note(format_args!("{engine:?} {case} round {number}: {measured}"));
                rounds.push(measured);
            }
            cases.push(Measured {
                case: case.clone(),
                summary: summary(&rounds),
                rounds,
            });
        }
        engines.push(OnEngine {
            engine,
            skipped: (!present).then_some("--postgres names no server"),
            cases,
        });
    }
    Ok(engines)
}

/// What a run costs once all messages that it has caused are delivered.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Settled {
    /// Whether that came within the limit.
    complete: bool,
    /// For each event, moment or offer.
    server_cpu_us_each: f64,
}

/// A run whose messages are still to be delivered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settling {
    /// Processor time of the server before it.
    pub(crate) before: Duration,
    /// Events, moments or offers of it.
    pub(crate) count: u64,
    /// The limit; 0 to leave it out.
    pub(crate) seconds: f64,
}

impl Settling {
    /// Waits for the messages.
    pub(crate) async fn settled(
        self,
        lab: &Lab,
        server: &Server,
    ) -> Result<Option<Settled>, LoadError> {
        if self.seconds <= 0.0 {
            return Ok(None);
        }
        let limit = Duration::from_secs_f64(self.seconds);
        let complete = lab.settle(server, limit).await?;
        let cpu = server.cpu()?.saturating_sub(self.before);
        Ok(Some(Settled {
            complete,
            server_cpu_us_each: micros_each(cpu, self.count),
        }))
    }
}

impl Settled {
    /// The median, where there is one.
    pub(crate) fn cpu_us_each(rounds: impl Iterator<Item = Self>) -> Option<f64> {
        let each: Vec<f64> = rounds.map(|settled| settled.server_cpu_us_each).collect();
        (!each.is_empty()).then(|| median(each))
    }
}
