//! Policies that are ready to decide, kept in memory by tenant and version. A version never changes once it is stored, so
//! nothing here is ever stale; which version decides is read anew each time.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use domain::id::TenantId;
use domain::time::Timestamp;
use sea_orm::ConnectionTrait;
use storage::Tx;

use super::Service;
use crate::authority::{CompiledPolicy, Policy, PolicyFault};
use crate::error::OfferError;
use crate::store::policies;

/// Most versions that are kept. When there are more, the one that was kept first is forgotten, and compiled again when it is
/// asked for.
const MOST_KEPT: usize = 512;

/// The starter policy, and what was compiled so far.
pub(super) struct PolicyCache {
    starter: Policy,
    ready_starter: Arc<CompiledPolicy>,
    kept: Mutex<Kept>,
}

/// A version of a tenant's policy.
type Version = (TenantId, u32);

#[derive(Default)]
struct Kept {
    policies: HashMap<Version, Arc<CompiledPolicy>>,
    /// In the order in which they were kept.
    order: VecDeque<Version>,
}

impl Kept {
    fn keep(&mut self, version: Version, policy: Arc<CompiledPolicy>, most: usize) {
        if self.policies.insert(version.clone(), policy).is_some() {
            return;
        }
        self.order.push_back(version);
        while self.order.len() > most {
            if let Some(oldest) = self.order.pop_front() {
                self.policies.remove(&oldest);
            }
        }
    }
}

impl PolicyCache {
    /// # Errors
    /// The starter policy is none.
    pub(super) fn new(starter: Policy) -> Result<Self, PolicyFault> {
        Ok(Self {
            ready_starter: Arc::new(starter.compile()?),
            starter,
            kept: Mutex::default(),
        })
    }

    pub(super) fn starter(&self) -> &Policy {
        &self.starter
    }

    fn get(&self, tenant: &TenantId, version: u32) -> Option<Arc<CompiledPolicy>> {
        if version == self.starter.version {
            return Some(Arc::clone(&self.ready_starter));
        }
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let policies = &kept.policies;
        policies.get(&(tenant.clone(), version)).map(Arc::clone)
    }

    fn keep(&self, tenant: TenantId, policy: Arc<CompiledPolicy>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.keep((tenant, policy.version()), policy, MOST_KEPT);
    }
}

impl Service {
    /// The policy that decides for a tenant at an instant: the one that was activated last, else the starter policy.
    pub(super) async fn active_policy<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        now: Timestamp,
    ) -> Result<Arc<CompiledPolicy>, OfferError> {
        let version = policies::active_version(connection, tenant, now).await?;
        self.compiled_policy(connection, tenant, version).await
    }

    /// A version of a tenant's policy, ready to decide.
    pub(super) async fn compiled_policy<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        version: u32,
    ) -> Result<Arc<CompiledPolicy>, OfferError> {
        if let Some(known) = self.inner.policies.get(tenant, version) {
            return Ok(known);
        }
        let compiled = self.compile(connection, tenant, version).await?;
        self.inner
            .policies
            .keep(tenant.clone(), Arc::clone(&compiled));
        Ok(compiled)
    }

    /// A version of a tenant's policy, read in a transaction.
    pub(super) async fn policy_in(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        version: u32,
    ) -> Result<Arc<CompiledPolicy>, OfferError> {
        if let Some(known) = self.inner.policies.get(tenant, version) {
            return Ok(known);
        }
        let compiled = self.compile(tx, tenant, version).await?;
        let (service, tenant, policy) = (self.clone(), tenant.clone(), Arc::clone(&compiled));
        // INVARIANT: what is kept is stored for good. A version that a transaction made may be undone with it, and another
        // one have its number.
        tx.after_commit(move || service.inner.policies.keep(tenant, policy));
        Ok(compiled)
    }

    async fn compile<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        version: u32,
    ) -> Result<Arc<CompiledPolicy>, OfferError> {
        let stored = self.stored_policy(connection, tenant, version).await?;
        let compiled = stored.compile().map_err(OfferError::PolicyBroken)?;
        Ok(Arc::new(compiled))
    }

    /// A version of a tenant's policy as its author sent it.
    pub(super) async fn stored_policy<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        version: u32,
    ) -> Result<Policy, OfferError> {
        let starter = self.inner.policies.starter();
        if version == starter.version {
            return Ok(starter.clone());
        }
        let policy = policies::find(connection, tenant, version).await?;
        policy.ok_or(OfferError::PolicyUnknown)
    }
}

#[cfg(test)]
mod tests {
    use testkit::builders::tenant;

    use super::*;
    use crate::samples::policy;

    #[test]
    fn the_oldest_goes_and_no_other() {
        let (mut kept, policy) = (Kept::default(), Arc::new(policy()));
        for version in [1, 2, 1, 3, 4] {
            kept.keep((tenant(), version), Arc::clone(&policy), 3);
        }

        let there = |version| kept.policies.contains_key(&(tenant(), version));
        assert_eq!([1, 2, 3, 4].map(there), [false, true, true, true]);
        assert_eq!((kept.policies.len(), kept.order.len()), (3, 3));
    }
}
