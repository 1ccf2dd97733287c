//! Reads back, after a start, when the sessions in the store are to be looked at: the soonest first, while the service
//! serves already.

use std::time::Duration;

use platform::status::chain;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::store::{DueSession, Store};

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
    pub(super) fn of(store: Store) -> Self {
        let (sender, read) = mpsc::channel(AHEAD);
        let mut reading = JoinSet::new();
        reading.spawn(read_all(store, sender));
        Self {
            read,
            _reading: reading,
        }
    }

    /// The next ones. Waits for ever once all were read.
    pub(super) async fn next(&mut self) -> Vec<DueSession> {
        match self.read.recv().await {
            Some(found) => found,
            None => std::future::pending().await,
        }
    }
}

async fn read_all(store: Store, sender: mpsc::Sender<Vec<DueSession>>) {
    let mut last = None;
    loop {
        match store.due_after(last.as_ref()).await {
            Ok(found) if found.is_empty() => return,
            Ok(found) => {
                last = found.last().cloned();
                if sender.send(found).await.is_err() {
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
