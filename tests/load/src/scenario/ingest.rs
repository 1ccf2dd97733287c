//! Durable ingest: session-tracking and the bare server in turn, each on an empty store, at full speed and then at half
//! of what session-tracking has reached.

use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::{Case, Run, Settled, TrialArguments, measure, over_engines, print};
use crate::bare::Decoding;
use crate::cli::StoreEngine;
use crate::drive::Pace;
use crate::error::LoadError;
use crate::events::Feed;
use crate::lab::Lab;
use crate::numbers::{count, median, ratio, real};
use crate::server::Kind;

#[derive(Debug, Args)]
pub(crate) struct IngestArguments {
    #[command(flatten)]
    trial: TrialArguments,
    /// Events of a message, and streams: `EVENTSxSTREAMS`.
    #[arg(long, value_delimiter = ',', default_value = "1x64,64x4,256x4")]
    case: Vec<Case>,
    /// Seconds before a measurement of session-tracking that are not measured, in place of those of `--warm-up`: after them
    /// as many rows of sessions are written as arise.
    #[arg(long, default_value = "12")]
    rows_warm_up: f64,
    /// Messages in flight on each stream.
    #[arg(long, default_value = "16")]
    window: usize,
    /// Events that are made for one measurement at most; a faster server ends before its time.
    #[arg(long, default_value = "1500000")]
    max_events: u64,
    /// Sessions that go on at a time.
    #[arg(long, default_value = "20000")]
    live_sessions: usize,
}

/// How events are sent.
#[derive(Debug, Clone, Copy, Serialize)]
struct Sent {
    #[serde(flatten)]
    case: Case,
    window: usize,
    /// Mean size on the wire.
    event_bytes: f64,
}

/// Medians over the rounds.
#[derive(Debug, Serialize)]
struct Summary {
    bare_events_per_second: f64,
    bare_raw_events_per_second: f64,
    events_per_second: f64,
    /// Of the rate of the bare server that decodes, and of the one that does not.
    share_of_bare: f64,
    share_of_bare_raw: f64,
    bare_cpu_us_per_event: f64,
    server_cpu_us_per_event: f64,
    /// With everything that the events lead to afterwards.
    server_cpu_us_per_event_settled: Option<f64>,
    /// At half of the load, beside the bare server at the same load.
    half_load_p99_ms: f64,
    half_load_bare_p99_ms: f64,
    half_load_p99_times_bare: f64,
}

#[derive(Debug, Serialize)]
struct Round {
    bare_raw: Run,
    bare: Run,
    sessions: Run,
    settled: Option<Settled>,
    half_load: HalfLoad,
}

#[derive(Debug, Serialize)]
struct HalfLoad {
    events_per_second: f64,
    bare: Run,
    sessions: Run,
}

impl IngestArguments {
    pub(crate) async fn run(&self, lab: &Lab) -> Result<(), LoadError> {
        let mut cases = Vec::new();
        for case in self.case.iter().copied() {
            cases.push(Sent {
                case,
                window: self.window,
                event_bytes: self.event_bytes(lab, case).await?,
            });
        }
        let tour = self.trial.tour(lab, cases);
        let round = async |engine, sent: &Sent| self.round(lab, engine, sent.case).await;
        let engines = over_engines(tour, round, Summary::of).await?;
        print(lab, "ingest", engines);
        Ok(())
    }

    async fn round(&self, lab: &Lab, engine: StoreEngine, case: Case) -> Result<Round, LoadError> {
        let trial = Trial {
            arguments: self,
            lab,
            engine,
            case,
        };
        let full = Pace::Full {
            window: self.window,
        };
        let (bare_raw, _) = trial.run(Kind::Bare(Decoding::Raw), full).await?;
        let (bare, _) = trial.run(Kind::Bare(Decoding::Typed), full).await?;
        let (sessions, settled) = trial.run(Kind::Sessions, full).await?;
        let events_per_second = (sessions.events_per_second / 2.0).floor();
        let half = Pace::Steady { events_per_second };
        let (half_bare, _) = trial.run(Kind::Bare(Decoding::Typed), half).await?;
        let (half_sessions, _) = trial.run(Kind::Sessions, half).await?;
        Ok(Round {
            bare_raw,
            bare,
            sessions,
            settled,
            half_load: HalfLoad {
                events_per_second,
                bare: half_bare,
                sessions: half_sessions,
            },
        })
    }

    fn warm_up(&self, kind: Kind) -> Duration {
        if matches!(kind, Kind::Sessions) {
            Duration::from_secs_f64(self.rows_warm_up)
        } else {
            self.trial.warm_up()
        }
    }

