//! `kill -9` in the middle of taking events, again and again on one store: what was acknowledged is there, nothing is
//! there twice, and whoever is downstream was told of everything once.
//!
//! After each kill the streams go on: what was not acknowledged is sent again, and now and then what was, too. In the end
//! every session is read back and compared with what was sent.

mod crowd;
mod news;

use std::time::Duration;

use clap::Args;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::Serialize;
use testkit::scratch::Scratch;
use tokio::time::{Instant, sleep};

use super::model::ReadBack;
use super::{Case, print};
use crate::cli::{Setting, StoreEngine};
use crate::drive::Tally;
use crate::error::LoadError;
use crate::lab::Lab;
use crate::numbers::{Latencies, Percentiles};
use crate::output::note;
use crate::server::{Kind, Server};
use crate::upstreams::Ledger;
use crowd::Crowd;
use news::News;

/// More calls a second than are made.
const NO_LIMIT: i64 = 1_000_000;
/// How often it is looked whether everything was told, and how long it may be quiet afterwards: carts that fall idle have
/// something to tell for minutes.
const LOOK: Duration = Duration::from_secs(1);
const QUIET: Duration = Duration::from_secs(2);
/// A day: no moment comes too late to be told, however long a server lies dead.
const LIVE_EXPIRY_MS: i64 = 86_400_000;

#[derive(Debug, Args)]
pub(crate) struct KillArguments {
    /// Stores to try.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "sqlite,postgres"
    )]
    engine: Vec<StoreEngine>,
    /// How often the server is killed.
    #[arg(long, default_value = "100")]
    rounds: u32,
    /// Events of a message, and streams: `EVENTSxSTREAMS`.
    #[arg(long, default_value = "16x4")]
    case: Case,
    /// Messages in flight on each stream.
    #[arg(long, default_value = "16")]
    window: usize,
    /// How long the server takes events before it is killed, at most, in milliseconds.
    #[arg(long, default_value = "1500")]
    longest_ms: u64,
    /// Events that wait to be sent when a server starts.
    #[arg(long, default_value = "60000")]
    round_events: u64,
    /// Sessions that go on at a time.
    #[arg(long, default_value = "2000")]
    live_sessions: usize,
    /// Decides when the server is killed, and what is sent again.
    #[arg(long, default_value = "1")]
    seed: u64,
    /// Seconds to wait for the messages at the end, those included that a dead server had begun to deliver; 0 to leave out
    /// whether any is missing.
    #[arg(long, default_value = "300")]
    settle: f64,
}

/// What came of the rounds on one engine.
#[derive(Debug, Serialize)]
struct OnEngine {
    engine: StoreEngine,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    figures: Option<Figures>,
}

#[derive(Debug, Serialize)]
struct Figures {
    rounds: u32,
    seed: u64,
    /// Rounds in which something was sent and not acknowledged when the server was killed.
    killed_in_doubt: u32,
    /// From the start of a process until it serves.
    start_ms: Percentiles,
    events: Tally,
    sessions: ReadBack,
    news: News,
}

impl KillArguments {
    pub(crate) async fn run(&self, lab: &Lab) -> Result<(), LoadError> {
        let mut engines = Vec::new();
        for engine in self.engine.iter().copied() {
            let figures = match lab.scratch(engine).await {
                Some(store) => Some(self.on(lab, &store).await?),
                None => None,
            };
            engines.push(OnEngine {
                engine,
                skipped: figures.is_none().then_some("--postgres names no server"),
                figures,
            });
        }
        let wrong: u64 = engines.iter().map(OnEngine::wrong).sum();
        print(lab, "kill", engines);
        if wrong > 0 {
            let what = format!("{wrong} events, sessions or messages are not as they must be");
            return Err(LoadError::Wrong(what));
        }
        Ok(())
    }

    async fn on(&self, lab: &Lab, store: &Scratch) -> Result<Figures, LoadError> {
        let mut random = StdRng::seed_from_u64(self.seed);
        let mut crowd = Crowd::new(lab, self);
        let (mut starts, mut killed_in_doubt) = (Latencies::new(), 0);
        lab.upstreams.open_ledger();
        for round in 1..=self.rounds {
            crowd.fill(self.round_events).await?;
            let server = start(lab, store, &mut starts).await?;
            let after = Duration::from_millis(random.random_range(0..=self.longest_ms));
            let in_doubt = crowd.interrupt(server, after).await?;
            killed_in_doubt += u32::from(in_doubt);
            note(format_args!(
                "round {round}: killed after {after:?}, {} events acknowledged",
                crowd.tally().acknowledged
            ));
        }
        let server = start(lab, store, &mut starts).await?;
        crowd.finish(&server).await?;
        let news = self.news(lab, &server, &crowd).await?;
        let sessions = ReadBack::of(&crowd.model, &server).await?;
        server.kill().await;
        Ok(Figures {
            rounds: self.rounds,
            seed: self.seed,
            killed_in_doubt,
            start_ms: starts.percentiles(),
            events: crowd.tally(),
            sessions,
            news,
        })
    }

    /// Waits until everything was told that must be. What a server had begun to deliver when it died comes late: when it is
    /// certain that nobody is at it any more.
    async fn news(&self, lab: &Lab, server: &Server, crowd: &Crowd) -> Result<News, LoadError> {
        let judge = |ledger: &Ledger| News::of(&crowd.model, ledger);
        if self.settle <= 0.0 {
            let news = lab.upstreams.judged(judge);
            return Ok(News {
                missing: None,
                ..news
            });
        }
        let until = Instant::now() + Duration::from_secs_f64(self.settle);
        while lab.upstreams.judged(judge).missing != Some(0) && Instant::now() < until {
            sleep(LOOK).await;
        }
        // What is told twice may be told last.
        lab.settle(server, QUIET).await?;
        Ok(lab.upstreams.judged(judge))
    }
}

/// Starts the server on the store, as often as it was killed on it.
async fn start(lab: &Lab, store: &Scratch, starts: &mut Latencies) -> Result<Server, LoadError> {
    let settings = [
        Setting::new("server", "tenant_calls_per_second", NO_LIMIT),
        Setting::new("moments", "live_expiry_ms", LIVE_EXPIRY_MS),
    ];
    let begun = Instant::now();
    let server = lab.start_with(Kind::Sessions, store, &settings).await?;
    starts.record(begun.elapsed());
    Ok(server)
}

impl OnEngine {
    /// Events, sessions and messages with which something is wrong.
    fn wrong(&self) -> u64 {
        let of = |figures: &Figures| {
            let Figures {
                events,
                sessions,
                news,
                ..
            } = figures;
            events.wrong() + sessions.wrong() + news.wrong()
        };
        self.figures.as_ref().map_or(0, of)
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::Fault;
    use super::*;

    #[test]
    fn a_lost_and_a_doubled_event_make_a_run_fail() {
        let figures = |faults: &[Fault]| {
            let mut sessions = ReadBack::default();
            sessions.note("ses_1", faults);
            OnEngine {
                engine: StoreEngine::Sqlite,
                skipped: None,
                figures: Some(Figures {
                    rounds: 1,
                    seed: 1,
                    killed_in_doubt: 1,
                    start_ms: Latencies::new().percentiles(),
                    events: Tally::default(),
                    sessions,
                    news: News::default(),
                }),
            }
        };

        assert_eq!(figures(&[]).wrong(), 0);
        assert_eq!(figures(&[Fault::Lost(2)]).wrong(), 2);
        assert_eq!(figures(&[Fault::Doubled(1), Fault::Cart]).wrong(), 2);
    }
}
