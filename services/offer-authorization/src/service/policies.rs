//! Authority policies: stored whole, tried out, activated, and taken back by activating an older one.

use domain::id::TenantId;
use domain::time::Timestamp;
use futures::FutureExt;
use platform::paging::{Page, PageRequest};
use serde::{Deserialize, Serialize};
use storage::RequestKey;

use super::Service;
use crate::authority::{Grant, Policy, Purpose};
use crate::decision::DryRun;
use crate::error::OfferError;
use crate::store::{decisions, policies};

/// Decisions that are read at once.
const DECISIONS: u64 = 1_000;

/// A policy to be stored.
#[derive(Debug, Clone)]
pub(crate) struct NewPolicy {
    pub(crate) purpose: Purpose,
    pub(crate) grants: Vec<Grant>,
}

/// A policy, and whether it decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ListedPolicy {
    pub(crate) policy: Policy,
    pub(crate) active: bool,
}

impl Service {
    /// Stores the next version. It decides nothing yet.
    ///
    /// # Errors
    /// Somebody else stores one at the same time.
    pub(crate) async fn create_policy(
        &self,
        key: RequestKey,
        policy: NewPolicy,
    ) -> Result<ListedPolicy, OfferError> {
        self.once(key, policy, |unit, policy| {
            async move {
                let NewPolicy { purpose, grants } = policy;
                let newest = policies::newest_version(unit.tx, &unit.tenant).await?;
                let policy = Policy {
                    version: newest.saturating_add(1),
                    purpose,
                    grants,
                    created_at: unit.now,
                };
                policies::insert(unit.tx, &unit.tenant, &policy).await?;
                let active = false;
                Ok(ListedPolicy { policy, active })
            }
            .boxed()
        })
        .await
    }

    /// Makes a version decide from now on; also version 0, with which everybody starts.
    ///
    /// # Errors
    /// There is no such version.
    pub(crate) async fn activate_policy(
        &self,
        key: RequestKey,
        version: u32,
    ) -> Result<ListedPolicy, OfferError> {
        self.once(key, version, |unit, version| {
            async move {
                let policy = unit.service.policy(unit.tx, &unit.tenant, version).await?;
                policies::activate(unit.tx, &unit.tenant, version, unit.now).await?;
                let active = true;
                Ok(ListedPolicy { policy, active })
            }
            .boxed()
        })
        .await
    }

    /// Lists the versions, the newest first and the starter policy last.
    pub(crate) async fn list_policies(
        &self,
        tenant: &TenantId,
        page: &PageRequest<u32>,
    ) -> Result<Page<ListedPolicy>, OfferError> {
        let connection = self.database().read();
        let active = policies::active_version(connection, tenant).await?;
        let before = page.after().copied();
        let mut found = policies::list(connection, tenant, before, page.fetch()).await?;
        let starter = &self.inner.starter;
        if before.is_none_or(|before| before > starter.version) {
            found.push(starter.clone());
        }
        let listed = found
            .into_iter()
            .map(|policy| ListedPolicy {
                active: policy.version == active,
                policy,
            })
            .collect();
        Ok(page.page(listed, |listed| listed.policy.version))
    }

    /// Answers the stored decisions anew by another version. Stores nothing.
    ///
    /// # Errors
    /// There is no such version.
    pub(crate) async fn dry_run(
        &self,
        tenant: &TenantId,
        version: u32,
        from: Option<Timestamp>,
    ) -> Result<DryRun, OfferError> {
        let connection = self.database().read();
        let policy = self.policy(connection, tenant, version).await?;
        let mut run = DryRun::default();
        let mut after = 0;
        loop {
            let batch = decisions::list(connection, tenant, from, after, DECISIONS).await?;
            for (seq, decision) in &batch {
                run.replay(decision, &policy);
                after = *seq;
            }
            if batch.is_empty() {
                return Ok(run);
            }
        }
    }
}
