//! Forgetting what nobody needs any more: guards that no decision holds, decisions past their time, messages set aside.
//!
//! Interventions, contacts and arms are kept: they are what is measured. Request keys are kept as long, since a replay
//! must find its first answer whenever it comes.

use std::time::Duration;

use domain::time::earlier;
use messaging::outbox;
use storage::StoreError;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::Service;

const EVERY: Duration = Duration::from_hours(1);
/// Far longer than any transaction holds a guard.
const GUARDS_KEPT: Duration = Duration::from_hours(1);

impl Service {
    /// Forgets once an hour, until `stop`.
    pub(super) async fn keep_tidy_until(self, stop: CancellationToken) {
        let mut due = tokio::time::interval(EVERY);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(due.tick()).await.is_some() {
            if let Err(error) = self.tidy().await {
                tracing::warn!(%error, "upkeep is put off");
            }
        }
    }

    /// Forgets what is past its time.
    pub(super) async fn tidy(&self) -> Result<(), StoreError> {
        let now = self.inner.clock.now();
        let store = &self.inner.store;
        let guards = store.forget_guards(earlier(now, GUARDS_KEPT)).await?;
        let limit = earlier(now, self.inner.settings.decisions_kept);
        let decisions = store.forget_decisions(limit).await?;
        let messages = outbox::forget_undelivered_before(&store.database, limit).await?;
        tracing::debug!(guards, decisions, messages, "forgot what is past its time");
        Ok(())
    }
}
