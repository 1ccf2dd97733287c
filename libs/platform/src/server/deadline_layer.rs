//! Every unary call has a deadline, its own or ours, and is answered by then.
//!
//! Streams are exempt: they end by age, by token and by their readers.

use std::time::Duration;

use http::{Request, Response};
use tonic::body::Body;

use super::ServerConfig;
use super::around::{Middleware, Next};
use crate::deadline::{self, Deadline};
use crate::methods::{self, Shape};
use crate::status::{Fault, Kind};

/// With less than this left no answer can arrive in time, so no work is begun.
const LEAST: Duration = Duration::from_millis(5);
/// The transport has a timer for the same header and would answer `CANCELLED`; ours must come first.
const AHEAD: Duration = Duration::from_millis(2);

#[derive(Debug, Clone, Copy)]
pub(super) struct Deadlines {
    default: Duration,
    longest: Duration,
}

impl Deadlines {
    pub(super) fn new(config: &ServerConfig) -> Self {
        Self {
            default: Duration::from_millis(config.default_deadline_ms),
            longest: Duration::from_millis(config.max_deadline_ms),
        }
    }
}

impl Middleware for Deadlines {
    async fn handle<N: Next>(self, mut request: Request<Body>, next: N) -> Response<Body> {
        if methods::shape(request.uri().path()) == Shape::Stream {
            return next.run(request).await;
        }
        let allowed = deadline::of_headers(request.headers())
            .unwrap_or(self.default)
            .min(self.longest);
        if allowed < LEAST {
            return exceeded();
        }
        let deadline = Deadline::after(allowed.saturating_sub(AHEAD));
        request.extensions_mut().insert(deadline);
        let call = deadline.scope(next.run(request));
        match tokio::time::timeout_at(deadline.instant(), call).await {
            Ok(response) => response,
            Err(_) => exceeded(),
        }
    }
}

fn exceeded() -> Response<Body> {
    Fault::new(Kind::Deadline, "deadline exceeded")
        .to_status()
        .into_http()
}
