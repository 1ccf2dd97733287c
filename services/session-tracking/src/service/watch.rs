//! Following sessions: what is there first, then each change.
//!
//! Changes are numbered in the order in which they became durable. A reader is at a number; from any number the store can
//! tell what has changed since, so a reader that was cut loses nothing.

use std::collections::VecDeque;
use std::sync::Arc;

use domain::id::TenantId;
use tokio::sync::broadcast::{self, error::RecvError};

use crate::error::SessionError;
use crate::ingest::Published;
use crate::snapshot::Snapshot;
use crate::store::{Changed, Filter, Since, Store};

/// Where a watch is. `seen` is up to where an earlier stream had told everything; sessions of before that number may be
/// known to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) seen: u64,
    pub(crate) told: u64,
}

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
    /// Reading what is there.
    Snapshot,
    /// Reading what changed since an earlier watch.
    CatchUp,
    Live,
}

impl Watch {
    /// Takes `changes` as of now, before anything is read: what becomes durable meanwhile is in either or in both, and
    /// its number tells.
    pub(super) fn new(
        store: Store,
        tenant: TenantId,
        filter: Filter,
        resume: Option<Position>,
        changes: broadcast::Receiver<Arc<Published>>,
    ) -> Self {
        Self {
            store,
            tenant,
            filter,
            changes,
            position: resume.unwrap_or(Position { seen: 0, told: 0 }),
            stage: if resume.is_some() {
                Stage::CatchUp
            } else {
                Stage::Snapshot
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
            if let Some(changed) = self.read.pop_front() {
                self.position.told = changed.change;
                return Ok(Update::Session(Arc::new(changed.snapshot)));
            }
            match self.stage {
                Stage::Snapshot | Stage::CatchUp => {
                    self.read = self.read_on().await.map_err(Broken::Failed)?;
                    if self.read.is_empty() {
                        let first = self.stage == Stage::Snapshot;
                        self.stage = Stage::Live;
                        self.position.seen = self.position.told;
                        if first {
                            return Ok(Update::SnapshotComplete);
                        }
                    }
                }
                Stage::Live => {
                    if let Some(update) = self.receive().await? {
                        return Ok(update);
                    }
                }
            }
        }
    }

    async fn read_on(&self) -> Result<VecDeque<Changed>, SessionError> {
        let Position { seen, told } = self.position;
        let since = Since {
            change: told,
            known_before: (self.stage == Stage::CatchUp).then_some(seen),
        };
        let read = self.store.changed(&self.tenant, self.filter, since).await?;
        Ok(read.into())
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
        self.position = Position {
            seen: change.change,
            told: change.change,
        };
        let before = change.before.as_ref();
        let wanted = self.filter.matches(&change.after)
            || before.is_some_and(|before| self.filter.matches(before));
        Ok(wanted.then(|| Update::Session(Arc::clone(&change.after))))
    }
}
