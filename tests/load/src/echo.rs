//! The limit that risk-scoring is measured against: a tonic server that answers each moment of `AssessSessions` with an
//! assessment of the usual size, made once, and does nothing else.
//!
//! Deliberately absent: access, limits, traces, and any look at what a moment says. It either keeps nothing, which is what
//! the transport allows, or makes groups of moments and answers durable before it answers.

use std::net::SocketAddr;
use std::pin::Pin;

use futures::{Stream, StreamExt};
use prost::Message as _;
use proto::assessment::v1::{Assessment, Factor};
use proto::risk::v1 as pb;
use proto::risk::v1::risk_scoring_service_server::{RiskScoringService, RiskScoringServiceServer};
use storage::{Database, StoreConfig};
use testkit::builders::an_assessment;
use testkit::nobody_asks;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

use crate::bare::group;
use crate::error::LoadError;
use crate::output::note;

/// What is done with a moment and its answer before it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Keeping {
    /// It is a preview.
    Nothing,
    /// Both are durable.
    Both,
}

/// How the echo is started.
#[derive(Debug, clap::Args)]
pub(crate) struct EchoArguments {
    #[arg(long)]
    listen: SocketAddr,
    #[arg(long)]
    store: String,
    #[arg(long, value_enum)]
    keeping: Keeping,
}

/// Moments that may wait for the writer, and that one transaction takes.
const QUEUE: usize = 512;

/// What moves a score, as often as in a usual assessment.
const FACTORS: [&str; 8] = [
    "minutes_on_site",
    "event_count",
    "cart_lines",
    "earlier_orders",
    "earlier_abandonments",
    "in_checkout",
    "local_working_hours",
    "count.shipping_shock",
];

/// Serves until the process is killed.
pub(crate) async fn serve(arguments: EchoArguments) -> Result<(), LoadError> {
    let EchoArguments {
        listen,
        store,
        keeping,
    } = arguments;
    let refused = LoadError::at(listen.to_string());
    let listener = TcpListener::bind(listen).await.map_err(refused)?;
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let writer = match keeping {
        Keeping::Nothing => None,
        Keeping::Both => Some(writer(&store).await?),
    };
    let echo = Echo {
        answer: an_answer(),
        writer,
    };
    note(format_args!("serving, keeping {keeping:?}"));
    Server::builder()
        .add_service(RiskScoringServiceServer::new(echo))
        .serve_with_incoming(incoming)
        .await?;
    Ok(())
}

/// Opens the store as every service does, and begins to commit what is handed in.
async fn writer(store: &str) -> Result<mpsc::Sender<Waiting>, LoadError> {
    let wrong = |_| LoadError::Wrong("the url of the store cannot be used".to_owned());
    let database = Database::open(&StoreConfig::new(store).map_err(wrong)?).await?;
    group::create_table(&database).await?;
    let (queue, waiting) = mpsc::channel(QUEUE);
    tokio::spawn(commit_all(database, waiting));
    Ok(queue)
}

struct Echo {
    answer: Assessment,
    writer: Option<mpsc::Sender<Waiting>>,
}

type Answer = Result<pb::AssessSessionsResponse, Status>;

/// A moment and its answer, and the way back to its stream.
struct Waiting {
    payload: Vec<u8>,
    answer: pb::AssessSessionsResponse,
    sender: mpsc::UnboundedSender<Answer>,
}

#[tonic::async_trait]
impl RiskScoringService for Echo {
    type AssessSessionsStream = Pin<Box<dyn Stream<Item = Answer> + Send>>;

    async fn assess_sessions(
        &self,
        request: Request<Streaming<pb::AssessSessionsRequest>>,
    ) -> Result<Response<Self::AssessSessionsStream>, Status> {
        let (moments, usual) = (request.into_inner(), self.answer.clone());
        let Some(writer) = self.writer.clone() else {
            let answers = moments.map(move |moment| Ok(answer(&moment?, &usual)));
            return Ok(Response::new(Box::pin(answers)));
        };
        // The client has no more moments in flight than its window.
        let (sender, answers) = mpsc::unbounded_channel();
        tokio::spawn(hand_in(moments, usual, writer, sender));
        let answers = UnboundedReceiverStream::new(answers);
        Ok(Response::new(Box::pin(answers)))
    }

    nobody_asks! {
        assess_session(pb::AssessSessionRequest) -> pb::AssessSessionResponse;
        explain_assessment(pb::ExplainAssessmentRequest) -> pb::ExplainAssessmentResponse;
        list_assessments(pb::ListAssessmentsRequest) -> pb::ListAssessmentsResponse;
        record_outcome(pb::RecordOutcomeRequest) -> pb::RecordOutcomeResponse;
        record_cause(pb::RecordCauseRequest) -> pb::RecordCauseResponse;
    }
}

async fn hand_in(
    mut moments: Streaming<pb::AssessSessionsRequest>,
    usual: Assessment,
    writer: mpsc::Sender<Waiting>,
    sender: mpsc::UnboundedSender<Answer>,
) {
    while let Ok(Some(moment)) = moments.message().await {
        let answer = answer(&moment, &usual);
        let waiting = Waiting {
            payload: [moment.encode_to_vec(), answer.encode_to_vec()].concat(),
            answer,
            sender: sender.clone(),
        };
        if writer.send(waiting).await.is_err() {
            return;
        }
    }
}

/// Commits and answers until nobody can hand in any more.
async fn commit_all(database: Database, mut waiting: mpsc::Receiver<Waiting>) {
    let mut together = Vec::with_capacity(QUEUE);
    while waiting.recv_many(&mut together, QUEUE).await > 0 {
        let payloads: Vec<&[u8]> = together.iter().map(|one| one.payload.as_slice()).collect();
        if let Err(failure) = group::commit(&database, payloads.concat()).await {
            // Whoever waits for an answer sees the streams end.
            note(format_args!("the echo cannot commit: {failure}"));
            return;
        }
        for Waiting { answer, sender, .. } in together.drain(..) {
            // The reader may have gone.
            let _ = sender.send(Ok(answer));
        }
    }
}

fn answer(request: &pb::AssessSessionsRequest, usual: &Assessment) -> pb::AssessSessionsResponse {
    let mut assessment = usual.clone();
    if let Some(moment) = &request.moment {
        assessment.moment_id.clone_from(&moment.moment_id);
        assessment.session_id.clone_from(&moment.session_id);
    }
    pb::AssessSessionsResponse {
        assessment: Some(assessment),
    }
}

fn an_answer() -> Assessment {
    let factors = FACTORS.map(|name| Factor {
        name: name.to_owned(),
        log_odds: 0.25,
    });
    Assessment {
        factors: factors.to_vec(),
        ..an_assessment().build().into()
    }
}
