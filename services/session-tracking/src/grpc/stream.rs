//! `StreamEvents`: batches in, acknowledgements out, in order.
//!
//! One task reads and hands batches to the writer; another waits for them in turn and acknowledges what is durable. The
//! queue between them is the window: when it is full, nothing more is read, and HTTP/2 slows the client down.

use std::pin::Pin;
use std::sync::Arc;

use futures::Stream;
use platform::auth::Caller;
use platform::server::Draining;
use platform::status::into_status;
use platform::stream::{self, Outlet, StreamEnd, StreamLimits};
use platform::telemetry::TraceContext;
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;
use proto::session::v1 as pb;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use super::Api;
use super::record::{ReadBatch, Reader, all_rejected, count};
use crate::ingest::Pending;
use crate::service::Service;

pub(super) type Acknowledgements =
    Pin<Box<dyn Stream<Item = Result<pb::StreamEventsResponse, Status>> + Send>>;

/// Batches that may wait for their acknowledgement.
const WINDOW: usize = 32;

/// A batch that was handed to the writer.
struct Sent {
    batch: u64,
    pending: Pending,
    rejected: Vec<pb::RejectedEvent>,
}

/// How the reading of a stream ended.
enum Ending {
    /// The client has no more.
    Done,
    Draining,
    Refused(Status),
}

pub(super) fn stream_events(
    api: &Api,
    request: Request<Streaming<pb::StreamEventsRequest>>,
) -> Result<Response<Acknowledgements>, Status> {
    let (outlet, inlet) = stream::open(&request, api.service.now(), StreamLimits::default())?;
    let inbound = Inbound {
        service: Arc::clone(&api.service),
        caller: Caller::of(&request)?.clone(),
        draining: Draining::of(&request),
        trace: TraceContext::current(),
        last: 0,
    };
    let (sent, waiting) = mpsc::channel(WINDOW);
    let (ending, ended) = tokio::sync::oneshot::channel();
    let batches = request.into_inner();
    api.tasks.spawn("read events", async move {
        let end = inbound.read(batches, sent).await;
        // The other task has gone with its reader.
        let _ = ending.send(end);
    });
    api.tasks.spawn("acknowledge events", async move {
        acknowledge(outlet, waiting, ended).await;
    });
    Ok(Response::new(Box::pin(inlet)))
}

/// The reading side of a stream.
struct Inbound {
    service: Arc<Service>,
    caller: Caller,
    draining: CancellationToken,
    trace: Option<TraceContext>,
    /// Number of the last batch.
    last: u64,
}

impl Inbound {
    async fn read(
        mut self,
        mut batches: Streaming<pb::StreamEventsRequest>,
        sent: mpsc::Sender<Sent>,
    ) -> Ending {
        loop {
            // Room first: a batch is read only when its acknowledgement has a place to wait.
            let Ok(room) = sent.reserve().await else {
                return Ending::Done;
            };
            let message = tokio::select! {
                () = self.draining.cancelled() => return Ending::Draining,
                () = sent.closed() => return Ending::Done,
                message = batches.message() => message,
            };
            let outcome = match message {
                Ok(Some(request)) => self.hand_in(request).await,
                Ok(None) => return Ending::Done,
                Err(broken) => Err(broken),
            };
            match outcome {
                Ok(handed_in) => room.send(handed_in),
                Err(status) => return Ending::Refused(status),
            }
        }
    }

    async fn hand_in(&mut self, request: pb::StreamEventsRequest) -> Result<Sent, Status> {
        let pb::StreamEventsRequest { batch, events } = request;
        if batch <= self.last {
            let rule = "must be higher than that of the batch before";
            let fault = InvalidField::new("batch", ErrorReason::OutOfRange, rule);
            return Err(into_status(fault));
        }
        self.last = batch;
        let reader = Reader::new(&self.service, &self.caller, self.trace.clone());
        let read = reader.batch(events).map_err(into_status)?;
        let ReadBatch {
            batch: handed_in,
            rejected,
        } = read;
        let pending = self.service.record(handed_in).await.map_err(into_status)?;
        Ok(Sent {
            batch,
            pending,
            rejected,
        })
    }
}

/// Acknowledges batches in their order until one fails, or no more come. Batches that share a commit share an answer.
async fn acknowledge(
    outlet: Outlet<pb::StreamEventsResponse>,
    mut waiting: mpsc::Receiver<Sent>,
    ended: tokio::sync::oneshot::Receiver<Ending>,
) {
    let mut next = None;
    loop {
        let sent = if next.is_some() {
            next.take()
        } else {
            tokio::select! {
                sent = waiting.recv() => sent,
                // Draining is told by the reading side, which stops first, so that what was read is acknowledged.
                end = cut(&outlet) => return outlet.close(end, None),
            }
        };
        let Some(sent) = sent else { break };
        let mut response = pb::StreamEventsResponse::default();
        let mut settled = settle(sent, &mut response).await;
        while settled.is_ok()
            && next.is_none()
            && let Ok(sent) = waiting.try_recv()
        {
            if sent.pending.is_settled() {
                settled = settle(sent, &mut response).await;
            } else {
                next = Some(sent);
            }
        }
        if response.durable_batch > 0
            && let Err(end) = outlet.send(response).await
        {
            return outlet.close(end, None);
        }
        if let Err(status) = settled {
            return outlet.fail(status);
        }
    }
    match ended.await {
        Ok(Ending::Done) => {}
        Ok(Ending::Refused(status)) => outlet.fail(status),
        Ok(Ending::Draining) | Err(_) => outlet.close(StreamEnd::Draining, None),
    }
}

/// Ends of a stream at which nothing more can be acknowledged.
async fn cut(outlet: &Outlet<pb::StreamEventsResponse>) -> StreamEnd {
    match outlet.ended().await {
        StreamEnd::Draining => std::future::pending().await,
        end @ (StreamEnd::Age
        | StreamEnd::TokenExpired
        | StreamEnd::TokenRevoked
        | StreamEnd::SlowConsumer
        | StreamEnd::ReaderGone) => end,
    }
}

/// Waits for a batch and adds it to an answer.
async fn settle(sent: Sent, response: &mut pb::StreamEventsResponse) -> Result<(), Status> {
    let Sent {
        batch,
        pending,
        rejected,
    } = sent;
    let receipt = pending.settled().await.map_err(into_status)?;
    let of_batch = |event| pb::RejectedBatchEvent {
        batch,
        event: Some(event),
    };
    let rejected = all_rejected(&receipt, rejected).into_iter().map(of_batch);
    response.durable_batch = batch;
    response.accepted_count += count(receipt.accepted);
    response.duplicate_count += count(receipt.duplicates);
    response.rejected.extend(rejected);
    Ok(())
}
