//! One span for each call, from its headers to its last trailer.

use http::{Request, Response};
use tonic::body::Body;
use tracing::Instrument;

use super::Draining;
use super::around::{Middleware, Next};
use crate::observe::{self, Outcome, Side};
use crate::telemetry::{self, TraceContext};
use crate::{methods, observe::Observed};

#[derive(Debug, Clone)]
pub(super) struct Trace {
    service: &'static str,
    draining: Draining,
}

impl Trace {
    pub(super) fn new(service: &'static str, draining: Draining) -> Self {
        Self { service, draining }
    }
}

impl Middleware for Trace {
    async fn handle<N: Next>(self, mut request: Request<Body>, next: N) -> Response<Body> {
        request.extensions_mut().insert(self.draining);
        if methods::is_infrastructure(request.uri().path()) {
            return next.run(request).await;
        }
        let span = observe::span(Side::Server, request.uri().path());
        let parent = TraceContext::of_headers(request.headers());
        telemetry::inbound(self.service, parent.as_ref(), &span);
        let outcome = Outcome::new(span.clone());
        let response = next.run(request).instrument(span).await;
        Observed::response(response, outcome)
    }
}
