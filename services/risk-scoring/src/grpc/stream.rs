//! `AssessSessions`: one answer for each moment, in the order in which they came.
//!
//! One moment at a time is assessed, so two moments of a session are stored in their order. What waits is bounded by
//! the flow control of the connection on the way in, and by the buffer of the stream on the way out.

use platform::auth::Caller;
use platform::stream::{Outlet, StreamEnd};
use proto::risk::v1 as pb;
use tonic::{Status, Streaming};

use super::assess::assess;
use super::convert;
use crate::service::Service;

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

    async fn next(&mut self) -> Result<pb::AssessSessionsResponse, Stop> {
        let message = self.messages.message().await.map_err(Stop::Failure)?;
        let message = convert::unary(message.ok_or(Stop::Done)?);
        let answer = assess(&self.service, &self.caller, message).await;
        let pb::AssessSessionResponse { assessment } = answer.map_err(Stop::Failure)?;
        Ok(pb::AssessSessionsResponse { assessment })
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
        let answer = tokio::select! {
            end = outlet.ended() => return Stop::End(end),
            answer = source.next() => answer,
        };
        match answer {
            Ok(answer) => {
                if let Err(end) = outlet.send(answer).await {
                    return Stop::End(end);
                }
            }
            Err(stop) => return stop,
        }
    }
}
