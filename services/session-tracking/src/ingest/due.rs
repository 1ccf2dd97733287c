//! Reads back, after a start, when the sessions in the store are to be looked at: the soonest first, while the service
//! serves already.

use std::time::Duration;

use platform::status::chain;
use storage::StoreError;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::store::{DueCursor, DueSession, Store};

/// Reads that may wait for the writer.
const AHEAD: usize = 4;
/// After a failure, so long until the store is read again.
const RETRY: Duration = Duration::from_secs(1);

/// What is read; the reading ends when it is dropped.
#[derive(Debug)]
pub(super) struct DueSessions {
    read: mpsc::Receiver<Vec<DueSession>>,
    _reading: JoinSet<()>,
}

impl DueSessions {
    /// Reads those that come first, so that nothing is served before they are known, and begins to read the others.
    pub(super) async fn of(store: Store) -> Result<(Vec<DueSession>, Self), StoreError> {
        let first = store.due_after(None).await?;
        let (sender, read) = mpsc::channel(AHEAD);
        let mut reading = JoinSet::new();
        if let Some(last) = first.next {
            reading.spawn(read_all(store, last, sender));
        }
        let rest = Self {
            read,
            _reading: reading,
        };
        Ok((first.found, rest))
    }

    /// The next ones, if they are there already.
    pub(super) fn try_next(&mut self) -> Option<Vec<DueSession>> {
        self.read.try_recv().ok()
    }

    /// The next ones. Waits for ever once all were read.
    pub(super) async fn next(&mut self) -> Vec<DueSession> {
        match self.read.recv().await {
            Some(found) => found,
            None => std::future::pending().await,
        }
    }
}

async fn read_all(store: Store, mut last: DueCursor, sender: mpsc::Sender<Vec<DueSession>>) {
    loop {
        match store.due_after(Some(&last)).await {
            Ok(page) => {
                let Some(next) = page.next else { return };
                last = next;
                if sender.send(page.found).await.is_err() {
                    return;
                }
            }
            Err(failure) => {
                tracing::warn!(error = %chain(&failure), "timers were not read, and will be again");
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}
