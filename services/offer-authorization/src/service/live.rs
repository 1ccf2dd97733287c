//! What checks are answered from: the rules of a shop and the counters that were asked for, in memory. What this process
//! changes counts at once, and what others change within [`FRESH`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::id::TenantId;
use domain::time::Timestamp;
use sea_orm::ConnectionTrait;
use storage::StoreError;

use super::Service;
use super::kept::Kept;
use super::rules::Rules;
use crate::ledger::LimitKey;
use crate::store::ledger::{Counter, counters};

/// How long what was read is good. Nobody is granted anything by it: an offer is decided on what is stored.
const FRESH: Duration = Duration::from_millis(250);
/// Most shops of which something is kept.
const MOST_KEPT: usize = 4_096;

/// What is kept of shops.
pub(super) struct Live {
    views: Kept<TenantId, View>,
    /// How often this process has changed something in each shop.
    changes: Mutex<HashMap<TenantId, u64>>,
}

/// One shop as it was a moment ago.
pub(super) struct View {
    rules: Arc<Rules>,
    read_at: Instant,
    /// How many changes it was read after: with the next one it is stale, also when that came while it was read.
    changes: u64,
    counters: Mutex<HashMap<LimitKey, Option<Counter>>>,
}

impl Live {
    pub(super) fn new() -> Self {
        Self {
            views: Kept::new(MOST_KEPT),
            changes: Mutex::default(),
        }
    }

    /// Something has changed in a shop.
    pub(super) fn forget(&self, tenant: &TenantId) {
        let mut changes = self.changes();
        if let Some(changes) = changes.get_mut(tenant) {
            *changes = changes.wrapping_add(1);
        } else {
            changes.insert(tenant.clone(), 1);
        }
    }

    fn find(&self, tenant: &TenantId) -> Option<Arc<View>> {
        let view = self.views.get(tenant)?;
        let is_good = view.changes == self.changes_of(tenant) && view.read_at.elapsed() < FRESH;
        is_good.then_some(view)
    }

    fn changes_of(&self, tenant: &TenantId) -> u64 {
        self.changes().get(tenant).copied().unwrap_or(0)
    }

    fn changes(&self) -> MutexGuard<'_, HashMap<TenantId, u64>> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl View {
    pub(super) fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Counters, of which those that nobody has asked for are read.
    pub(super) async fn counters<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        keys: Vec<LimitKey>,
    ) -> Result<HashMap<(TenantId, LimitKey), Counter>, StoreError> {
        let mut missing = keys.clone();
        {
            let known = self.known();
            missing.retain(|key| !known.contains_key(key));
        }
        if !missing.is_empty() {
            let read = counters(connection, tenant, &missing).await?;
            self.known().extend(missing.into_iter().zip(read));
        }
        let known = self.known();
        let found = keys.into_iter().filter_map(|key| {
            let counter = known.get(&key).copied().flatten()?;
            Some(((tenant.clone(), key), counter))
        });
        Ok(found.collect())
    }

    fn known(&self) -> MutexGuard<'_, HashMap<LimitKey, Option<Counter>>> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service {
    /// A shop as it is, or was a moment ago.
    pub(super) async fn view_of<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        now: Timestamp,
    ) -> Result<Arc<View>, StoreError> {
        let live = &self.inner.live;
        if let Some(view) = live.find(tenant) {
            return Ok(view);
        }
        let (changes, read_at) = (live.changes_of(tenant), Instant::now());
        let view = Arc::new(View {
            rules: self.rules_of(connection, tenant, now).await?,
            read_at,
            changes,
            counters: Mutex::default(),
        });
        live.views.keep(tenant.clone(), Arc::clone(&view));
        Ok(view)
    }
}
