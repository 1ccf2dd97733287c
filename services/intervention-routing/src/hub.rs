//! Who watches a session: the storefront streams of this process, each stirred when something changed for it.
//!
//! A stir carries nothing. A stream that is stirred looks at the store, so a stir that is lost, or comes twice, or was
//! meant for another replica, costs a look and no more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::id::{SessionId, TenantId};
use tokio::sync::watch;

/// Streams that one session may have open: tabs, and those that a reconnect has left behind.
const PER_SESSION: usize = 8;

type Key = (TenantId, SessionId);

/// All watched sessions. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Hub {
    watched: Arc<Mutex<Watched>>,
    limit: usize,
}

#[derive(Debug, Default)]
struct Watched {
    sessions: HashMap<Key, watch::Sender<()>>,
    /// Streams of all sessions together.
    streams: usize,
}

/// One stream's place in the hub; left when it is dropped.
#[derive(Debug)]
pub(crate) struct SessionWatch {
    hub: Hub,
    key: Key,
    stirs: watch::Receiver<()>,
}

/// As many streams are open as allowed, of the session or of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooManyStreams;

impl Hub {
    /// A hub for so many streams.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            watched: Arc::default(),
            limit,
        }
    }

    /// Watches a session.
    pub(crate) fn watch(
        &self,
        tenant: &TenantId,
        session: SessionId,
    ) -> Result<SessionWatch, TooManyStreams> {
        let key = (tenant.clone(), session);
        let mut watched = self.lock();
        if watched.streams >= self.limit {
            return Err(TooManyStreams);
        }
        let stirrer = watched
            .sessions
            .entry(key.clone())
            .or_insert_with(|| watch::channel(()).0);
        if stirrer.receiver_count() >= PER_SESSION {
            return Err(TooManyStreams);
        }
        let stirs = stirrer.subscribe();
        watched.streams += 1;
        Ok(SessionWatch {
            hub: self.clone(),
            key,
            stirs,
        })
    }

    /// Has every stream of a session look at the store.
    pub(crate) fn stir(&self, tenant: &TenantId, session: SessionId) {
        if let Some(stirrer) = self.lock().sessions.get(&(tenant.clone(), session)) {
            stirrer.send_replace(());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Watched> {
        // Nobody panics while holding the lock; and if they did, the map is whole.
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionWatch {
    /// Waits for a stir since the last wait.
    pub(crate) async fn stirred(&mut self) {
        if self.stirs.changed().await.is_err() {
            // INVARIANT: the sender stays in the hub for as long as a watch does.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for SessionWatch {
    fn drop(&mut self) {
        let mut watched = self.hub.lock();
        watched.streams = watched.streams.saturating_sub(1);
        // This watch still counts as a receiver.
        let others = watched
            .sessions
            .get(&self.key)
            .map(watch::Sender::receiver_count);
        if others.is_some_and(|receivers| receivers <= 1) {
            watched.sessions.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use testkit::builders::tenant;
    use testkit::ids::nth;

    use super::*;

    #[tokio::test]
    async fn a_stir_reaches_the_streams_of_its_session_only() {
        let hub = Hub::new(100);
        let mut here = hub.watch(&tenant(), nth(1)).unwrap();
        let mut elsewhere = hub.watch(&tenant(), nth(2)).unwrap();

        hub.stir(&tenant(), nth(1));

        here.stirred().await;
        assert_eq!(elsewhere.stirred().now_or_never(), None);
    }

    #[test]
    fn a_session_has_a_bounded_number_of_streams_and_leaves_nothing_behind() {
        let hub = Hub::new(100);
        let streams: Vec<_> = (0..PER_SESSION)
            .map(|_| hub.watch(&tenant(), nth(1)).unwrap())
            .collect();

        assert_eq!(hub.watch(&tenant(), nth(1)).unwrap_err(), TooManyStreams);

        drop(streams);
        assert!(hub.lock().sessions.is_empty());
    }

    #[test]
    fn all_sessions_together_have_a_bounded_number_of_streams() {
        let hub = Hub::new(2);
        let first = hub.watch(&tenant(), nth(1)).unwrap();
        let _second = hub.watch(&tenant(), nth(2)).unwrap();

        assert_eq!(hub.watch(&tenant(), nth(3)).unwrap_err(), TooManyStreams);

        drop(first);
        assert!(hub.watch(&tenant(), nth(3)).is_ok());
    }
}
