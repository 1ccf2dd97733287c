//! Following sessions: what is there first, then each change.
//!
//! Changes are numbered in the order in which they became durable. A reader is at a number; from any number the store can
//! tell what has changed since, so a reader that was cut loses nothing.

use std::collections::VecDeque;
use std::sync::Arc;

use domain::id::TenantId;
use tokio::sync::broadcast::{self, error::RecvError};

use crate::error::SessionError;
use crate::ingest::{Ingest, News};
use crate::snapshot::Snapshot;
use crate::store::{Changed, Filter, Position, Store};

/// One step of a watch.
#[derive(Debug, Clone)]
pub(crate) enum Update {
    Session(Arc<Snapshot>),
    SnapshotComplete,
}

/// Why a watch cannot go on.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The reader is too slow for the changes.
    Lagged,
    /// The writer has ended.
    Stopping,
    Failed(SessionError),
}

/// Where changes are read.
pub(super) struct Source {
    pub(super) store: Store,
    pub(super) ingest: Ingest,
}

/// A reader's way through the changes of one tenant.
pub(crate) struct Watch {
    source: Source,
    tenant: TenantId,
    filter: Filter,
    changes: broadcast::Receiver<Arc<News>>,
    position: Position,
    /// The change up to which sessions are read; later ones are received.
    until: u64,
    stage: Stage,
    snapshot: Snapshotting,
    read: VecDeque<Changed>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Opened,
    /// Reading what is there, or what changed since an earlier watch.
    Reading,
    Live,
}

/// Whether the reader, who knew nothing, is still to be told that it was told all that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Snapshotting {
    Due,
    Told,
}

impl Watch {
    /// Takes changes as of now, before anything is read: what becomes durable meanwhile is in either or in both, and
    /// its number tells.
    pub(super) fn new(source: Source, tenant: TenantId, filter: Filter, from: Position) -> Self {
        let changes = source.ingest.changes();
        Self {
            source,
            tenant,
            filter,
            changes,
            position: from,
            until: 0,
            stage: Stage::Opened,
            snapshot: if from.known == 0 {
                Snapshotting::Due
            } else {
                Snapshotting::Told
            },
            read: VecDeque::new(),
        }
    }

    /// Where the reader is after the last update.
    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// The next update; waits for one. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Result<Update, Broken> {
        loop {
            let update = match self.stage {
                Stage::Opened => self.open().await.map_err(Broken::Failed)?,
                Stage::Reading => self.read_on().await.map_err(Broken::Failed)?,
                Stage::Live => self.receive().await?,
            };
            if let Some(update) = update {
                return Ok(update);
            }
        }
    }

    /// Begins to read, unless an earlier watch has, and was cut while it did.
    async fn open(&mut self) -> Result<Option<Update>, SessionError> {
        self.until = self.source.ingest.settle(&self.tenant).await?;
        if self.position.told == self.position.known {
            self.position.head = self.until.max(self.position.told);
        }
        self.stage = Stage::Reading;
        Ok(None)
    }

    async fn read_on(&mut self) -> Result<Option<Update>, SessionError> {
        if let Some(Changed { change, snapshot }) = self.read.pop_front() {
            self.position.told = change;
            return Ok(snapshot.map(|session| Update::Session(Arc::new(session))));
        }
        let store = &self.source.store;
        let read = store.changed(&self.tenant, self.filter, (self.position, self.until));
        self.read = read.await?.into();
        if !self.read.is_empty() {
            return Ok(None);
        }
        let told = self.position.told;
        self.stage = Stage::Live;
        // INVARIANT: all changes up to here were read, and all later ones are received.
        self.position = Position::after(told.max(self.until));
        let is_complete =
            std::mem::replace(&mut self.snapshot, Snapshotting::Told) == Snapshotting::Due;
        Ok(is_complete.then_some(Update::SnapshotComplete))
    }

    /// The next change, if it is of interest: it matches now, or did until then.
    async fn receive(&mut self) -> Result<Option<Update>, Broken> {
        let news = self.changes.recv().await.map_err(|ended| match ended {
            RecvError::Lagged(_) => Broken::Lagged,
            RecvError::Closed => Broken::Stopping,
        })?;
        let change = match &*news {
            News::Changed(change) => change,
            News::Unknown => {
                // As a reader who comes back: what has changed since is read.
                self.stage = Stage::Opened;
                return Ok(None);
            }
        };
        if change.key.tenant != self.tenant || change.change <= self.position.told {
            return Ok(None);
        }
        self.position = Position::after(change.change);
        let before = change.before;
        let wanted = self.filter.matches(change.shown)
            || before.is_some_and(|before| self.filter.matches(before));
        Ok(wanted.then(|| Update::Session(Arc::clone(&change.after))))
    }
}
