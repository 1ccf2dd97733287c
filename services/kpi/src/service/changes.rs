//! Telling the streams of a tenant that there are new facts. It holds no facts: who is told reads them anew.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::id::TenantId;
use tokio::sync::watch;

/// One channel for each tenant whose figures somebody watches.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    tenants: Mutex<HashMap<TenantId, watch::Sender<()>>>,
}

impl Changes {
    /// Sees each later change of the tenant; several that come together are seen as one.
    pub(super) fn subscribe(&self, tenant: &TenantId) -> watch::Receiver<()> {
        self.lock()
            .entry(tenant.clone())
            .or_insert_with(|| watch::channel(()).0)
            .subscribe()
    }

    /// Says that facts of the tenant were stored. A channel to which nobody listens any more goes.
    pub(super) fn tell(&self, tenant: &TenantId) {
        let mut tenants = self.lock();
        let unheard = tenants
            .get(tenant)
            .is_some_and(|channel| channel.send(()).is_err());
        if unheard {
            tenants.remove(tenant);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, watch::Sender<()>>> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use testkit::builders::{other_tenant, tenant};

    use super::*;

    #[tokio::test]
    async fn a_change_reaches_the_streams_of_its_tenant_only() {
        let changes = Changes::default();
        let mut ours = changes.subscribe(&tenant());
        let theirs = changes.subscribe(&other_tenant());

        changes.tell(&tenant());

        ours.changed().await.unwrap();
        assert!(!theirs.has_changed().unwrap());
    }

    #[test]
    fn a_channel_without_listeners_goes() {
        let changes = Changes::default();
        drop(changes.subscribe(&tenant()));

        changes.tell(&tenant());

        assert!(changes.lock().is_empty());
    }
}
