//! Previews and assessments over the wire: echoes and risk-scoring in turn, each on an empty store, at full speed.

use clap::Args;
use proto::risk::v1::risk_scoring_service_client::RiskScoringServiceClient;
use proto::risk::v1::{ExplainAssessmentRequest, ListAssessmentsRequest};
use serde::Serialize;

use super::{Settled, TrialArguments, over_engines, print};
use crate::cli::StoreEngine;
use crate::drive::{Messages, Outcome, Pace, assess};
use crate::echo::Keeping;
use crate::error::LoadError;
use crate::events::moments;
use crate::lab::Lab;
use crate::numbers::{Percentiles, count, median, micros_each, rate, ratio, real};
use crate::server::{Kind, Server};

#[derive(Debug, Args)]
pub(crate) struct AssessArguments {
    #[command(flatten)]
    trial: TrialArguments,
    /// Streams.
    #[arg(long, value_delimiter = ',', default_value = "1,4,16")]
    streams: Vec<usize>,
    /// Moments in flight on each stream.
    #[arg(long, default_value = "64")]
    window: usize,
    /// Moments that are made for one measurement; each is assessed once, while previews and echoes begin again at the end.
    #[arg(long, default_value = "100000")]
    max_moments: usize,
}

/// How moments are sent.
#[derive(Debug, Clone, Copy, Serialize)]
struct Case {
    streams: usize,
    window: usize,
    /// Mean size of a message on the wire, of one that asks for a preview.
    moment_bytes: f64,
}

/// Medians over the rounds.
#[derive(Debug, Serialize)]
struct Summary {
    echo_moments_per_second: f64,
    preview_moments_per_second: f64,
    preview_share_of_echo: f64,
    durable_echo_moments_per_second: f64,
    moments_per_second: f64,
    share_of_echo: f64,
    share_of_durable_echo: f64,
    echo_cpu_us_per_moment: f64,
    preview_cpu_us_per_moment: f64,
    server_cpu_us_per_moment: f64,
    /// With the proposals and facts that the moments lead to afterwards.
    server_cpu_us_per_moment_settled: Option<f64>,
    p99_ms: f64,
    echo_p99_ms: f64,
    preview_p99_ms: f64,
}

#[derive(Debug, Serialize)]
struct Round {
    echo: Run,
    previews: Run,
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
    /// From when a moment left to its answer, for which it is durable if it is kept.
    answer_ms: Percentiles,
    /// The moments ended before the time that was to be measured.
    ran_out: bool,
    /// Over the whole run, warm-up included; all of these were answered.
    sent: u64,
    /// Assessments that were read back; of previews none may be found.
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
        let tour = self.trial.tour(lab, cases.collect());
        let round = async |engine, case: &Case| {
            let trial = Trial {
                arguments: self,
                lab,
                engine,
                streams: case.streams,
            };
            Ok(Round {
                echo: trial.echo(Keeping::Nothing).await?,
                previews: trial.run(Kind::Assessments, Keeping::Nothing).await?,
                durable_echo: trial.echo(Keeping::Both).await?,
                assessments: trial.run(Kind::Assessments, Keeping::Both).await?,
            })
        };
        let engines = over_engines(tour, round, Summary::of).await?;
        print(lab, "assess", engines);
        Ok(())
    }
}

