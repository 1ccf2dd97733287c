//! One delivery: the first messages of some lanes, side by side. Each lane is reported as soon as it is known what became of
//! its message, so that no lane waits for another.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::time::later;
use futures::FutureExt;
use platform::clock::Clock;
use platform::telemetry::TraceContext;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};

use super::backoff::pause_after;
use super::plan::Lane;
use crate::outbox::{Outcome, Row, Settled};
use crate::{DeliveryError, Envelope, Transport};

/// What a delivery may take; a destination that has not answered by then counts as busy.
pub(super) const DELIVERY_TIMEOUT: Duration = Duration::from_secs(5);
/// A message on which the destination failed so often is parked.
const MOST_FAILURES: u32 = 5;
/// What a delivery of many counts for at most among the deliveries under way.
const MOST_PLACES: usize = 16;

/// What the batches of one courier share.
pub(super) struct Means {
    pub(super) transport: Arc<dyn Transport>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) permits: Semaphore,
    pub(super) stop: CancellationToken,
    pub(super) reports: mpsc::UnboundedSender<Report>,
}

/// What became of the first messages of a lane, and what is left of it.
pub(super) struct Report {
    pub(super) lane: Lane,
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
    /// Places among the deliveries under way; `None` once the relay stops, or from `until` on. Whoever still waits for
    /// them then has begun nothing, and is not to begin late.
    async fn turn(&self, messages: usize, until: Instant) -> Option<SemaphorePermit<'_>> {
        let places = u32::try_from(messages.clamp(1, MOST_PLACES)).unwrap_or(1);
        let permit = self
            .stop
            .run_until_cancelled(self.permits.acquire_many(places));
        // An error would be a closed semaphore, which this one never is.
        let permit = timeout_at(until, permit).await.ok()??.ok()?;
        // It may have come at the same time as the end of the wait.
        let in_time = !self.stop.is_cancelled() && Instant::now() < until;
        in_time.then_some(permit)
    }
}

/// Delivers the first message of each of `lanes`, which are of one tenant, and reports every lane once.
pub(super) async fn deliver(means: Arc<Means>, lanes: Vec<Lane>) {
    let until = lanes.iter().map(|lane| lane.until).min();
    let until = until.unwrap_or_else(Instant::now);
    let Some(_turn) = means.turn(lanes.len(), until).await else {
        let untried = lanes.into_iter().map(Report::of);
        untried.for_each(|report| means.report(report.released()));
        return;
    };
    let heads: Vec<Head> = lanes
        .into_iter()
        .filter_map(|lane| Head::of(&means, lane))
        .collect();
    let envelopes: Vec<Envelope> = heads.iter().map(Head::envelope).collect();
    if let [envelope] = envelopes.as_slice() {
        let delivery = means.transport.deliver(envelope);
        let delivery = delivery.instrument(heads.first().map_or_else(Span::none, Head::span));
        let delivered = in_time(delivery, DeliveryError::Failed).await;
        for head in heads {
            head.end(&means, &delivered);
        }
    } else if !envelopes.is_empty() {
        deliver_all(&means, heads, &envelopes).await;
    }
}

async fn deliver_all(means: &Means, heads: Vec<Head>, envelopes: &[Envelope]) {
    let open: Mutex<Vec<Option<Head>>> = Mutex::new(heads.into_iter().map(Some).collect());
    let told = |position: usize, delivered: Result<(), DeliveryError>| {
        let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(head) = open.get_mut(position).and_then(Option::take) {
            head.end(means, &delivered);
        }
    };
    // Nobody knows over which message a panic was: they are tried again in smaller company.
    let delivered = in_time(
        means.transport.deliver_all(envelopes, &told),
        DeliveryError::Busy,
    )
    .await;
    let untold = delivered.and_then(|()| Err(DeliveryError::Busy("no answer".to_owned())));
    let open = open.into_inner().unwrap_or_else(PoisonError::into_inner);
    for head in open.into_iter().flatten() {
        head.end(means, &untold);
    }
}

/// What a delivery says, or what it means that it says nothing.
async fn in_time(
    delivery: impl Future<Output = Result<(), DeliveryError>>,
    panicked: fn(String) -> DeliveryError,
) -> Result<(), DeliveryError> {
    let delivery = AssertUnwindSafe(delivery).catch_unwind();
    match timeout(DELIVERY_TIMEOUT, delivery).await {
        Ok(Ok(delivered)) => delivered,
        Ok(Err(_panic)) => Err(panicked("panic".to_owned())),
        Err(_elapsed) => Err(DeliveryError::Busy("no answer in time".to_owned())),
    }
}

impl Means {
    fn report(&self, report: Report) {
        // A courier that is gone has no use for it: what is not written down is delivered again.
        let _gone = self.reports.send(report);
    }
}

impl Report {
    fn of(lane: Lane) -> Self {
        Self {
            lane,
            settled: Vec::new(),
            destination: Seen::Nothing,
        }
    }

    fn settle(&mut self, id: i64, outcome: Outcome) {
        self.settled.push(Settled { id, outcome });
    }

    /// Gives back what was not tried.
    fn released(mut self) -> Self {
        for row in std::mem::take(&mut self.lane.rows) {
            self.settle(row.id, Outcome::Released);
        }
        self
    }
}

/// The first message of a lane, on its way.
struct Head {
    row: Row,
    span: Span,
    /// Of the lane that it leads.
    report: Report,
}

impl Head {
    /// The first message that is not too late; a lane without one is reported at once.
    fn of(means: &Means, lane: Lane) -> Option<Self> {
        let now = means.clock.now();
        let mut report = Report::of(lane);
        while let Some(row) = report.lane.rows.pop_front() {
            if !row.is_expired(now) {
                let span = span(&row);
                return Some(Self { row, span, report });
            }
            let (id, method) = (row.envelope.message_id, &row.envelope.method);
            tracing::info!(message_id = %id, method, "message expired");
            report.settle(row.id, Outcome::Expired);
        }
        means.report(report);
        None
    }

    fn span(&self) -> Span {
        self.span.clone()
    }

    fn envelope(&self) -> Envelope {
        let envelope = self.row.envelope.clone();
        Envelope {
            attempt: envelope.attempt.saturating_add(1),
            trace: TraceContext::of_span(&self.span).or(envelope.trace),
            ..envelope
        }
    }

    /// Reports the lane, with what became of its first message.
    fn end(self, means: &Means, delivered: &Result<(), DeliveryError>) {
        let Self {
            row,
            span,
            mut report,
        } = self;
        if let Err(error) = delivered {
            span.record("otel.status_code", "ERROR");
            span.record("error.type", tracing::field::display(error));
        }
        report.destination = seen(delivered.as_ref().err());
        let outcome = outcome(means, &row, delivered);
        let waits = matches!(outcome, Outcome::PutOff { .. });
        report.settle(row.id, outcome);
        means.report(if waits { report.released() } else { report });
    }
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

fn outcome(means: &Means, row: &Row, delivered: &Result<(), DeliveryError>) -> Outcome {
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
            Outcome::Parked {
                reason: reason.clone(),
                attempts,
            }
        }
    }
}
