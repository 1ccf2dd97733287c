//! `RecordEvents`, and what `StreamEvents` shares with it: reading a batch event by event.

use domain::id::{SessionId, TenantId};
use domain::time::Timestamp;
use platform::auth::Caller;
use platform::limits::BATCH_ITEMS;
use platform::status::into_status;
use platform::telemetry::TraceContext;
use prost::Message;
use proto::error::v1::ErrorReason;
use proto::field::{self, InvalidField};
use proto::session::v1 as pb;
use tonic::{Request, Response, Status};

use super::browser;
use crate::config::TimeBounds;
use crate::event::{Event, wire};
use crate::ingest::{Batch, Incoming, Receipt, Refusal};
use crate::service::Service;

/// For whom and under which rules events are read.
pub(super) struct Reader {
    tenant: TenantId,
    trace: Option<TraceContext>,
    bounds: TimeBounds,
    now: Timestamp,
    /// The only session that the caller may speak for, when it is a browser.
    only: Option<SessionId>,
}

/// A batch as it was read: what is good, and what is refused by position.
pub(super) struct ReadBatch {
    pub(super) batch: Batch,
    pub(super) rejected: Vec<pb::RejectedEvent>,
}

pub(super) async fn record_events(
    service: &Service,
    request: Request<pb::RecordEventsRequest>,
) -> Result<Response<pb::RecordEventsResponse>, Status> {
    let caller = Caller::of(&request)?.clone();
    let pb::RecordEventsRequest { events } = request.into_inner();
    let reader = Reader::new(service, &caller, TraceContext::current());
    let ReadBatch { batch, rejected } = reader.batch(events).map_err(into_status)?;
    let pending = service.try_record(batch).map_err(into_status)?;
    let receipt = pending.settled().await.map_err(into_status)?;
    Ok(Response::new(response(&receipt, rejected)))
}

impl Reader {
    pub(super) fn new(service: &Service, caller: &Caller, trace: Option<TraceContext>) -> Self {
        Self {
            tenant: caller.tenant().clone(),
            trace,
            bounds: service.bounds(),
            now: service.now(),
            only: caller.session(),
        }
    }

    /// Reads a batch. A faulty event is refused by itself; only an empty or too long batch is refused as a whole.
    pub(super) fn batch(self, events: Vec<pb::Event>) -> Result<ReadBatch, InvalidField> {
        if events.is_empty() {
            return Err(InvalidField::absent("events"));
        }
        field::within_count("events", events.len(), BATCH_ITEMS)?;
        let mut good = Vec::with_capacity(events.len());
        let mut bytes = Vec::with_capacity(events.iter().map(Message::encoded_len).sum());
        let mut rejected = Vec::new();
        for (index, event) in events.into_iter().enumerate() {
            let start = bytes.len();
            // A vector takes any number of bytes.
            event.encode_raw(&mut bytes);
            match self.event(event) {
                Ok(event) => good.push(Incoming {
                    index,
                    event,
                    wire: start..bytes.len(),
                }),
                Err(fault) => {
                    bytes.truncate(start);
                    rejected.push(rejection(index, fault));
                }
            }
        }
        let batch = Batch {
            tenant: self.tenant,
            events: good,
            bytes,
            trace: self.trace,
        };
        Ok(ReadBatch { batch, rejected })
    }

    fn event(&self, event: pb::Event) -> Result<Event, InvalidField> {
        let event = wire::parse(event, self.now)?;
        self.bounds.check(&event)?;
        let Some(only) = self.only else {
            return Ok(event);
        };
        if only != event.session {
            let rule = "must be the session of the token";
            return Err(InvalidField::new(
                "session_id",
                ErrorReason::ScopeMissing,
                rule,
            ));
        }
        browser::check(&event)?;
        Ok(event)
    }
}

fn rejection(index: usize, fault: InvalidField) -> pb::RejectedEvent {
    let InvalidField {
        field,
        reason,
        description,
    } = fault;
    pb::RejectedEvent {
        index: count(index),
        field,
        reason: reason.into(),
        description,
    }
}

/// What was refused at reading and what its session did not take, in the order of the batch.
pub(super) fn all_rejected(
    receipt: &Receipt,
    mut refused: Vec<pb::RejectedEvent>,
) -> Vec<pb::RejectedEvent> {
    let by_session = receipt.refused.iter();
    refused.extend(by_session.map(|(index, refusal)| rejection(*index, fault_of(*refusal))));
    refused.sort_by_key(|refused| refused.index);
    refused
}

fn fault_of(refusal: Refusal) -> InvalidField {
    let (reason, rule) = match refusal {
        Refusal::Full => (
            ErrorReason::TooManyItems,
            "must be of a session that has room for more events",
        ),
        Refusal::Erased => (
            ErrorReason::SessionEnded,
            "must be of a session that was not erased",
        ),
        Refusal::Unreadable => (
            ErrorReason::Internal,
            "must be of a session that can be read",
        ),
    };
    InvalidField::new("session_id", reason, rule)
}

fn response(receipt: &Receipt, refused: Vec<pb::RejectedEvent>) -> pb::RecordEventsResponse {
    pb::RecordEventsResponse {
        accepted_count: count(receipt.accepted),
        duplicate_count: count(receipt.duplicates),
        rejected: all_rejected(receipt, refused),
    }
}

/// Counts of a batch of at most a thousand events.
pub(super) fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
