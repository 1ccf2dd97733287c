//! Policies that are ready to decide, kept in memory by tenant and version. A version never changes once it is stored, so
//! nothing here is ever stale; which version decides is read anew each time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::id::TenantId;
use domain::time::Timestamp;
use sea_orm::ConnectionTrait;

use super::Service;
use crate::authority::{CompiledPolicy, Policy, PolicyFault};
use crate::error::OfferError;
use crate::store::policies;

/// Most versions that are kept. When there are more, all are forgotten and compiled again as they are asked for.
const MOST_KEPT: usize = 512;

/// The starter policy, and what was compiled so far.
pub(super) struct Compiled {
    starter: Policy,
    ready_starter: Arc<CompiledPolicy>,
    kept: Mutex<HashMap<(TenantId, u32), Arc<CompiledPolicy>>>,
}

impl Compiled {
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
        kept.get(&(tenant.clone(), version)).map(Arc::clone)
    }

    fn keep(&self, tenant: &TenantId, policy: &Arc<CompiledPolicy>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert((tenant.clone(), policy.version()), Arc::clone(policy));
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
        if let Some(known) = self.inner.compiled.get(tenant, version) {
            return Ok(known);
        }
        let stored = self.stored_policy(connection, tenant, version).await?;
        let compiled = Arc::new(stored.compile().map_err(OfferError::PolicyBroken)?);
        self.inner.compiled.keep(tenant, &compiled);
        Ok(compiled)
    }

    /// A version of a tenant's policy as its author sent it.
    pub(super) async fn stored_policy<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &TenantId,
        version: u32,
    ) -> Result<Policy, OfferError> {
        let starter = self.inner.compiled.starter();
        if version == starter.version {
            return Ok(starter.clone());
        }
        let policy = policies::find(connection, tenant, version).await?;
        policy.ok_or(OfferError::PolicyUnknown)
    }
}
