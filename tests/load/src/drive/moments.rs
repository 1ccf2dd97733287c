//! Moments over streams of `AssessSessions`, at full speed: the next one of a stream leaves when one of its moments is
//! answered.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use bytes::Bytes;
use http::uri::PathAndQuery;
use platform::client::Client;
use proto::risk::v1::AssessSessionsResponse;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Request, Streaming};

use super::stream::{Encoded, Told};
use super::{Outcome, Plan, Progress, Running, connections, run};
use crate::error::LoadError;
use crate::server::Server;

const ASSESS_SESSIONS: &str = "/rescate.risk.v1.RiskScoringService/AssessSessions";

/// Assessments of one stream that are read back.
const READ_BACK: usize = 25;

/// What the streams send: each message once, or over and over again.
pub(crate) type Messages = Box<dyn Iterator<Item = Bytes> + Send>;

/// Sends the moments of each stream, with so many in flight on each.
pub(crate) async fn assess(
    server: &Server,
    messages: Vec<Messages>,
    window: usize,
    plan: Plan,
) -> Result<Outcome, LoadError> {
    let connections = connections(server)?;
    let mut open = Vec::new();
    for (messages, connection) in messages.into_iter().zip(connections.iter().cycle()) {
        open.push(Open::new(connection.clone(), messages).await?);
    }
    let send = |progress: &Arc<Progress>| {
        let mut running = Running::new();
        for open in open {
            running.spawn(open.send(window, Arc::clone(progress)));
        }
        running
    };
    run(server, plan, send).await
}

/// An open stream with what is to be sent on it.
struct Open {
    sender: mpsc::UnboundedSender<Bytes>,
    answers: Streaming<AssessSessionsResponse>,
    messages: Messages,
}

impl Open {
    async fn new(connection: Client, messages: Messages) -> Result<Self, LoadError> {
        let (sender, waiting) = mpsc::unbounded_channel();
        let request = Request::new(UnboundedReceiverStream::new(waiting));
        let path = PathAndQuery::from_static(ASSESS_SESSIONS);
        let mut grpc = tonic::client::Grpc::new(connection);
        let answer = grpc.streaming(request, path, Encoded::default()).await?;
        Ok(Self {
            sender,
            answers: answer.into_inner(),
            messages,
        })
    }

    async fn send(mut self, window: usize, progress: Arc<Progress>) -> Result<Told, LoadError> {
        let mut told = Told::default();
        // When each moment left that is not answered yet.
        let mut in_flight = VecDeque::with_capacity(window);
        loop {
            while in_flight.len() < window && !progress.is_stopping() {
                let Some(message) = self.messages.next() else {
                    break;
                };
                told.sent += 1;
                in_flight.push_back(Instant::now());
                // A stream that has ended says so to whoever reads it.
                let _ = self.sender.send(message);
            }
            let Some(left) = in_flight.pop_front() else {
                return Ok(told);
            };
            let answer = self.answers.message().await?;
            let assessment = answer.and_then(|answer| answer.assessment);
            let Some(assessment) = assessment else {
                let what = "a stream ended before every moment was assessed";
                return Err(LoadError::Wrong(what.to_owned()));
            };
            told.accepted += 1;
            progress.acknowledged.fetch_add(1, Ordering::Relaxed);
            if progress.is_measuring() {
                told.latencies.record(left.elapsed());
            }
            if told.expected.len() < READ_BACK {
                told.expected.push((assessment.assessment_id, 1));
            }
        }
    }
}