fn moment_bytes(lab: &Lab) -> f64 {
    let moments: Vec<_> = moments(&lab.recordings, 1, 1_000, Keeping::Nothing).concat();
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
    async fn echo(&self, keeping: Keeping) -> Result<Run, LoadError> {
        self.run(Kind::Echo(keeping), keeping).await
    }

    /// One run on an empty store, in which no moment is lost or refused.
    async fn run(&self, kind: Kind, keeping: Keeping) -> Result<Run, LoadError> {
        let arguments = self.arguments;
        let Some(store) = self.lab.scratch(self.engine).await else {
            return Err(LoadError::Wrong("the store has gone".to_owned()));
        };
        let server = self.lab.start(kind, &store).await?;
        let before = server.cpu()?;
        let window = arguments.window;
        let plan = arguments.trial.plan(Pace::Full { window });
        let outcome = assess(&server, self.messages(kind, keeping), window, plan).await?;
        let (settled, read_back) = match (kind, keeping) {
            (Kind::Assessments, Keeping::Nothing) => {
                nothing_is_kept(&server, &outcome.expected).await?;
                (None, 0)
            }
            (Kind::Assessments, Keeping::Both) => {
                let settling = arguments.trial.settling(before, outcome.accepted);
                let settled = settling.settled(self.lab, &server).await?;
                (settled, read_back(&server, &outcome.expected).await?)
            }
            (Kind::Echo(_) | Kind::Sessions | Kind::Bare(_) | Kind::Offers, _) => (None, 0),
        };
        server.kill().await;
        Run::of(&outcome, read_back, settled)
    }

    fn messages(&self, kind: Kind, keeping: Keeping) -> Vec<Messages> {
        let moments = moments(
            &self.lab.recordings,
            self.streams,
            self.arguments.max_moments,
            keeping,
        );
        // A moment is assessed once.
        let once = kind == Kind::Assessments && keeping == Keeping::Both;
        let messages = moments.into_iter().map(|stream| -> Messages {
            if once {
                Box::new(stream.into_iter())
            } else {
                Box::new(stream.into_iter().cycle())
            }
        });
        messages.collect()
    }
}

/// Makes sure that previews were previews.
async fn nothing_is_kept(server: &Server, answered: &[(String, u64)]) -> Result<(), LoadError> {
    let mut client = RiskScoringServiceClient::new(server.connect()?);
    let listed = client
        .list_assessments(ListAssessmentsRequest::default())
        .await?;
    let is_named = answered
        .iter()
        .any(|(assessment, _)| !assessment.is_empty());
    if is_named || !listed.into_inner().assessments.is_empty() {
        let what = "a preview was kept";
        return Err(LoadError::Wrong(what.to_owned()));
    }
    Ok(())
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

    fn share_of(&self, bare: &Self) -> f64 {
        ratio(self.moments_per_second, bare.moments_per_second)
    }
}

impl Summary {
    fn of(rounds: &[Round]) -> Self {
        let over = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure));
        let settled = rounds.iter().filter_map(|round| round.assessments.settled);
        Self {
            echo_moments_per_second: over(|round| round.echo.moments_per_second),
            preview_moments_per_second: over(|round| round.previews.moments_per_second),
            preview_share_of_echo: over(|round| round.previews.share_of(&round.echo)),
            durable_echo_moments_per_second: over(|round| round.durable_echo.moments_per_second),
            moments_per_second: over(|round| round.assessments.moments_per_second),
            share_of_echo: over(|round| round.assessments.share_of(&round.echo)),
            share_of_durable_echo: over(|round| round.assessments.share_of(&round.durable_echo)),
            echo_cpu_us_per_moment: over(|round| round.echo.server_cpu_us_per_moment),
            preview_cpu_us_per_moment: over(|round| round.previews.server_cpu_us_per_moment),
            server_cpu_us_per_moment: over(|round| round.assessments.server_cpu_us_per_moment),
            server_cpu_us_per_moment_settled: Settled::cpu_us_each(settled),
            p99_ms: over(|round| round.assessments.answer_ms.p99),
            echo_p99_ms: over(|round| round.echo.answer_ms.p99),
            preview_p99_ms: over(|round| round.previews.answer_ms.p99),
        }
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
            "{} previews a second of {}, {:.2} µs each; {} assessments of {} durable ones, {:.2} µs each",
            self.previews.moments_per_second,
            self.echo.moments_per_second,
            self.previews.server_cpu_us_per_moment,
            self.assessments.moments_per_second,
            self.durable_echo.moments_per_second,
            self.assessments.server_cpu_us_per_moment,
        )
    }
}
