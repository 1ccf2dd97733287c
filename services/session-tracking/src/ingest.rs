//! How events become durable: callers hand batches to one writer, which folds what waits into one transaction and answers
//! all when it is committed.
//!
//! One writer owns all live sessions, so a decision needs no lock and a group of batches costs one commit. What the
//! writer holds is a cache: it can be dropped at any time and is read again from the log.

use std::sync::Arc;

use domain::id::{PersonId, TenantId};
use platform::telemetry::TraceContext;
use storage::RequestKey;
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::error::SessionError;
use crate::event::Event;
use crate::snapshot::{SessionKey, Snapshot};
use crate::store::Erased;

mod cache;
mod group;
mod publish;
mod timers;
mod touch;
mod writer;

pub(crate) use writer::{Settings, Writer};

/// A batch of events of one tenant, parsed, each with its position in the caller's batch.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) tenant: TenantId,
    pub(crate) events: Vec<(usize, Event)>,
    /// Where the caller is in its trace.
    pub(crate) trace: Option<TraceContext>,
}

/// What became of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) accepted: usize,
    pub(crate) duplicates: usize,
    /// The others, by their positions.
    pub(crate) refused: Vec<(usize, Refusal)>,
}

/// Why a good event was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Its session holds as many events as it may.
    SessionFull,
    /// What is stored of its session is corrupt.
    SessionUnreadable,
}

/// A change that has become durable.
#[derive(Debug)]
pub(crate) struct Published {
    pub(crate) key: SessionKey,
    pub(crate) change: u64,
    pub(crate) before: Option<Arc<Snapshot>>,
    pub(crate) after: Arc<Snapshot>,
}

pub(crate) type Answer<T> = oneshot::Sender<Result<T, SessionError>>;

#[derive(Debug)]
enum Command {
    Record(Batch, Answer<Receipt>),
    Erase(RequestKey, PersonId, Answer<Erased>),
}

/// The way to the writer. Clones lead to the same one; the writer ends when all are dropped.
#[derive(Debug, Clone)]
pub(crate) struct Ingest {
    queue: mpsc::Sender<Command>,
    published: broadcast::Sender<Arc<Published>>,
}

/// The answer to a batch, once it is durable.
#[derive(Debug)]
pub(crate) struct Pending(oneshot::Receiver<Result<Receipt, SessionError>>);

impl Pending {
    /// Waits until the batch is durable or refused.
    pub(crate) async fn settled(self) -> Result<Receipt, SessionError> {
        self.0.await.unwrap_or(Err(SessionError::Stopping))
    }
}

impl Ingest {
    /// Hands a batch over, unless as many wait as may: then the caller should come back later.
    pub(crate) fn try_record(&self, batch: Batch) -> Result<Pending, SessionError> {
        let (answer, pending) = oneshot::channel();
        self.queue
            .try_send(Command::Record(batch, answer))
            .map_err(|refused| match refused {
                mpsc::error::TrySendError::Full(_) => SessionError::QueueFull,
                mpsc::error::TrySendError::Closed(_) => SessionError::Stopping,
            })?;
        Ok(Pending(pending))
    }

    /// Hands a batch over as soon as there is room: for streams, whose sender is slowed down instead of refused.
    pub(crate) async fn record(&self, batch: Batch) -> Result<Pending, SessionError> {
        let (answer, pending) = oneshot::channel();
        self.queue
            .send(Command::Record(batch, answer))
            .await
            .map_err(|_| SessionError::Stopping)?;
        Ok(Pending(pending))
    }

    /// Forgets a person, in turn with the batches that wait.
    pub(crate) async fn erase(
        &self,
        key: RequestKey,
        person: PersonId,
    ) -> Result<Erased, SessionError> {
        let (answer, erased) = oneshot::channel();
        self.queue
            .send(Command::Erase(key, person, answer))
            .await
            .map_err(|_| SessionError::Stopping)?;
        erased.await.unwrap_or(Err(SessionError::Stopping))
    }

    /// The changes from now on. A reader that falls too far behind is told so.
    pub(crate) fn changes(&self) -> broadcast::Receiver<Arc<Published>> {
        self.published.subscribe()
    }
}

#[cfg(test)]
mod tests;