    fn feed(&self, lab: &Lab, case: Case) -> Feed {
        Feed::new(&lab.recordings, case.streams, self.live_sessions, None)
    }

    async fn event_bytes(&self, lab: &Lab, case: Case) -> Result<f64, LoadError> {
        let mut feed = self.feed(lab, case);
        let batches = feed.prepare(case.events_per_message, 20_000).await?;
        let bytes = batches.iter().map(|batches| count(batches.bytes())).sum();
        let events = batches.iter().map(crate::events::Batches::events).sum();
        Ok(ratio(real(bytes), real(events)))
    }
}

/// What the runs of one round have in common.
struct Trial<'a> {
    arguments: &'a IngestArguments,
    lab: &'a Lab,
    engine: StoreEngine,
    case: Case,
}

impl Trial<'_> {
    /// One run on an empty store.
    async fn run(&self, kind: Kind, pace: Pace) -> Result<(Run, Option<Settled>), LoadError> {
        let arguments = self.arguments;
        let Some(store) = self.lab.scratch(self.engine).await else {
            return Err(LoadError::Wrong("the store has gone".to_owned()));
        };
        let server = self.lab.start(kind, &store).await?;
        let batches = arguments
            .feed(self.lab, self.case)
            .prepare(self.case.events_per_message, self.events(kind, pace))
            .await?;
        let before = server.cpu()?;
        let plan = arguments.trial.plan_after(arguments.warm_up(kind), pace);
        let run = measure(&server, batches, plan).await?;
        let settled = match (kind, pace) {
            (Kind::Sessions, Pace::Full { .. }) => {
                let settling = arguments.trial.settling(before, run.accepted);
                settling.settled(self.lab, &server).await?
            }
            (
                Kind::Sessions | Kind::Bare(_) | Kind::Echo(_) | Kind::Assessments | Kind::Offers,
                Pace::Full { .. } | Pace::Steady { .. },
            ) => None,
        };
        server.kill().await;
        Ok((run, settled))
    }

    /// As many as may be needed.
    fn events(&self, kind: Kind, pace: Pace) -> u64 {
        let most = self.arguments.max_events;
        match pace {
            Pace::Full { .. } => most,
            Pace::Steady { events_per_second } => {
                let warm_up = self.arguments.warm_up(kind);
                let trial = &self.arguments.trial;
                let needed = trial.needed_after(warm_up, events_per_second);
                needed
                    .max(count(self.case.events_per_message * self.case.streams))
                    .min(most)
            }
        }
    }
}

impl Summary {
    fn of(rounds: &[Round]) -> Self {
        let over = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure));
        let settled = rounds.iter().filter_map(|round| round.settled);
        Self {
            bare_events_per_second: over(|round| round.bare.events_per_second),
            bare_raw_events_per_second: over(|round| round.bare_raw.events_per_second),
            events_per_second: over(|round| round.sessions.events_per_second),
            share_of_bare: over(|round| round.share_of(&round.bare)),
            share_of_bare_raw: over(|round| round.share_of(&round.bare_raw)),
            bare_cpu_us_per_event: over(|round| round.bare.server_cpu_us_per_event),
            server_cpu_us_per_event: over(|round| round.sessions.server_cpu_us_per_event),
            server_cpu_us_per_event_settled: Settled::cpu_us_each(settled),
            half_load_p99_ms: over(|round| round.half_load.sessions.ack_ms.p99),
            half_load_bare_p99_ms: over(|round| round.half_load.bare.ack_ms.p99),
            half_load_p99_times_bare: over(|round| round.half_load.times_bare()),
        }
    }
}

impl Round {
    fn share_of(&self, bare: &Run) -> f64 {
        ratio(self.sessions.events_per_second, bare.events_per_second)
    }
}

impl HalfLoad {
    fn times_bare(&self) -> f64 {
        ratio(self.sessions.ack_ms.p99, self.bare.ack_ms.p99)
    }
}

impl std::fmt::Display for Sent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Case {
            events_per_message,
            streams,
        } = self.case;
        write!(f, "{events_per_message}x{streams}")
    }
}

impl std::fmt::Display for Round {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} events a second of {} ({} undecoded), {:.2} µs each; at half of it p99 {:.1} ms of {:.1} ms",
            self.sessions.events_per_second,
            self.bare.events_per_second,
            self.bare_raw.events_per_second,
            self.sessions.server_cpu_us_per_event,
            self.half_load.sessions.ack_ms.p99,
            self.half_load.bare.ack_ms.p99,
        )
    }
}
