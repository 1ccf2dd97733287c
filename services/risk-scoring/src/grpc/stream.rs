//! `AssessSessions`: one answer for each moment, in the order in which they came.
//!
//! Moments that wait already are assessed together, in their order, and nobody waits for more to come: so two moments of
//! a session are stored in their order, and a busy stream shares commits. What waits is bounded by the flow control of the
//! connection on the way in, and by the buffer of the stream on the way out.

use futures::FutureExt;
use platform::auth::Caller;
use platform::status::into_status;
use platform::stream::{Outlet, StreamEnd};
use proto::risk::v1 as pb;
use tonic::{Status, Streaming};

use super::assess::call;
use super::convert;
use crate::service::{Call, Service};

/// Moments that are assessed together at most.
const TOGETHER: usize = 64;

/// Where the moments come from.
pub(super) struct Source {
    service: Service,
    caller: Caller,
    messages: Streaming<pb::AssessSessionsRequest>,
}

/// Why a stream stops.
enum Stop {
    /// The caller has no more moments.
    Done,
    End(StreamEnd),
    Failure(Status),
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
        }
    }

    /// Waits for a moment, and takes those that are there behind it.
    async fn calls(&mut self) -> (Vec<Call>, Option<Stop>) {
        let mut calls = Vec::new();
        let mut next = Some(self.messages.message().await);
        while let Some(message) = next {
            match self.call(message) {
                Ok(call) => calls.push(call),
                Err(stop) => return (calls, Some(stop)),
            }
            let full = calls.len() == TOGETHER;
            next = (!full)
                .then(|| self.messages.message().now_or_never())
                .flatten();
        }
        (calls, None)
    }

    fn call(
        &self,
        message: Result<Option<pb::AssessSessionsRequest>, Status>,
    ) -> Result<Call, Stop> {
        let message = message.map_err(Stop::Failure)?.ok_or(Stop::Done)?;
        call(&self.caller, convert::unary(message)).map_err(Stop::Failure)
    }

    /// The next answers, and why there are no more after them, if so.
    async fn answers(&mut self) -> (Vec<pb::AssessSessionsResponse>, Option<Stop>) {
        let (calls, mut stop) = self.calls().await;
        let mut answers = Vec::with_capacity(calls.len());
        for outcome in self.service.assess_all(calls).await {
            match outcome {
                Ok(assessment) => answers.push(pb::AssessSessionsResponse {
                    assessment: Some(assessment.into()),
                }),
                Err(failure) => stop = Some(Stop::Failure(into_status(failure))),
            }
        }
        (answers, stop)
    }
}

/// Answers until the moments end, the stream must, or one of them is refused.
pub(super) async fn produce(mut source: Source, outlet: Outlet<pb::AssessSessionsResponse>) {
    match answer_all(&mut source, &outlet).await {
        Stop::Done => {}
        Stop::End(end) => outlet.close(end, None),
        Stop::Failure(status) => outlet.fail(status),
    }
}

async fn answer_all(source: &mut Source, outlet: &Outlet<pb::AssessSessionsResponse>) -> Stop {
    loop {
        // An assessment under way is finished by the store although this stops waiting for it; its request id tells.
        let (answers, stop) = tokio::select! {
            end = outlet.ended() => return Stop::End(end),
            answers = source.answers() => answers,
        };
        for answer in answers {
            if let Err(end) = outlet.send(answer).await {
                return Stop::End(end);
            }
        }
        if let Some(stop) = stop {
            return stop;
        }
    }
}
