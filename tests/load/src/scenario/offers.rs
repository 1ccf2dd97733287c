//! Offers over the wire: `AuthorizeOffer` on one budget that everybody draws on, and on many; what half of that load does to
//! the slowest; and what it costs to ask what may be offered.

mod pgbench;
mod rows;
mod stage;

use std::fmt;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use testkit::scratch::Scratch;

use super::{Settled, TrialArguments, over_engines, print};
use crate::cli::StoreEngine;
use crate::drive::{Call, Outcome, Pace, Plan, call};
use crate::error::LoadError;
use crate::lab::Lab;
use crate::numbers::{Percentiles, median, micros_each, rate, ratio};
use crate::server::{Kind, Server};
use stage::Stage;

#[derive(Debug, Args)]
pub(crate) struct OffersArguments {
    #[command(flatten)]
    trial: TrialArguments,
    /// Budgets that the offers are spread over; with 1, all of them meet.
    #[arg(long, value_delimiter = ',', default_value = "1,1000", value_parser = clap::value_parser!(u16).range(1..=5_000))]
    budgets: Vec<u16>,
    /// Callers, each with one call under way.
    #[arg(long, default_value = "64", value_parser = clap::value_parser!(u16).range(1..=200))]
    callers: u16,
    /// Cases that are recorded for one measurement at most; a faster server ends before its time.
    #[arg(long, default_value = "20000")]
    max_offers: usize,
    /// The pgbench of the PostgreSQL that is measured on.
    #[arg(long, default_value = "pgbench")]
    pgbench: String,
}

/// Offers that are granted before anything is measured.
const FIRST_OFFERS: usize = 2_000;

/// What the offers of one measurement draw on.
#[derive(Debug, Clone, Copy, Serialize)]
struct Case {
    budgets: u16,
    callers: u16,
}

/// Medians over the rounds.
#[derive(Debug, Serialize)]
struct Summary {
    offers_per_second: f64,
    /// Of SQLite, the same rows by one writer; of PostgreSQL, pgbench's transactions.
    bare_per_second: Option<f64>,
    share_of_bare: Option<f64>,
    server_cpu_us_per_offer: f64,
    server_cpu_us_per_offer_settled: Option<f64>,
    p50_ms: f64,
    p99_ms: f64,
    unloaded_p99_ms: f64,
    commit_p99_ms: f64,
    half_load_p99_ms: f64,
    /// Of the p99 at half of the load, as often as the p99 of one caller alone and of a commit take together.
    half_load_p99_times: f64,
    check_p50_ms: f64,
    empty_call_p50_ms: f64,
    check_p50_times_empty: f64,
}

#[derive(Debug, Serialize)]
struct Round {
    bare_per_second: Option<f64>,
    offers: Run,
    settled: Option<Settled>,
    commit_ms: Percentiles,
    /// One caller, one offer after the other.
    unloaded: Run,
    half_load: Run,
    /// One caller, one question after the other; each in turn with a call of a method that does nothing.
    check_ms: Percentiles,
    empty_call_ms: Percentiles,
}

/// One run of calls on one server.
#[derive(Debug, Serialize)]
struct Run {
    /// Granted while it was measured.
    offers: u64,
    seconds: f64,
    offers_per_second: f64,
    server_cpu_us_per_offer: f64,
    client_cpu_us_per_offer: f64,
    /// From when a call left, or was due at a steady pace, to the answer that the offer is held.
    answer_ms: Percentiles,
    ran_out: bool,
    /// Over the whole run, warm-up included; all of these were granted, once.
    sent: u64,
}

impl OffersArguments {
    pub(crate) async fn run(&self, lab: &Lab) -> Result<(), LoadError> {
        let callers = self.callers;
        let cases = self.budgets.iter().map(|budgets| Case {
            budgets: *budgets,
            callers,
        });
        let tour = self.trial.tour(lab, cases.collect());
        let round = async |engine, case: &Case| {
            let trial = Trial {
                arguments: self,
                lab,
                engine,
                case: *case,
            };
            trial.round().await
        };
        let engines = over_engines(tour, round, Summary::of).await?;
        print(lab, "offers", engines);
        Ok(())
    }
}

