//! Signs, now and then, how far each audit trail has come, and keeps that apart from the database: beside the keys.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::id::TenantId;
use domain::time::{Timestamp, elapsed, to_millis};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::Service;
use crate::audit::Checkpoint;
use crate::error::OfferError;
use crate::store::audit;

/// A trail is signed when it has grown by so many entries,
const EVERY_ENTRIES: i64 = 1_000;
/// or has grown at all for so long.
const EVERY: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What was signed last of each trail: its number, and when.
type Signed = BTreeMap<TenantId, (i64, Timestamp)>;

impl Service {
    /// Signs trails as they grow, until `stop`, and once more then.
    pub(crate) async fn sign_trails_until(self, stop: CancellationToken) {
        let mut signed = Signed::new();
        let mut due = tokio::time::interval(LOOK_EVERY);
        while stop.run_until_cancelled(due.tick()).await.is_some() {
            self.try_to_sign(&mut signed, EVERY).await;
        }
        self.try_to_sign(&mut signed, Duration::ZERO).await;
    }

    async fn try_to_sign(&self, signed: &mut Signed, every: Duration) {
        if let Err(failure) = self.sign_trails(signed, every).await {
            let error = platform::status::chain(&failure);
            warn!(error, "the audit trails could not be signed");
        }
    }

    /// Signs what has grown enough.
    async fn sign_trails(&self, signed: &mut Signed, every: Duration) -> Result<(), OfferError> {
        let now = self.now();
        for (tenant, head) in audit::heads(self.database().read()).await? {
            let (number, at) = signed.get(&tenant).copied().unwrap_or((0, Timestamp::MIN));
            let grown = head.number.saturating_sub(number);
            if grown >= EVERY_ENTRIES || (grown > 0 && elapsed(at, now) >= every) {
                let checkpoint = Checkpoint {
                    tenant: tenant.clone(),
                    number: head.number,
                    hash: head.hash,
                    at_ms: to_millis(now),
                };
                self.keys()
                    .write_checkpoint(&checkpoint)
                    .await
                    .map_err(OfferError::Checkpoint)?;
                signed.insert(tenant, (head.number, now));
            }
        }
        Ok(())
    }

    /// Signs all trails as they are now.
    #[cfg(test)]
    pub(crate) async fn sign_all_trails(&self) {
        self.sign_trails(&mut Signed::new(), Duration::ZERO)
            .await
            .unwrap();
    }
}
