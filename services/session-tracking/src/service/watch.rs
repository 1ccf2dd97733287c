//! Following sessions: what is there first, then each change.
//!
//! Changes are numbered in the order in which they became durable. A reader is at a number; from any number the store can
//! tell what has changed since, so a reader that was cut loses nothing.

use std::collections::VecDeque;
use std::sync::Arc;

use domain::id::TenantId;
use storage::StoreError;
use tokio::sync::broadcast::{self, error::RecvError};

use crate::error::SessionError;
use crate::ingest::Published;
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

/// A reader's way through the changes of one tenant.
pub(crate) struct Watch {
    store: Store,
    tenant: TenantId,
    filter: Filter,
    changes: broadcast::Receiver<Arc<Published>>,
    position: Position,
    stage: Stage,
    read: VecDeque<Changed>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Opened,
    /// Reading what is there, or what changed since an earlier watch.
    Reading,
    Live,
}

impl Watch {
    /// Takes `changes` as of now, before anything is read: what becomes durable meanwhile is in either or in both, and
    /// its number tells.
    pub(super) fn new(
        store: Store,
        tenant: TenantId,
        filter: Filter,
        from: Position,
        changes: broadcast::Receiver<Arc<Published>>,
    ) -> Self {
        Self {
            store,
            tenant,
            filter,
            changes,
            position: from,
            stage: Stage::Opened,
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
                Stage::Opened => self.open().await.map_err(Broken::of_store)?,
                Stage::Reading => self.read_on().await.map_err(Broken::of_store)?,
                Stage::Live => self.receive().await?,
            };
            if let Some(update) = update {
                return Ok(update);
            }
        }
    }

    /// Begins to read, unless an earlier watch has, and was cut while it did.
    async fn open(&mut self) -> Result<Option<Update>, StoreError> {
        if self.position.told == self.position.known {
            let last = self.store.last_change(&self.tenant).await?;
            self.position.head = last.max(self.position.told);
        }
        self.stage = Stage::Reading;
        Ok(None)
    }

    async fn read_on(&mut self) -> Result<Option<Update>, StoreError> {
        if let Some(Changed { change, snapshot }) = self.read.pop_front() {
            self.position.told = change;
            return Ok(Some(Update::Session(Arc::new(snapshot))));
        }
        let read = self.store.changed(&self.tenant, self.filter, self.position);
        self.read = read.await?.into();
        if !self.read.is_empty() {
            return Ok(None);
        }
        let Position { known, head, told } = self.position;
        self.stage = Stage::Live;
        self.position = Position::after(told.max(head));
        // A reader who knew nothing was told a snapshot.
        Ok((known == 0).then_some(Update::SnapshotComplete))
    }

    /// The next change, if it is of interest: it matches now, or did until then.
    async fn receive(&mut self) -> Result<Option<Update>, Broken> {
        let change = self.changes.recv().await.map_err(|ended| match ended {
            RecvError::Lagged(_) => Broken::Lagged,
            RecvError::Closed => Broken::Stopping,
        })?;
        if change.key.tenant != self.tenant || change.change <= self.position.told {
            return Ok(None);
        }
        self.position = Position::after(change.change);
        let before = change.before.as_ref();
        let wanted = self.filter.matches(&change.after)
            || before.is_some_and(|before| self.filter.matches(before));
        Ok(wanted.then(|| Update::Session(Arc::clone(&change.after))))
    }
}

impl Broken {
    fn of_store(failure: StoreError) -> Self {
        Self::Failed(failure.into())
    }
}