/// What the runs of one round have in common.
struct Trial<'a> {
    arguments: &'a OffersArguments,
    lab: &'a Lab,
    engine: StoreEngine,
    case: Case,
}

impl Trial<'_> {
    async fn round(&self) -> Result<Round, LoadError> {
        let (offers, settled, bare_per_second) = self.full().await?;
        let commit_ms = rows::commits(&self.store().await?, self.span() / 4).await?;
        let store = self.store().await?;
        let (server, stage) = self.in_use(&store).await?;
        let full = Pace::Full { window: 1 };
        let unloaded = self.calls(&server, &stage, (full, 1)).await?;
        let half = Pace::Steady {
            events_per_second: (offers.offers_per_second / 2.0).floor(),
        };
        let callers = usize::from(self.case.callers);
        let half_load = self.calls(&server, &stage, (half, callers)).await?;
        let (check_ms, empty_call_ms) = self.questions(&server, &stage).await?;
        stage.read_back().await?;
        server.kill().await;
        Ok(Round {
            bare_per_second,
            offers,
            settled,
            commit_ms,
            unloaded,
            half_load,
            check_ms,
            empty_call_ms,
        })
    }

    /// A service that has granted something before, on a store that has its statistics: PostgreSQL gathers those within a
    /// minute, and until then takes bad ways to single rows.
    async fn in_use(&self, store: &Scratch) -> Result<(Server, Stage), LoadError> {
        let server = self.lab.start(Kind::Offers, store).await?;
        let stage = Stage::set(&server, usize::from(self.case.budgets)).await?;
        let first = stage.offers(FIRST_OFFERS).await?;
        let before = server.cpu()?;
        let plan = Plan {
            warm_up: Duration::ZERO,
            ..self.plan(Pace::Full { window: 1 })
        };
        let callers = usize::from(self.case.callers);
        let run = Run::of(&call(&server, first, callers, plan).await?)?;
        if self.engine == StoreEngine::Postgres {
            rows::gather_statistics(store).await?;
        }
        let settling = self.arguments.trial.settling(before, run.sent);
        settling.settled(self.lab, &server).await?;
        Ok((server, stage))
    }

    /// All callers at once, then the limit of the store.
    async fn full(&self) -> Result<(Run, Option<Settled>, Option<f64>), LoadError> {
        let store = self.store().await?;
        let (server, stage) = self.in_use(&store).await?;
        let offers = stage.offers(self.arguments.max_offers).await?;
        let before = server.cpu()?;
        let full = Pace::Full { window: 1 };
        let callers = usize::from(self.case.callers);
        let run = Run::of(&call(&server, offers, callers, self.plan(full)).await?)?;
        let settling = self.arguments.trial.settling(before, run.sent);
        let settled = settling.settled(self.lab, &server).await?;
        stage.read_back().await?;
        server.kill().await;
        Ok((run, settled, self.bare(&store).await?))
    }

    async fn bare(&self, used: &Scratch) -> Result<Option<f64>, LoadError> {
        let empty = self.store().await?;
        match self.engine {
            StoreEngine::Sqlite => rows::written_again(used, &empty).await.map(Some),
            StoreEngine::Postgres => {
                pgbench::tpcb_like(&self.arguments.pgbench, &empty, self.span()).await
            }
        }
    }

    async fn calls(
        &self,
        server: &Server,
        stage: &Stage,
        (pace, callers): (Pace, usize),
    ) -> Result<Run, LoadError> {
        let offers = stage.offers(self.needed(pace)).await?;
        Run::of(&call(server, offers, callers, self.plan(pace)).await?)
    }

    /// What may be offered, in turn with nothing at all.
    async fn questions(
        &self,
        server: &Server,
        stage: &Stage,
    ) -> Result<(Percentiles, Percentiles), LoadError> {
        let most = self.arguments.max_offers;
        let alone = async |calls: Vec<Call>| {
            let plan = Plan {
                span: self.span() / 4,
                ..self.plan(Pace::Full { window: 1 })
            };
            Ok::<_, LoadError>(call(server, calls, 1, plan).await?.latencies)
        };
        let mut checks = alone(stage.checks(most)).await?;
        let mut empty = alone(stage.empty_calls(most)).await?;
        checks.add(&alone(stage.checks(most)).await?);
        empty.add(&alone(stage.empty_calls(most)).await?);
        Ok((checks.percentiles(), empty.percentiles()))
    }

    async fn store(&self) -> Result<Scratch, LoadError> {
        let store = self.lab.scratch(self.engine).await;
        store.ok_or_else(|| LoadError::Wrong("the store has gone".to_owned()))
    }

    fn span(&self) -> Duration {
        self.arguments.trial.span()
    }

    fn plan(&self, pace: Pace) -> Plan {
        self.arguments.trial.plan(pace)
    }

    /// Offers that a run may need.
    fn needed(&self, pace: Pace) -> usize {
        let most = self.arguments.max_offers;
        match pace {
            Pace::Full { .. } => most / 4,
            Pace::Steady { events_per_second } => {
                let needed = self.arguments.trial.needed(events_per_second);
                usize::try_from(needed).map_or(most, |needed| needed.clamp(1, most))
            }
        }
    }
}

