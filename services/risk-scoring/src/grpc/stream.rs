//! `AssessSessions`: one answer for each moment, in the order in which they came.
//!
//! Moments that wait already are assessed together, in their order, and nobody waits for more to come: so two moments of
//! a session are stored in their order, and a busy stream shares commits. Their answers leave together, too. What waits is
//! bounded by the flow control of the connection on the way in, and by the buffer of the stream on the way out.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::vec;

use domain::moment::Moment;
use futures::{FutureExt, Stream};
use platform::auth::Caller;
use platform::status::into_status;
use platform::stream::{Inlet, Outlet, StreamEnd, StreamLimits};
use proto::assessment::v1::Assessment;
use proto::risk::v1 as pb;
use tonic::{Status, Streaming};

use super::assess::{Ask, ask};
use super::{convert, render};
use crate::service::{Call, Service};

/// Moments that are assessed together at most.
const TOGETHER: usize = 64;
/// Batches of answers that may wait for the reader: as many answers as other streams let wait.
const WAITING: usize = 4;

/// Where the moments come from.
pub(super) struct Source {
    service: Service,
    caller: Caller,
    messages: Streaming<pb::AssessSessionsRequest>,
    /// Read already, and of another kind than what was before it.
    ahead: Option<Ask>,
}

/// Answers that leave together.
pub(super) type Batch = Vec<pb::AssessSessionsResponse>;

/// Answers one by one, as they come in batches.
#[derive(Debug)]
pub(crate) struct Answers {
    batches: Inlet<Batch>,
    next: vec::IntoIter<pb::AssessSessionsResponse>,
}

/// Why a stream stops.
enum Stop {
    /// The caller has no more moments.
    Done,
    End(StreamEnd),
    Failure(Status),
}

/// The bounds of a stream of batches.
pub(super) fn limits() -> StreamLimits {
    StreamLimits {
        buffer: WAITING,
        ..StreamLimits::default()
    }
}

impl Source {
    pub(super) fn new(
        service: Service,
        caller: Caller,
        messages: Streaming<pb::AssessSessionsRequest>,
    ) -> Self {
        Self {
            service,
            caller,
            messages,
            ahead: None,
        }
    }

    /// Waits for a message, and answers it and those like it that are there behind it; and why there are no more, if so.
    async fn answers(&mut self) -> (Batch, Option<Stop>) {
        match self.next().await {
            Ok(Ask::Assess(call)) => self.assessments(call).await,
            Ok(Ask::Preview(moment)) => self.previews(moment).await,
            Err(stop) => (Batch::new(), Some(stop)),
        }
    }

    async fn assessments(&mut self, first: Call) -> (Batch, Option<Stop>) {
        let mut calls = vec![first];
        let mut stop = None;
        while calls.len() < TOGETHER
            && let Some(next) = self.ready()
        {
            match next {
                Ok(Ask::Assess(call)) => calls.push(call),
                Ok(other @ Ask::Preview(_)) => {
                    self.ahead = Some(other);
                    break;
                }
                Err(end) => {
                    stop = Some(end);
                    break;
                }
            }
        }
        let mut answers = Batch::with_capacity(calls.len());
        for outcome in self.service.assess_all(calls).await {
            match outcome {
                Ok(assessment) => answers.push(answer(assessment.into())),
                Err(failure) => stop = Some(Stop::Failure(into_status(failure))),
            }
        }
        (answers, stop)
    }

    async fn previews(&mut self, mut moment: Moment) -> (Batch, Option<Stop>) {
        let previewer = match self.service.previewer(self.caller.tenant()).await {
            Ok(previewer) => previewer,
            Err(failure) => return (Batch::new(), Some(Stop::Failure(into_status(failure)))),
        };
        let mut answers = Batch::with_capacity(TOGETHER);
        loop {
            answers.push(answer(render::preview(previewer.preview(&moment))));
            if answers.len() == TOGETHER {
                return (answers, None);
            }
            moment = match self.ready() {
                Some(Ok(Ask::Preview(next))) => next,
                Some(Ok(other @ Ask::Assess(_))) => {
                    self.ahead = Some(other);
                    return (answers, None);
                }
                Some(Err(stop)) => return (answers, Some(stop)),
                None => return (answers, None),
            };
        }
    }

    async fn next(&mut self) -> Result<Ask, Stop> {
        if let Some(ask) = self.ahead.take() {
            return Ok(ask);
        }
        let message = self.messages.message().await;
        self.read(message)
    }

    /// The next message, if it is there.
    fn ready(&mut self) -> Option<Result<Ask, Stop>> {
        let message = self.messages.message().now_or_never()?;
        Some(self.read(message))
    }

    fn read(
        &self,
        message: Result<Option<pb::AssessSessionsRequest>, Status>,
    ) -> Result<Ask, Stop> {
        let message = message.map_err(Stop::Failure)?.ok_or(Stop::Done)?;
        let ask = ask(&self.caller, convert::unary(message));
        ask.map_err(|fault| Stop::Failure(into_status(fault)))
    }
}

fn answer(assessment: Assessment) -> pb::AssessSessionsResponse {
    pb::AssessSessionsResponse {
        assessment: Some(assessment),
    }
}

/// Answers until the moments end, the stream must, or one of them is refused.
pub(super) async fn produce(mut source: Source, outlet: Outlet<Batch>) {
    match answer_all(&mut source, &outlet).await {
        Stop::Done => {}
        Stop::End(end) => outlet.close(end, None),
        Stop::Failure(status) => outlet.fail(status),
    }
}

async fn answer_all(source: &mut Source, outlet: &Outlet<Batch>) -> Stop {
    let mut ended = pin!(outlet.ended());
    loop {
        // An assessment under way is finished by the store although this stops waiting for it; its request id tells.
        let (answers, stop) = tokio::select! {
            end = &mut ended => return Stop::End(end),
            answers = source.answers() => answers,
        };
        if !answers.is_empty()
            && let Err(end) = outlet.send(answers).await
        {
            return Stop::End(end);
        }
        if let Some(stop) = stop {
            return stop;
        }
    }
}

impl From<Inlet<Batch>> for Answers {
    fn from(batches: Inlet<Batch>) -> Self {
        Self {
            batches,
            next: Batch::new().into_iter(),
        }
    }
}

impl Stream for Answers {
    type Item = Result<pb::AssessSessionsResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(answer) = self.next.next() {
                return Poll::Ready(Some(Ok(answer)));
            }
            match ready!(Pin::new(&mut self.batches).poll_next(context)) {
                Some(Ok(batch)) => self.next = batch.into_iter(),
                Some(Err(status)) => return Poll::Ready(Some(Err(status))),
                None => return Poll::Ready(None),
            }
        }
    }
}
