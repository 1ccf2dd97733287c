//! A panic is our fault, not the caller's and not the process's: the call ends as `INTERNAL`, without a word of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::FutureExt;
use http::{HeaderMap, Request, Response};
use http_body::{Frame, SizeHint};
use tonic::Status;
use tonic::body::Body;

use super::around::{Middleware, Next};
use crate::status::{Fault, Kind};

#[derive(Debug, Clone, Copy)]
pub(super) struct Panics;

impl Middleware for Panics {
    async fn handle<N: Next>(self, request: Request<Body>, next: N) -> Response<Body> {
        match AssertUnwindSafe(next.run(request)).catch_unwind().await {
            Ok(response) => response.map(|body| Body::new(Guarded { body: Some(body) })),
            Err(_) => internal().into_http(),
        }
    }
}

fn internal() -> Status {
    Fault::new(Kind::Internal, "handler panicked").to_status()
}

/// The body of a stream, which may panic long after the call was answered.
struct Guarded {
    body: Option<Body>,
}

impl http_body::Body for Guarded {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(body) = self.body.as_mut() else {
            return Poll::Ready(None);
        };
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(body).poll_frame(context)));
        polled.unwrap_or_else(|_| {
            self.body = None;
            let mut trailers = HeaderMap::new();
            let told = internal().add_header(&mut trailers);
            Poll::Ready(Some(told.map(|()| Frame::trailers(trailers))))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body
            .as_ref()
            .is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(SizeHint::default, http_body::Body::size_hint)
    }
}
