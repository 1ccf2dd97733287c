//! Signs, now and then, how far each audit trail has come, and keeps that apart from the database.
//!
//! INVARIANT: an end is signed once the chain was proven up to it, from what was signed before. A trail that is not what was
//! written is told and never signed again, also when it is shorter than what was signed.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::id::TenantId;
use domain::time::{Timestamp, elapsed, to_millis};
use storage::StoreError;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::Service;
use crate::audit::{Chain, Checkpoint, Fault, Head};
use crate::error::OfferError;
use crate::store::audit;

/// A trail is signed when it has grown by so many entries,
const EVERY_ENTRIES: i64 = 1_000;
/// or has grown at all for so long.
const EVERY: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What was signed last of each trail, and when it was looked at last.
#[derive(Debug, Default)]
pub(super) struct Signed(BTreeMap<TenantId, (Head, Timestamp)>);

impl Signed {
    /// What the checkpoints say that are kept.
    fn kept(service: &Service) -> Result<Self, OfferError> {
        let kept = service.checkpoints().kept();
        let kept = kept.map_err(OfferError::Checkpoint)?;
        if !kept.unsigned.is_empty() {
            let lines = kept.unsigned;
            error!(
                ?lines,
                "checkpoints of audit trails are signed by no key of ours"
            );
        }
        let mut signed = Self::default();
        for Checkpoint {
            tenant,
            number,
            hash,
            ..
        } in kept.checkpoints
        {
            let (before, _) = signed.of(&tenant);
            if number > before.number {
                let end = (Head { number, hash }, Timestamp::MIN);
                signed.0.insert(tenant, end);
            }
        }
        Ok(signed)
    }

    fn of(&self, tenant: &TenantId) -> (Head, Timestamp) {
        let nothing = || (Head::none(), Timestamp::MIN);
        self.0.get(tenant).cloned().unwrap_or_else(nothing)
    }
}

impl Service {
    /// Signs trails as they grow, until `stop`, and once more then.
    pub(crate) async fn sign_trails_until(self, stop: CancellationToken) {
        let mut signed = Signed::kept(&self).unwrap_or_else(|failure| {
            let error = platform::status::chain(&failure);
            error!(error, "the checkpoints of audit trails cannot be read");
            Signed::default()
        });
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

    /// Signs what has grown enough. Also trails that the database does not know any more are looked at.
    async fn sign_trails(&self, signed: &mut Signed, every: Duration) -> Result<(), OfferError> {
        let now = self.now();
        let heads = audit::heads(self.database().read()).await?;
        let mut heads: BTreeMap<TenantId, Head> = heads.into_iter().collect();
        for tenant in signed.0.keys() {
            heads.entry(tenant.clone()).or_insert_with(Head::none);
        }
        for (tenant, head) in heads {
            let (last, at) = signed.of(&tenant);
            let grown = head.number.saturating_sub(last.number);
            let is_due = elapsed(at, now) >= every && head != last;
            if grown < EVERY_ENTRIES && !is_due {
                continue;
            }
            let end = match self.proven(&tenant, &last).await? {
                Ok(head) => self.sign_trail(&tenant, head, now).await?,
                Err(faults) => {
                    let faults: Vec<String> = faults.iter().map(Fault::to_string).collect();
                    error!(%tenant, ?faults, "an audit trail is not what was written, and is not signed");
                    last
                }
            };
            signed.0.insert(tenant, (end, now));
        }
        Ok(())
    }

    async fn sign_trail(
        &self,
        tenant: &TenantId,
        head: Head,
        now: Timestamp,
    ) -> Result<Head, OfferError> {
        let checkpoint = Checkpoint {
            tenant: tenant.clone(),
            number: head.number,
            hash: head.hash.clone(),
            at_ms: to_millis(now),
        };
        let written = self.checkpoints().write(checkpoint).await;
        written.map_err(OfferError::Checkpoint)?;
        Ok(head)
    }

    /// Where a trail ends, if all of it after `last` is what was written; else what is wrong.
    async fn proven(
        &self,
        tenant: &TenantId,
        last: &Head,
    ) -> Result<Result<Head, Vec<Fault>>, StoreError> {
        let connection = self.database().read();
        if !audit::passes(connection, tenant, last).await? {
            return Ok(Err(vec![Fault::NotAsSigned(last.number)]));
        }
        let mut chain = Chain::after(tenant, last.clone());
        let head = audit::follow(connection, tenant, last.number, |entry| {
            chain.take(&entry);
            Ok::<(), StoreError>(())
        });
        let head = head.await?;
        let faults = chain.finish(&head);
        Ok(if faults.is_empty() {
            Ok(head)
        } else {
            Err(faults)
        })
    }

    /// Signs all trails as they are now.
    #[cfg(test)]
    pub(crate) async fn sign_all_trails(&self) {
        let mut signed = Signed::kept(self).unwrap();
        self.sign_trails(&mut signed, Duration::ZERO).await.unwrap();
    }
}
