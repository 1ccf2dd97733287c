//! Policies that are ready to decide, kept in memory by tenant and version. A version never changes once it is stored, so
//! nothing here is ever stale; which version decides is read anew each time.

use std::sync::Arc;

use domain::id::TenantId;
use sea_orm::ConnectionTrait;
use storage::Tx;

use super::Service;
use super::kept::Kept;
use crate::authority::{CompiledPolicy, Policy, PolicyFault};
use crate::error::OfferError;
use crate::store::policies;

/// Most versions that are kept.
const MOST_KEPT: usize = 512;

/// The starter policy, and what was compiled so far.
pub(super) struct PolicyCache {
    starter: Policy,
    ready_starter: Arc<CompiledPolicy>,
    kept: Kept<Version, CompiledPolicy>,
}

/// A version of a tenant's policy.
type Version = (TenantId, u32);

impl PolicyCache {
    /// # Errors
    /// The starter policy is none.
    pub(super) fn new(starter: Policy) -> Result<Self, PolicyFault> {
        Ok(Self {
            ready_starter: Arc::new(starter.compile()?),
            starter,
            kept: Kept::new(MOST_KEPT),
        })
    }

    pub(super) fn starter(&self) -> &Policy {
        &self.starter
    }

    fn get(&self, tenant: &TenantId, version: u32) -> Option<Arc<CompiledPolicy>> {
        if version == self.starter.version {
            return Some(Arc::clone(&self.ready_starter));
        }
        self.kept.get(&(tenant.clone(), version))
    }

    fn keep(&self, tenant: TenantId, policy: Arc<CompiledPolicy>) {
        self.kept.keep((tenant, policy.version()), policy);
    }
}

impl Service {
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
