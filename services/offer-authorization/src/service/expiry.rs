//! Ends what time has run out for: holds that nobody redeemed, approvals that nobody gave. All of it is in the store, so
//! a restart loses nothing, and several replicas may look: each offer is locked and judged again before it ends.

use std::time::Duration;

use domain::fact::FactBody;
use domain::id::{OfferId, TenantId};
use domain::offer::OfferRefusal;
use domain::time::{Timestamp, earlier, elapsed, later};
use futures::FutureExt;
use messaging::outbox;
use storage::StoreError;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, error, warn};

use super::{Service, Unit, spans};
use crate::audit::AuditKind;
use crate::error::OfferError;
use crate::inspection::{InspectionError, Inspector};
use crate::ledger::{Draw, EntryKind};
use crate::offer::{Offer, State};
use crate::store::{ledger, offers, programmes};

/// Offers that are read at once.
const BATCH: u64 = 200;
/// A pause is at least this long, so that a failing store is not asked without end.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const SWEEP_EVERY: Duration = Duration::from_hours(1);
const PROVE_EVERY: Duration = Duration::from_hours(24);

impl Service {
    /// Ends offers and budget periods as they come due, until `stop`.
    pub(crate) async fn expire_until(self, stop: CancellationToken) {
        let rounds = async {
            loop {
                let pause = self.expire_due().await.unwrap_or_else(|error| {
                    warn!(error = %platform::status::chain(&error), "offers that are due cannot be read");
                    self.settings().expiry_poll
                });
                // After the holds that ended before: what they gave back is still of their period.
                if let Err(error) = self.roll_over_due().await {
                    warn!(error = %platform::status::chain(&error), "budget periods that are over cannot be read");
                }
                tokio::time::sleep(pause).await;
            }
        };
        stop.run_until_cancelled(rounds).await;
    }

    /// Ends all offers that are due, and says how long nothing will be: until the next one, at most the poll pause, as
    /// other replicas and other clocks make offers too.
    pub(crate) async fn expire_due(&self) -> Result<Duration, OfferError> {
        let (now, poll) = (self.now(), self.settings().expiry_poll);
        let soon = later(now, poll);
        let mut last = None;
        loop {
            let batch =
                offers::due_until(self.database().read(), last.as_ref(), soon, BATCH).await?;
            for due in &batch {
                if due.at > now {
                    return Ok(elapsed(now, due.at).max(SHORTEST_PAUSE));
                }
                // One that cannot be ended must not keep the others from it.
                if let Err(error) = self.time_out(&due.tenant, due.offer, now).await {
                    let error = platform::status::chain(&error);
                    warn!(offer = %due.offer, error, "an offer could not be ended");
                }
            }
            last = batch.into_iter().next_back();
            if last.is_none() {
                return Ok(poll);
            }
        }
    }

    /// Forgets, now and then until `stop`, first answers that nobody will ask for again, and facts that never arrived.
    pub(crate) async fn sweep_until(self, stop: CancellationToken) {
        let mut due = tokio::time::interval(SWEEP_EVERY);
        while stop.run_until_cancelled(due.tick()).await.is_some() {
            let limit = earlier(self.now(), self.settings().answers_kept);
            if let Err(error) = self.forget_before(limit).await {
                warn!(%error, "old answers could not be forgotten");
            }
        }
    }

    async fn forget_before(&self, limit: Timestamp) -> Result<(), StoreError> {
        self.database().forget_requests_before(limit).await?;
        outbox::forget_undelivered_before(self.database(), limit).await?;
        Ok(())
    }

    /// Proves ledgers and audit trails at the start and once a day, until `stop`. What is found is never repaired: it is
    /// told.
    pub(crate) async fn prove_until(self, stop: CancellationToken) {
        let mut due = tokio::time::interval(PROVE_EVERY);
        while stop.run_until_cancelled(due.tick()).await.is_some() {
            if let Err(error) = self.prove_ledgers().await {
                let error = platform::status::chain(&error);
                warn!(error, "the ledger could not be proven");
            }
            if let Err(error) = self.prove_trails().await {
                let error = platform::status::chain(&error);
                warn!(error, "the audit trails could not be proven");
            }
        }
    }

    async fn prove_ledgers(&self) -> Result<(), StoreError> {
        let connection = self.database().read();
        for tenant in programmes::tenants(connection).await? {
            for discrepancy in ledger::discrepancies(connection, &tenant).await? {
                error!(%discrepancy, "the ledger is not true");
            }
        }
        Ok(())
    }

    /// Proves the trails of all tenants from their first entries on, and answers those that are not what was written.
    pub(crate) async fn prove_trails(&self) -> Result<Vec<TenantId>, InspectionError> {
        let inspector = Inspector::of(self.database().clone(), self.checkpoints().clone())?;
        let mut unsound = Vec::new();
        for tenant in inspector.tenants().await? {
            let faults = inspector.verify(&tenant).await?.faults;
            if !faults.is_empty() {
                error!(%tenant, ?faults, "an audit trail is not what was written");
                unsound.push(tenant);
            }
        }
        Ok(unsound)
    }

    async fn time_out(
        &self,
        tenant: &TenantId,
        offer: OfferId,
        now: Timestamp,
    ) -> Result<(), OfferError> {
        let (service, tenant) = (self.clone(), tenant.clone());
        self.database()
            .write(move |tx| {
                let unit = Unit {
                    tx,
                    service: service.clone(),
                    tenant: tenant.clone(),
                    now,
                    by: None,
                };
                async move { time_out(&unit, offer).await }.boxed()
            })
            .await
    }
}

async fn time_out(unit: &Unit<'_>, offer: OfferId) -> Result<(), OfferError> {
    let Some(offer) = offers::lock(unit.tx, &unit.tenant, offer).await? else {
        return Ok(());
    };
    // Redeemed, released or ended by another replica since it was seen: nothing is left to do.
    let Ok(offer) = offer.time_out(unit.now) else {
        return Ok(());
    };
    let span = spans::of_ended_offer(&unit.tenant, &offer);
    end(unit, &offer).instrument(span).await
}

async fn end(unit: &Unit<'_>, offer: &Offer) -> Result<(), OfferError> {
    let (kind, body) = if let State::Expired(hold) = &offer.state {
        let draw = Draw::of(&offer.terms, hold);
        unit.settle(EntryKind::Expire, &draw).await?;
        let body = FactBody::OfferExpired {
            offer: offer.terms.id,
            amount: offer.terms.amount,
        };
        (AuditKind::Expired, body)
    } else {
        let reasons = vec![OfferRefusal::NeedsApproval];
        (
            AuditKind::ApprovalLapsed,
            FactBody::OfferRefused { reasons },
        )
    };
    unit.save(offer).await?;
    Ok(unit.conclude(kind, offer, None, body).await?)
}
