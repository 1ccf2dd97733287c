//! Learning how a session ended.

use domain::fact::Ending;
use domain::id::SessionId;
use domain::time::Timestamp;
use futures::FutureExt;
use storage::RequestKey;

use super::{Service, not_ahead};
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
        let now = self.now();
        let most = self.inner.settings.moments.max_ahead();
        not_ahead("ended_at", ended_at, now, most)?;
        let (store, tenant) = (self.inner.store.clone(), key.tenant.clone());
        let database = self.inner.store.database();
        database
            .write_once(key, now, move |tx| {
                let (store, tenant) = (store.clone(), tenant.clone());
                async move {
                    let outcome = (ending, ended_at);
                    store.record_outcome(tx, &tenant, session, outcome).await?;
                    Ok(store.count_to_judge(tx, &tenant, session).await?)
                }
                .boxed()
            })
            .await
    }
}
