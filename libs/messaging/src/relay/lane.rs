//! Delivering the messages of one lane, one after the other, until one of them does not arrive.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use domain::time::later;
use futures::FutureExt;
use platform::clock::Clock;
use platform::telemetry::TraceContext;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};

use super::backoff::pause_after;
use crate::outbox::{Outcome, Row, Settled};
use crate::{DeliveryError, Transport};

/// What a delivery may take; a destination that has not answered by then counts as busy.
pub(super) const DELIVERY_TIMEOUT: Duration = Duration::from_secs(5);
/// A message on which the destination failed so often is parked.
const MOST_FAILURES: u32 = 5;

/// What the lanes of one courier share.
pub(super) struct Means {
    pub(super) transport: Arc<dyn Transport>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) permits: Semaphore,
    pub(super) stop: CancellationToken,
}

/// What became of the messages of one lane.
pub(super) struct Report {
    pub(super) lane: i64,
    pub(super) settled: Vec<Settled>,
    pub(super) destination: Seen,
}

/// Whether the destination showed itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    Answering,
    Gone,
    Nothing,
}

impl Means {
    /// A place among the deliveries under way; `None` once the relay stops, or from `until` on. Whoever still waits for
    /// one then has begun nothing, and is not to begin late.
    async fn turn(&self, until: Instant) -> Option<SemaphorePermit<'_>> {
        let permit = self.stop.run_until_cancelled(self.permits.acquire());
        // An error would be a closed semaphore, which this one never is.
        let permit = timeout_at(until, permit).await.ok()??.ok()?;
        // It may have come at the same time as the end of the wait.
        let in_time = !self.stop.is_cancelled() && Instant::now() < until;
        in_time.then_some(permit)
    }
}

/// Delivers `rows`, in order, until `until`: then their lease may end and another replica may have them.
pub(super) async fn deliver_all(
    means: Arc<Means>,
    lane: i64,
    rows: Vec<Row>,
    until: Instant,
) -> Report {
    let mut report = Report {
        lane,
        settled: Vec::with_capacity(rows.len()),
        destination: Seen::Nothing,
    };
    let mut blocked = false;
    for row in rows {
        let turn = if blocked {
            None
        } else {
            means.turn(until).await
        };
        let outcome = if turn.is_none() {
            Outcome::Released
        } else if row.is_expired(means.clock.now()) {
            tracing::info!(message_id = %row.envelope.message_id, method = row.envelope.method, "message expired");
            Outcome::Expired
        } else {
            let delivered = deliver(&means, &row).await;
            report.destination = seen(delivered.as_ref().err());
            outcome(&means, &row, delivered)
        };
        blocked = matches!(outcome, Outcome::Released | Outcome::PutOff { .. });
        report.settled.push(Settled {
            id: row.id,
            outcome,
        });
    }
    report
}

async fn deliver(means: &Means, row: &Row) -> Result<(), DeliveryError> {
    let span = span(row);
    let mut envelope = row.envelope.clone();
    envelope.attempt = envelope.attempt.saturating_add(1);
    envelope.trace = TraceContext::of_span(&span).or(envelope.trace);
    let delivery = means.transport.deliver(&envelope).instrument(span.clone());
    let delivery = AssertUnwindSafe(delivery).catch_unwind();
    let delivered = match timeout(DELIVERY_TIMEOUT, delivery).await {
        Ok(Ok(delivered)) => delivered,
        Ok(Err(_panic)) => Err(DeliveryError::Failed("panic".to_owned())),
        Err(_elapsed) => Err(DeliveryError::Busy("no answer in time".to_owned())),
    };
    if let Err(error) = &delivered {
        span.record("otel.status_code", "ERROR");
        span.record("error.type", tracing::field::display(error));
    }
    delivered
}

/// The span of one delivery, in the trace of the change that the message tells.
fn span(row: &Row) -> Span {
    let envelope = &row.envelope;
    let span = tracing::info_span!(
        parent: None,
        "publish",
        otel.name = format!("publish {}", envelope.method.trim_start_matches('/')),
        otel.kind = "producer",
        otel.status_code = tracing::field::Empty,
        error.type = tracing::field::Empty,
        messaging.system = "rescate",
        messaging.operation.type = "send",
        messaging.destination.name = envelope.method,
        messaging.message.id = %envelope.message_id,
        rescate.tenant = envelope.tenant.as_str(),
        rescate.attempt = envelope.attempt.saturating_add(1),
    );
    if let Some(trace) = &envelope.trace {
        trace.set_parent_of(&span);
    }
    span
}

fn seen(error: Option<&DeliveryError>) -> Seen {
    match error {
        Some(DeliveryError::Unavailable(_)) => Seen::Gone,
        Some(DeliveryError::Busy(_)) => Seen::Nothing,
        Some(DeliveryError::Failed(_) | DeliveryError::Refused(_)) | None => Seen::Answering,
    }
}

fn outcome(means: &Means, row: &Row, delivered: Result<(), DeliveryError>) -> Outcome {
    let attempts = row.envelope.attempt.saturating_add(1);
    let put_off = |failures| Outcome::PutOff {
        due_at: later(means.clock.now(), pause_after(attempts)),
        attempts,
        failures,
    };
    match delivered {
        Ok(()) => Outcome::Delivered,
        Err(DeliveryError::Unavailable(_) | DeliveryError::Busy(_)) => put_off(row.failures),
        Err(DeliveryError::Failed(_)) if row.failures.saturating_add(1) < MOST_FAILURES => {
            put_off(row.failures.saturating_add(1))
        }
        Err(DeliveryError::Failed(reason) | DeliveryError::Refused(reason)) => {
            tracing::error!(
                message_id = %row.envelope.message_id,
                method = row.envelope.method,
                attempts,
                reason,
                "message parked"
            );
            Outcome::Parked { reason, attempts }
        }
    }
}
