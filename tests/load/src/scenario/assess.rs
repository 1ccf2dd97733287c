//! Assessments over the wire: the echo and risk-scoring in turn, each on an empty store, at full speed.

use std::time::Duration;

use clap::Args;
use proto::risk::v1::ExplainAssessmentRequest;
use proto::risk::v1::risk_scoring_service_client::RiskScoringServiceClient;
use serde::Serialize;

use super::{Settled, Settling, Tour, over_engines, print};
use crate::cli::StoreEngine;
use crate::drive::{Messages, Outcome, Pace, Plan, assess};
use crate::echo::Keeping;
use crate::error::LoadError;
use crate::events::moments;
use crate::lab::Lab;
use crate::numbers::{Percentiles, count, median, micros_each, rate, ratio, real};
use crate::server::{Kind, Server};

#[derive(Debug, Args)]
pub(crate) struct AssessArguments {
    /// Stores to measure on.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "sqlite,postgres"
    )]
    engine: Vec<StoreEngine>,
    /// Streams.
    #[arg(long, value_delimiter = ',', default_value = "1,4,16")]
    streams: Vec<usize>,
    /// Moments in flight on each stream.
    #[arg(long, default_value = "64")]
    window: usize,
    /// How often the echo and risk-scoring take turns.
    #[arg(long, default_value = "3")]
    rounds: usize,
    /// Seconds of one measurement.
    #[arg(long, default_value = "4")]
    seconds: f64,
    /// Seconds before it that are not measured.
    #[arg(long, default_value = "1")]
    warm_up: f64,
    /// Moments that are made for one measurement; risk-scoring is sent each once, the echo all over again.
    #[arg(long, default_value = "100000")]
    max_moments: usize,
    /// Seconds to wait for the messages that a measurement has caused; 0 to leave that out.
    #[arg(long, default_value = "30")]
    settle: f64,
}

/// How moments are sent.
#[derive(Debug, Clone, Copy, Serialize)]
struct Case {
    streams: usize,
    window: usize,
    /// Mean size of a message on the wire.
    moment_bytes: f64,
}

/// Medians over the rounds.
#[derive(Debug, Serialize)]
struct Summary {
    echo_moments_per_second: f64,
    durable_echo_moments_per_second: f64,
    moments_per_second: f64,
    share_of_echo: f64,
    share_of_durable_echo: f64,
    echo_cpu_us_per_moment: f64,
    server_cpu_us_per_moment: f64,
    /// With the proposals and facts that the moments lead to afterwards.
    server_cpu_us_per_moment_settled: Option<f64>,
    p99_ms: f64,
    echo_p99_ms: f64,
}

#[derive(Debug, Serialize)]
struct Round {
    echo: Run,
    durable_echo: Run,
    assessments: Run,
}

/// One run over the streams of one server.
#[derive(Debug, Serialize)]
struct Run {
    /// Answered while it was measured.
    moments: u64,
    seconds: f64,
    moments_per_second: f64,
    server_cpu_us_per_moment: f64,
    /// Of this program: sending, reading answers, and the stand-ins for the services that are told.
    client_cpu_us_per_moment: f64,
    /// From when a moment left to its answer, for which it is durable.
    answer_ms: Percentiles,
    /// The moments ended before the time that was to be measured.
    ran_out: bool,
    /// Over the whole run, warm-up included; all of these were answered.
    sent: u64,
    /// Assessments that were read back.
    read_back: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    settled: Option<Settled>,
}

impl AssessArguments {
    pub(crate) async fn run(&self, lab: &Lab) -> Result<(), LoadError> {
        let moment_bytes = moment_bytes(lab);
        let cases = self.streams.iter().map(|streams| Case {
            streams: *streams,
            window: self.window,
            moment_bytes,
        });
        let tour = Tour {
            lab,
            engines: &self.engine,
            cases: cases.collect(),
            rounds: self.rounds,
        };
        let round = async |engine, case: &Case| {
            let trial = Trial {
                arguments: self,
                lab,
                engine,
                streams: case.streams,
            };
            Ok(Round {
                echo: trial.run(Kind::Echo(Keeping::Nothing)).await?,
                durable_echo: trial.run(Kind::Echo(Keeping::Both)).await?,
                assessments: trial.run(Kind::Assessments).await?,
            })
        };
        let engines = over_engines(tour, round, Summary::of).await?;
        print(lab, "assess", engines);
        Ok(())
    }
}

fn moment_bytes(lab: &Lab) -> f64 {
    let moments: Vec<_> = moments(&lab.recordings, 1, 1_000).concat();
    let bytes = moments.iter().map(|message| count(message.len())).sum();
    ratio(real(bytes), real(count(moments.len())))
}

