//! Forgetting what may no longer be kept, now and then.

use std::time::Duration;

use domain::time::earlier;
use messaging::outbox;
use storage::StoreError;
use tokio_util::sync::CancellationToken;

use super::Service;
use crate::config::RetentionConfig;

const SECONDS_PER_DAY: u64 = 86_400;

impl Service {
    /// Sweeps until `stop`. A sweep that fails is tried again with the next.
    pub(crate) async fn keep_tidy(self, retention: RetentionConfig, stop: CancellationToken) {
        let mut due = tokio::time::interval(retention.sweep_interval());
        while stop.run_until_cancelled(due.tick()).await.is_some() {
            match self.sweep(retention).await {
                Ok(0) => {}
                Ok(forgotten) => tracing::info!(forgotten, "old rows were forgotten"),
                Err(error) => tracing::warn!(%error, "old rows could not be forgotten"),
            }
        }
    }

    async fn sweep(&self, retention: RetentionConfig) -> Result<u64, StoreError> {
        let now = self.now();
        let (store, database) = (&self.inner.store, self.inner.store.database());
        let before = |kept: u64| earlier(now, days(kept));
        let aged = store
            .forget_before(before(retention.assessments_days))
            .await?;
        let requests = database
            .forget_requests_before(before(retention.request_keys_days))
            .await?;
        let undelivered = before(retention.undelivered_days);
        let messages = outbox::forget_undelivered_before(database, undelivered).await?;
        Ok(aged + requests + messages)
    }
}

fn days(count: u64) -> Duration {
    Duration::from_secs(count.saturating_mul(SECONDS_PER_DAY))
}
