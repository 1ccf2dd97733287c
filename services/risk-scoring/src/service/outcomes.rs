//! Learning how a session ended.

use domain::fact::Ending;
use domain::id::SessionId;
use domain::time::Timestamp;
use futures::FutureExt;
use storage::RequestKey;

use super::{Service, Unit, not_ahead};
use crate::error::RiskError;

impl Service {
    /// Notes how a session ended and says how many assessments that can judge.
    pub(crate) async fn record_outcome(
        &self,
        key: RequestKey,
        session: SessionId,
        ending: Ending,
        ended_at: Timestamp,
    ) -> Result<u64, RiskError> {
        let outcome = (ending, ended_at);
        self.once(key, (session, outcome), |unit, (session, outcome)| {
            async move { unit.record_outcome(session, outcome).await }.boxed()
        })
        .await
    }
}

impl Unit<'_> {
    async fn record_outcome(
        &self,
        session: SessionId,
        outcome: (Ending, Timestamp),
    ) -> Result<u64, RiskError> {
        let (_, ended_at) = outcome;
        let most = self.service.inner.settings.moments.max_ahead();
        not_ahead("ended_at", ended_at, self.now, most)?;
        let (store, tx, tenant) = (self.store(), self.tx, &self.tenant);
        store.record_outcome(tx, tenant, session, outcome).await?;
        Ok(store.count_to_judge(tx, tenant, session).await?)
    }
}