/// What the runs of one round have in common.
struct Trial<'a> {
    arguments: &'a AssessArguments,
    lab: &'a Lab,
    engine: StoreEngine,
    streams: usize,
}

impl Trial<'_> {
    /// One run on an empty store, in which no moment is lost or refused.
    async fn run(&self, kind: Kind) -> Result<Run, LoadError> {
        let arguments = self.arguments;
        let Some(store) = self.lab.scratch(self.engine).await else {
            return Err(LoadError::Wrong("the store has gone".to_owned()));
        };
        let server = self.lab.start(kind, &store).await?;
        let before = server.cpu()?;
        let window = arguments.window;
        let plan = Plan {
            pace: Pace::Full { window },
            warm_up: Duration::from_secs_f64(arguments.warm_up),
            span: Duration::from_secs_f64(arguments.seconds),
        };
        let outcome = assess(&server, self.messages(kind), window, plan).await?;
        let (settled, read_back) = match kind {
            Kind::Assessments => {
                let settling = Settling {
                    before,
                    count: outcome.accepted,
                    seconds: arguments.settle,
                };
                let settled = settling.settled(self.lab, &server).await?;
                (settled, read_back(&server, &outcome.expected).await?)
            }
            Kind::Echo(_) | Kind::Sessions | Kind::Bare(_) | Kind::Offers => (None, 0),
        };
        server.kill().await;
        Run::of(&outcome, read_back, settled)
    }

    fn messages(&self, kind: Kind) -> Vec<Messages> {
        let moments = moments(
            &self.lab.recordings,
            self.streams,
            self.arguments.max_moments,
        );
        let messages = moments.into_iter().map(|stream| -> Messages {
            match kind {
                Kind::Echo(_) => Box::new(stream.into_iter().cycle()),
                Kind::Assessments | Kind::Sessions | Kind::Bare(_) | Kind::Offers => {
                    Box::new(stream.into_iter())
                }
            }
        });
        messages.collect()
    }
}

/// Has assessments explained, which are read from the store, and says how many.
async fn read_back(server: &Server, expected: &[(String, u64)]) -> Result<u64, LoadError> {
    let mut client = RiskScoringServiceClient::new(server.connect()?);
    for (assessment, _) in expected {
        let request = ExplainAssessmentRequest {
            assessment_id: assessment.clone(),
            language: String::new(),
        };
        client.explain_assessment(request).await?;
    }
    Ok(count(expected.len()))
}

impl Run {
    fn of(outcome: &Outcome, read_back: u64, settled: Option<Settled>) -> Result<Self, LoadError> {
        if outcome.accepted != outcome.sent {
            let what = format!(
                "{} moments were sent and {} answered",
                outcome.sent, outcome.accepted
            );
            return Err(LoadError::Wrong(what));
        }
        Ok(Self {
            moments: outcome.events,
            seconds: outcome.time.as_secs_f64(),
            moments_per_second: rate(outcome.events, outcome.time).round(),
            server_cpu_us_per_moment: micros_each(outcome.server_cpu, outcome.events),
            client_cpu_us_per_moment: micros_each(outcome.client_cpu, outcome.events),
            answer_ms: outcome.latencies.percentiles(),
            ran_out: outcome.ran_out,
            sent: outcome.sent,
            read_back,
            settled,
        })
    }
}

impl Summary {
    fn of(rounds: &[Round]) -> Self {
        let over = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure));
        let settled = rounds.iter().filter_map(|round| round.assessments.settled);
        Self {
            echo_moments_per_second: over(|round| round.echo.moments_per_second),
            durable_echo_moments_per_second: over(|round| round.durable_echo.moments_per_second),
            moments_per_second: over(|round| round.assessments.moments_per_second),
            share_of_echo: over(|round| round.share_of(&round.echo)),
            share_of_durable_echo: over(|round| round.share_of(&round.durable_echo)),
            echo_cpu_us_per_moment: over(|round| round.echo.server_cpu_us_per_moment),
            server_cpu_us_per_moment: over(|round| round.assessments.server_cpu_us_per_moment),
            server_cpu_us_per_moment_settled: Settled::cpu_us_each(settled),
            p99_ms: over(|round| round.assessments.answer_ms.p99),
            echo_p99_ms: over(|round| round.echo.answer_ms.p99),
        }
    }
}

impl Round {
    fn share_of(&self, bare: &Run) -> f64 {
        ratio(self.assessments.moments_per_second, bare.moments_per_second)
    }
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} streams", self.streams)
    }
}

impl std::fmt::Display for Round {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} moments a second of {} ({} durable), {:.2} µs each",
            self.assessments.moments_per_second,
            self.echo.moments_per_second,
            self.durable_echo.moments_per_second,
            self.assessments.server_cpu_us_per_moment,
        )
    }
}
