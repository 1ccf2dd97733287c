//! How events become durable: callers hand batches to one writer, which folds what waits into one transaction and answers
//! all when it is committed.
//!
//! One writer owns all sessions, so a decision needs no lock and a group of batches costs one commit. What the writer
//! holds is made from the log and can be made from it again at any time: after a restart, and after a commit whose
//! outcome is not known.

use std::ops::Range;
use std::sync::Arc;

use domain::id::{PersonId, SessionId, TenantId};
use domain::time::Timestamp;
use platform::telemetry::TraceContext;
use storage::RequestKey;
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::error::SessionError;
use crate::event::Event;
use crate::session::Shown;
use crate::snapshot::{SessionKey, Snapshot};
use crate::store::Erased;

mod due;
mod group;
mod memory;
mod persons;
mod publish;
mod queue;
mod recover;
mod residents;
mod tenants;
mod timers;
mod touch;
mod unwritten;
mod writer;

pub(crate) use writer::{Ended, Settings, Writer};

use queue::{Place, Room};

/// A batch of events of one tenant, parsed.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) tenant: TenantId,
    pub(crate) events: Vec<Incoming>,
    /// The events as they came over the wire, one after the other.
    pub(crate) bytes: Vec<u8>,
    /// Where the caller is in its trace.
    pub(crate) trace: Option<TraceContext>,
}

/// An event of a batch.
#[derive(Debug)]
pub(crate) struct Incoming {
    /// Its position in the caller's batch.
    pub(crate) index: usize,
    pub(crate) event: Event,
    /// Where it lies in the bytes of the batch.
    pub(crate) wire: Range<usize>,
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
    Full,
    /// Its session was erased.
    Erased,
    /// What is stored of its session is corrupt.
    Unreadable,
}

/// A change that has become durable.
#[derive(Debug)]
pub(crate) struct Published {
    pub(crate) key: SessionKey,
    pub(crate) change: u64,
    pub(crate) before: Option<Shown>,
    pub(crate) shown: Shown,
    pub(crate) after: Arc<Snapshot>,
}

/// What watchers are told.
#[derive(Debug)]
pub(crate) enum News {
    Changed(Published),
    /// Something has become durable that nobody was told of: the rows tell.
    Unknown,
}

pub(crate) type Answer<T> = oneshot::Sender<Result<T, SessionError>>;

#[derive(Debug)]
enum Command {
    Record(Handed),
    Aside(Aside),
}

/// What is done between two groups.
#[derive(Debug)]
enum Aside {
    /// What is in memory of a session.
    Read(SessionKey, Answer<Option<Snapshot>>),
    /// Answered when the rows of a tenant's sessions hold what was taken until then, with the number of the last change.
    Settle(TenantId, Answer<u64>),
    Erase(RequestKey, PersonId, Answer<Erased>),
    /// Forgets those of these sessions in which nothing has happened since then.
    Forget(TenantId, Vec<SessionId>, Timestamp, Answer<usize>),
}

/// A batch with its room in the queue.
#[derive(Debug)]
struct Handed {
    batch: Batch,
    answer: Answer<Receipt>,
    _place: Place,
}

/// The way to the writer. Clones lead to the same one; the writer ends when all are dropped.
#[derive(Debug, Clone)]
pub(crate) struct Ingest {
    room: Room,
    queue: mpsc::UnboundedSender<Command>,
    published: broadcast::Sender<Arc<News>>,
}

/// The answer to a batch, once it is durable.
#[derive(Debug)]
pub(crate) struct Pending(oneshot::Receiver<Result<Receipt, SessionError>>);

impl Pending {
    /// Waits until the batch is durable or refused.
    pub(crate) async fn settled(self) -> Result<Receipt, SessionError> {
        self.0.await.unwrap_or(Err(SessionError::Stopping))
    }

    /// Whether the answer is there already.
    pub(crate) fn is_settled(&self) -> bool {
        !self.0.is_empty()
    }
}

impl Ingest {
    /// Hands a batch over, unless as much waits as may: then the caller should come back later.
    pub(crate) fn try_record(&self, batch: Batch) -> Result<Pending, SessionError> {
        let place = self.room.try_take(&batch.tenant, batch.bytes.len())?;
        self.hand(batch, place)
    }

    /// Hands a batch over as soon as there is room: for streams, whose sender is slowed down instead of refused.
    pub(crate) async fn record(&self, batch: Batch) -> Result<Pending, SessionError> {
        let place = self.room.take(&batch.tenant, batch.bytes.len()).await?;
        self.hand(batch, place)
    }

    fn hand(&self, batch: Batch, place: Place) -> Result<Pending, SessionError> {
        let (answer, pending) = oneshot::channel();
        let handed = Handed {
            batch,
            answer,
            _place: place,
        };
        self.send(Command::Record(handed))?;
        Ok(Pending(pending))
    }

    /// A session as of everything that was taken before, if the writer has it in memory. Otherwise its row holds all.
    pub(crate) async fn read(&self, key: SessionKey) -> Result<Option<Snapshot>, SessionError> {
        self.ask(|answer| Aside::Read(key, answer)).await
    }

    /// Has everything that was taken of a tenant before written to the rows of its sessions, by which they are listed.
    /// Answers with the number of the last change that they hold.
    pub(crate) async fn settle(&self, tenant: &TenantId) -> Result<u64, SessionError> {
        let tenant = tenant.clone();
        self.ask(|answer| Aside::Settle(tenant, answer)).await
    }

    /// Forgets those of the sessions in which nothing has happened since `limit`, in turn with the batches that wait; says
    /// how many those were.
    pub(crate) async fn forget(
        &self,
        tenant: &TenantId,
        sessions: Vec<SessionId>,
        limit: Timestamp,
    ) -> Result<usize, SessionError> {
        let tenant = tenant.clone();
        self.ask(|answer| Aside::Forget(tenant, sessions, limit, answer))
            .await
    }

    /// Forgets a person, in turn with the batches that wait.
    pub(crate) async fn erase(
        &self,
        key: RequestKey,
        person: PersonId,
    ) -> Result<Erased, SessionError> {
        self.ask(|answer| Aside::Erase(key, person, answer)).await
    }

    /// The changes from now on. A reader that falls too far behind is told so.
    pub(crate) fn changes(&self) -> broadcast::Receiver<Arc<News>> {
        self.published.subscribe()
    }

    async fn ask<T>(&self, aside: impl FnOnce(Answer<T>) -> Aside) -> Result<T, SessionError> {
        let (answer, answered) = oneshot::channel();
        self.send(Command::Aside(aside(answer)))?;
        answered.await.unwrap_or(Err(SessionError::Stopping))
    }

    fn send(&self, command: Command) -> Result<(), SessionError> {
        self.queue.send(command).map_err(|_| SessionError::Stopping)
    }
}

#[cfg(test)]
mod tests;
