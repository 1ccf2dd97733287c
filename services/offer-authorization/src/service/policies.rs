//! Authority policies: stored whole, tried out, activated, and taken back by activating an older one.

use std::time::Duration;

use domain::id::TenantId;
use domain::time::{Timestamp, later};
use futures::FutureExt;
use platform::paging::{Page, PageRequest};
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;
use serde::{Deserialize, Serialize};
use storage::RequestKey;

use super::{Service, Unit};
use crate::audit::AuditKind;
use crate::authority::{Grant, Policy, Purpose};
use crate::decision::{DryRun, Period};
use crate::error::OfferError;
use crate::store::policies::Start;
use crate::store::{decisions, policies};

/// Decisions that are read at once.
const DECISIONS: u64 = 1_000;
/// How far ahead a version can be told to decide.
const FARTHEST: Duration = Duration::from_hours(24 * 365);

/// A policy to be stored.
#[derive(Debug, Clone)]
pub(crate) struct NewPolicy {
    pub(crate) purpose: Purpose,
    pub(crate) grants: Vec<Grant>,
    pub(crate) cedar: String,
}

/// A version that is to decide.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Activation {
    pub(crate) version: u32,
    /// From when on; at once when absent.
    pub(crate) at: Option<Timestamp>,
}

/// A policy, and whether it decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ListedPolicy {
    pub(crate) policy: Policy,
    pub(crate) active: bool,
    /// From when on it will, if that is still to come.
    #[serde(default)]
    pub(crate) scheduled_at: Option<Timestamp>,
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
                let NewPolicy {
                    purpose,
                    grants,
                    cedar,
                } = policy;
                let newest = policies::newest_version(unit.tx, &unit.tenant).await?;
                let policy = Policy {
                    version: newest.saturating_add(1),
                    purpose,
                    grants,
                    cedar,
                    created_at: unit.now,
                };
                policies::insert(unit.tx, &unit.tenant, &policy).await?;
                let subject = policy.version;
                unit.audit(AuditKind::PolicyCreated, subject, &policy)
                    .await?;
                Ok(ListedPolicy {
                    policy,
                    active: false,
                    scheduled_at: None,
                })
            }
            .boxed()
        })
        .await
    }

    /// Makes a version decide from now or from an instant on; also version 0, with which everybody starts. Offers that are
    /// held stay good: they were promised under the authority of their time.
    ///
    /// # Errors
    /// There is no such version, or the instant is past or far away.
    pub(crate) async fn activate_policy(
        &self,
        key: RequestKey,
        activation: Activation,
    ) -> Result<ListedPolicy, OfferError> {
        self.once(key, activation, |unit, activation| {
            async move { activate(&unit, activation).await }.boxed()
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
        let now = self.now();
        let activations = policies::activations(connection, tenant).await?;
        let (active, scheduled) = (activations.at(now), activations.scheduled(now));
        let before = page.after().copied();
        let mut found = policies::list(connection, tenant, before, page.fetch()).await?;
        let starter = self.inner.policies.starter();
        if before.is_none_or(|before| before > starter.version) {
            found.push(starter.clone());
        }
        let listed = found
            .into_iter()
            .map(|policy| ListedPolicy {
                active: policy.version == active,
                scheduled_at: scheduled.get(&policy.version).copied(),
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
        period: Period,
    ) -> Result<DryRun, OfferError> {
        let connection = self.database().read();
        let policy = self.compiled_policy(connection, tenant, version).await?;
        let mut run = DryRun::default();
        let mut after = 0;
        loop {
            let batch = decisions::list(connection, tenant, period, after, DECISIONS).await?;
            for stored in &batch {
                run.replay(stored, &policy);
                after = stored.seq;
            }
            if batch.is_empty() {
                return Ok(run);
            }
        }
    }
}

async fn activate(unit: &Unit<'_>, activation: Activation) -> Result<ListedPolicy, OfferError> {
    let Activation { version, at } = activation;
    let (tx, tenant, now) = (unit.tx, &unit.tenant, unit.now);
    if at.is_some_and(|at| at < now || at > later(now, FARTHEST)) {
        let description = "must be from now on, and within a year";
        return Err(InvalidField::new("at", ErrorReason::OutOfRange, description).into());
    }
    let policy = unit.service.stored_policy(tx, tenant, version).await?;
    // A version that this build cannot read must not decide: it would refuse everybody everything.
    unit.service.policy_in(tx, tenant, version).await?;
    // An instant that has come is no matter of clocks any more.
    let start = at.filter(|at| *at > now).map_or(Start::AtOnce, Start::At);
    policies::activate(tx, tenant, version, start, now).await?;
    let activations = policies::activations(tx, tenant).await?;
    unit.audit(AuditKind::PolicyActivated, version, &at.unwrap_or(now))
        .await?;
    Ok(ListedPolicy {
        policy,
        active: activations.at(now) == version,
        scheduled_at: activations.scheduled(now).get(&version).copied(),
    })
}
