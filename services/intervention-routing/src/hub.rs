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
type Sessions = HashMap<Key, watch::Sender<()>>;

/// All watched sessions. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hub {
    sessions: Arc<Mutex<Sessions>>,
}

/// One stream's place in the hub; left when it is dropped.
#[derive(Debug)]
pub(crate) struct SessionWatch {
    hub: Hub,
    key: Key,
    stirs: watch::Receiver<()>,
}

/// The session has as many streams open as allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooManyStreams;

impl Hub {
    /// Watches a session.
    pub(crate) fn watch(
        &self,
        tenant: &TenantId,
        session: SessionId,
    ) -> Result<SessionWatch, TooManyStreams> {
        let key = (tenant.clone(), session);
        let mut sessions = self.lock();
        let stirrer = sessions
            .entry(key.clone())
            .or_insert_with(|| watch::channel(()).0);
        if stirrer.receiver_count() >= PER_SESSION {
            return Err(TooManyStreams);
        }
        let stirs = stirrer.subscribe();
        Ok(SessionWatch {
            hub: self.clone(),
            key,
            stirs,
        })
    }

    /// Has every stream of a session look at the store.
    pub(crate) fn stir(&self, tenant: &TenantId, session: SessionId) {
        if let Some(stirrer) = self.lock().get(&(tenant.clone(), session)) {
            stirrer.send_replace(());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Sessions> {
        // Nobody panics while holding the lock; and if they did, the map is whole.
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
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
        let mut sessions = self.hub.lock();
        if sessions
            .get(&self.key)
            .is_some_and(|stirrer| stirrer.receiver_count() <= 1)
        {
            sessions.remove(&self.key);
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
        let hub = Hub::default();
        let mut here = hub.watch(&tenant(), nth(1)).unwrap();
        let mut elsewhere = hub.watch(&tenant(), nth(2)).unwrap();

        hub.stir(&tenant(), nth(1));

        here.stirred().await;
        assert_eq!(elsewhere.stirred().now_or_never(), None);
    }

    #[test]
    fn a_session_has_a_bounded_number_of_streams_and_leaves_nothing_behind() {
        let hub = Hub::default();
        let streams: Vec<_> = (0..PER_SESSION)
            .map(|_| hub.watch(&tenant(), nth(1)).unwrap())
            .collect();

        assert_eq!(hub.watch(&tenant(), nth(1)).unwrap_err(), TooManyStreams);

        drop(streams);
        assert!(hub.lock().is_empty());
    }
}
