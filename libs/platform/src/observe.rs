//! Spans of calls, on either side: their names, and the code they end with.
//!
//! gRPC tells the code of a call in its last frame, so a span lives as long as the body of the answer.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body::{Frame, SizeHint};
use tonic::body::Body;
use tonic::{Code, Status};
use tracing::field::Empty;
use tracing::{Span, debug, info_span};

use crate::methods;

const STATUS: &str = "grpc-status";

/// Which end of a call a span describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Server,
    Client,
}

/// The span of a call. A path that the contracts do not know gets no name of its own: anybody may make paths up.
pub(crate) fn span(side: Side, path: &str) -> Span {
    let (service, method) = methods::find(path).map_or(("unknown", "unknown"), |found| {
        (found.service.as_str(), found.name.as_str())
    });
    match side {
        Side::Server => info_span!(
            "rpc.server",
            otel.name = format_args!("{service}/{method}"),
            otel.kind = "server",
            otel.status_code = Empty,
            rpc.system = "grpc",
            rpc.service = service,
            rpc.method = method,
            rpc.grpc.status_code = Empty,
            rescate.tenant = Empty,
        ),
        Side::Client => info_span!(
            "rpc.client",
            otel.name = format_args!("{service}/{method}"),
            otel.kind = "client",
            otel.status_code = Empty,
            rpc.system = "grpc",
            rpc.service = service,
            rpc.method = method,
            rpc.grpc.status_code = Empty,
            rescate.tenant = Empty,
            rescate.attempts = Empty,
        ),
    }
}

/// Writes the code of a call on its span, once; a call that nobody waited for ends as cancelled.
#[derive(Debug)]
pub(crate) struct Outcome {
    span: Span,
    told: bool,
}

impl Outcome {
    pub(crate) fn new(span: Span) -> Self {
        Self { span, told: false }
    }

    pub(crate) fn tell(&mut self, code: Code) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        self.span.record("rpc.grpc.status_code", i32::from(code));
        if is_fault(code) {
            self.span.record("otel.status_code", "ERROR");
        }
        self.span.in_scope(|| debug!(code = ?code, "call ended"));
    }

    fn tell_from(&mut self, headers: &HeaderMap) -> bool {
        let code = headers
            .get(STATUS)
            .map(|value| Code::from_bytes(value.as_bytes()));
        if let Some(code) = code {
            self.tell(code);
        }
        code.is_some()
    }
}

impl Drop for Outcome {
    fn drop(&mut self) {
        self.tell(Code::Cancelled);
    }
}

/// Codes that mean something of ours went wrong, rather than that a caller was refused.
fn is_fault(code: Code) -> bool {
    match code {
        Code::Unknown
        | Code::DeadlineExceeded
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss => true,
        Code::Ok
        | Code::Cancelled
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::Unauthenticated => false,
    }
}

/// A body that tells its outcome when its trailers pass.
#[derive(Debug)]
pub(crate) struct Observed {
    body: Body,
    outcome: Outcome,
}

impl Observed {
    /// Watches an answer: in its headers if it has no body, else in its trailers.
    pub(crate) fn response(response: Response<Body>, mut outcome: Outcome) -> Response<Body> {
        if outcome.tell_from(response.headers()) {
            return response;
        }
        response.map(|body| Body::new(Self { body, outcome }))
    }
}

impl http_body::Body for Observed {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        let span = this.outcome.span.clone();
        let _entered = span.enter();
        let polled = Pin::new(&mut this.body).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(trailers) = frame.trailers_ref() {
                    this.outcome.tell_from(trailers);
                }
            }
            Poll::Ready(Some(Err(status))) => this.outcome.tell(status.code()),
            Poll::Ready(None) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
