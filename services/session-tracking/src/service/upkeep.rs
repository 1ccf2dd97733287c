//! Forgetting what was kept for long enough, now and then.

use std::time::Duration;

use domain::id::TenantId;
use domain::time::{Timestamp, earlier};
use messaging::outbox;
use platform::status::chain;
use storage::StoreError;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::Service;
use crate::config::RetentionConfig;
use crate::error::SessionError;

/// Between two steps, so that batches of events never wait for more than one.
const PAUSE: Duration = Duration::from_millis(20);

/// A sweep of one partition.
#[derive(Debug, Clone)]
pub(crate) struct Upkeep {
    pub(crate) retention: RetentionConfig,
    /// The partition of the log that this process writes.
    pub(crate) partition: u16,
    /// How long a session may live: a record of the log is looked at when most of its sessions are past.
    pub(crate) session_life: Duration,
}

/// What a sweep has forgotten, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Forgotten {
    /// Records of the log, whole.
    pub(crate) records: u64,
    pub(crate) sessions: u64,
    pub(crate) erased: u64,
    pub(crate) histories: u64,
    pub(crate) consents: u64,
    pub(crate) requests: u64,
    pub(crate) messages: u64,
}

impl Service {
    /// Sweeps until `stop`. A sweep that fails is tried again with the next.
    pub(crate) async fn keep_tidy(self, upkeep: Upkeep, stop: CancellationToken) {
        let mut due = tokio::time::interval(upkeep.retention.sweep_interval);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(due.tick()).await.is_some() {
            let Some(swept) = stop.run_until_cancelled(self.sweep(&upkeep)).await else {
                return;
            };
            match swept {
                Ok(forgotten) if forgotten == Forgotten::default() => {}
                Ok(forgotten) => {
                    tracing::info!(?forgotten, "what was kept for long enough is gone");
                }
                Err(failure) => {
                    tracing::warn!(error = %chain(&failure), "old data could not be forgotten");
                }
            }
        }
    }

    /// Forgets all that is past its time by now, the log before the rows that say where in it sessions lie.
    pub(crate) async fn sweep(&self, upkeep: &Upkeep) -> Result<Forgotten, SessionError> {
        let now = self.now();
        let database = self.store.database();
        let kept = &upkeep.retention;
        Ok(Forgotten {
            records: self.sweep_log(upkeep, now).await?,
            sessions: self
                .forget_sessions(upkeep.partition, earlier(now, kept.sessions))
                .await?,
            erased: self.store.forget_erased(earlier(now, kept.erased)).await?,
            histories: database
                .forget_before("histories", "counted_at", earlier(now, kept.histories))
                .await?,
            consents: database
                .forget_before("consents", "recorded_at", earlier(now, kept.consents))
                .await?,
            requests: database
                .forget_requests_before(earlier(now, kept.request_keys))
                .await?,
            messages: outbox::forget_undelivered_before(database, earlier(now, kept.undelivered))
                .await?,
        })
    }

    async fn sweep_log(&self, upkeep: &Upkeep, now: Timestamp) -> Result<u64, StoreError> {
        let past = earlier(now, upkeep.retention.log);
        let limit = earlier(past, upkeep.session_life);
        let mut dropped = 0;
        loop {
            let step = self
                .store
                .sweep_log(upkeep.partition, (limit, past))
                .await?;
            dropped += step.dropped;
            if step.is_done {
                return Ok(dropped);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn forget_sessions(&self, partition: u16, limit: Timestamp) -> Result<u64, SessionError> {
        let (mut forgotten, mut last) = (0, String::new());
        while let Some(name) = self.store.tenant_after(&last).await? {
            if let Ok(tenant) = TenantId::parse(&name) {
                forgotten += self.forget_sessions_of(&tenant, partition, limit).await?;
            } else {
                tracing::error!("sessions are of no tenant that can be read");
            }
            last = name;
        }
        Ok(forgotten)
    }

    async fn forget_sessions_of(
        &self,
        tenant: &TenantId,
        partition: u16,
        limit: Timestamp,
    ) -> Result<u64, SessionError> {
        let (mut forgotten, mut last) = (0, None);
        loop {
            let aged = self
                .store
                .aged((tenant, partition), limit, last.as_ref())
                .await?;
            if !aged.sessions.is_empty() {
                let gone = self.ingest.forget(tenant, aged.sessions, limit).await?;
                forgotten += u64::try_from(gone).unwrap_or(u64::MAX);
                tokio::time::sleep(PAUSE).await;
            }
            if aged.next.is_none() {
                return Ok(forgotten);
            }
            last = aged.next;
        }
    }
}