impl Run {
    fn of(outcome: &Outcome) -> Result<Self, LoadError> {
        if outcome.accepted != outcome.sent || outcome.events == 0 {
            let what = format!(
                "{} offers were asked for, {} granted, and {} of them while it was measured",
                outcome.sent, outcome.accepted, outcome.events
            );
            return Err(LoadError::Wrong(what));
        }
        Ok(Self {
            offers: outcome.events,
            seconds: outcome.time.as_secs_f64(),
            offers_per_second: rate(outcome.events, outcome.time).round(),
            server_cpu_us_per_offer: micros_each(outcome.server_cpu, outcome.events),
            client_cpu_us_per_offer: micros_each(outcome.client_cpu, outcome.events),
            answer_ms: outcome.latencies.percentiles(),
            ran_out: outcome.ran_out,
            sent: outcome.sent,
        })
    }
}

impl Summary {
    fn of(rounds: &[Round]) -> Self {
        let over = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure));
        let bare: Vec<f64> = rounds
            .iter()
            .filter_map(|round| round.bare_per_second)
            .collect();
        let shares = rounds.iter().filter_map(Round::share_of_bare);
        let shares: Vec<f64> = shares.collect();
        Self {
            offers_per_second: over(|round| round.offers.offers_per_second),
            bare_per_second: (!bare.is_empty()).then(|| median(bare)),
            share_of_bare: (!shares.is_empty()).then(|| median(shares)),
            server_cpu_us_per_offer: over(|round| round.offers.server_cpu_us_per_offer),
            server_cpu_us_per_offer_settled: Settled::cpu_us_each(
                rounds.iter().filter_map(|round| round.settled),
            ),
            p50_ms: over(|round| round.offers.answer_ms.p50),
            p99_ms: over(|round| round.offers.answer_ms.p99),
            unloaded_p99_ms: over(|round| round.unloaded.answer_ms.p99),
            commit_p99_ms: over(|round| round.commit_ms.p99),
            half_load_p99_ms: over(|round| round.half_load.answer_ms.p99),
            half_load_p99_times: over(Round::half_load_times),
            check_p50_ms: over(|round| round.check_ms.p50),
            empty_call_p50_ms: over(|round| round.empty_call_ms.p50),
            check_p50_times_empty: over(|round| ratio(round.check_ms.p50, round.empty_call_ms.p50)),
        }
    }
}

impl Round {
    fn share_of_bare(&self) -> Option<f64> {
        let bare = self.bare_per_second?;
        Some(ratio(self.offers.offers_per_second, bare))
    }

    fn half_load_times(&self) -> f64 {
        let alone = self.unloaded.answer_ms.p99 + self.commit_ms.p99;
        ratio(self.half_load.answer_ms.p99, alone)
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} budgets {} callers", self.budgets, self.callers)
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} offers a second of {:.0}, {:.1} µs each; at half of it p99 {:.1} ms, alone {:.1} ms and a commit {:.1} ms; \
             a question {:.2} ms, nothing {:.2} ms",
            self.offers.offers_per_second,
            self.bare_per_second.unwrap_or_default(),
            self.offers.server_cpu_us_per_offer,
            self.half_load.answer_ms.p99,
            self.unloaded.answer_ms.p99,
            self.commit_ms.p99,
            self.check_ms.p50,
            self.empty_call_ms.p50,
        )
    }
}
