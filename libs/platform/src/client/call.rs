//! One call: its deadline, its headers, its attempts.

use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Request, Response, header};
use http_body_util::{BodyExt, Full, Limited};
use tonic::Status;
use tonic::body::Body;
use tower::ServiceExt;
use tracing::{Instrument, Span, debug};

use super::{Client, RetryPolicy, answer};
use crate::deadline::{self, Deadline};
use crate::limits;
use crate::methods::{self, Shape};
use crate::observe::{self, Observed, Outcome, Side};
use crate::telemetry::TraceContext;

const ATTEMPTS: u32 = 3;
const BACKOFF: Duration = Duration::from_millis(50);
/// Kept back from the deadline of the call being served, for its own answer.
const RESERVE: Duration = Duration::from_millis(10);

pub(super) async fn run(client: Client, request: Request<Body>) -> Result<Response<Body>, Status> {
    let span = observe::span(Side::Client, request.uri().path());
    if let Some(tenant) = client.credentials.tenant() {
        span.record("rescate.tenant", tenant.as_str());
    }
    let mut outcome = Outcome::new(span.clone());
    match attempts(client, request).instrument(span).await {
        Ok(response) => Ok(Observed::response(response, outcome)),
        Err(status) => {
            outcome.tell(status.code());
            Err(status)
        }
    }
}

async fn attempts(client: Client, request: Request<Body>) -> Result<Response<Body>, Status> {
    let (mut parts, body) = request.into_parts();
    if let Some(bearer) = client.credentials.bearer()? {
        parts.headers.insert(header::AUTHORIZATION, bearer);
    }
    if let Some(context) = TraceContext::current() {
        context.inject(&mut parts.headers);
    }
    let shape = methods::shape(parts.uri.path());
    let deadline = match shape {
        Shape::Stream => deadline::of_headers(&parts.headers).map(Deadline::after),
        Shape::Unary => Some(unary_deadline(&client, &parts.headers)),
    };
    match (shape, deadline) {
        (Shape::Unary, Some(deadline)) if client.link.retry == RetryPolicy::Budgeted => {
            match replayable(body).await? {
                Replay::Whole(bytes) => retried(&client, &parts, &bytes, deadline).await,
                Replay::TooLarge(body) => attempt(&client, parts, body, Some(deadline)).await,
            }
        }
        (_, deadline) => attempt(&client, parts, body, deadline).await,
    }
}

/// The shortest of what the caller asks, what is usual, and what is left to the call that we are serving.
fn unary_deadline(client: &Client, headers: &HeaderMap) -> Deadline {
    let asked = deadline::of_headers(headers).unwrap_or(client.link.default_deadline);
    let left = Deadline::current().map(|serving| serving.remaining().saturating_sub(RESERVE));
    Deadline::after(left.map_or(asked, |left| left.min(asked)))
}

enum Replay {
    Whole(Bytes),
    TooLarge(Body),
}

/// Reads the message, to be able to send it again; one that is too large is sent once.
async fn replayable(body: Body) -> Result<Replay, Status> {
    let upper = http_body::Body::size_hint(&body).upper();
    if upper.is_some_and(|size| size > u64::try_from(limits::DECODE_BATCH).unwrap_or(u64::MAX)) {
        return Ok(Replay::TooLarge(body));
    }
    let read = Limited::new(body, limits::DECODE_BATCH).collect().await;
    let whole = read.map_err(Status::from_error)?;
    Ok(Replay::Whole(whole.to_bytes()))
}

async fn retried(
    client: &Client,
    parts: &Parts,
    message: &Bytes,
    deadline: Deadline,
) -> Result<Response<Body>, Status> {
    let mut number = 1;
    loop {
        let body = Body::new(Full::new(message.clone()));
        let result = attempt(client, parts.clone(), body, Some(deadline)).await;
        let failure = match &result {
            Ok(response) => answer::refusal(response),
            Err(status) => Some(status.clone()),
        };
        Span::current().record("rescate.attempts", number);
        let Some(failure) = failure else {
            client.link.budget.success();
            return result;
        };
        let Some(at_least) = answer::retry_after(&failure) else {
            return result;
        };
        let pause = pause(number).max(at_least);
        let allowed = client.link.budget.failure();
        if !allowed || number >= ATTEMPTS || pause >= deadline.remaining() {
            return result;
        }
        debug!(attempt = number, code = ?failure.code(), "trying again");
        tokio::time::sleep(pause).await;
        number += 1;
    }
}

/// 50 ms, 100 ms, … a fifth more or less, so that callers that failed together do not return together.
fn pause(number: u32) -> Duration {
    let doubled = BACKOFF.saturating_mul(1 << number.saturating_sub(1).min(16));
    doubled.mul_f64(rand::random_range(0.8..=1.2))
}

async fn attempt(
    client: &Client,
    mut parts: Parts,
    body: Body,
    deadline: Option<Deadline>,
) -> Result<Response<Body>, Status> {
    let channel = client.link.channel.clone();
    let Some(deadline) = deadline else {
        let sent = channel.oneshot(Request::from_parts(parts, body)).await;
        return sent.map(answer::harmless).map_err(answer::transport);
    };
    let left = deadline.remaining();
    if left < Duration::from_millis(1) {
        return Err(answer::exceeded());
    }
    parts
        .headers
        .insert(deadline::HEADER, deadline::header(left));
    let sent = channel.oneshot(Request::from_parts(parts, body));
    match tokio::time::timeout_at(deadline.instant(), sent).await {
        Ok(sent) => sent.map(answer::harmless).map_err(answer::transport),
        Err(_) => Err(answer::exceeded()),
    }
}
