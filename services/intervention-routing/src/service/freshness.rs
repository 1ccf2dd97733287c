//! What a decision rests on, looked at again before its help reaches the shopper.
//!
//! The moment of a decision passes: the shopper moves on, buys, or says no to contact while an invitation waits for a
//! page or a call for an agent. What is not known to be true any more is not acted on.

use domain::channel::Channel;
use domain::fact::CancelReason;
use domain::id::{InterventionId, TenantId};
use domain::time::{Zone, elapsed};
use futures::FutureExt;
use storage::StoreError;

use super::Service;
use crate::config::Outreach;
use crate::decide::{Overtaken, Rules, Seen, consented, outlived};
use crate::error::RoutingError;
use crate::intervention::Intervention;
use crate::play::PlayState;
use crate::upstreams::SessionNow;

/// Whether a decision still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    /// It holds.
    Fresh,
    /// Not for now: it is a wrong hour, or nobody can say.
    NotNow,
    /// It never will again.
    Over(CancelReason),
}

impl Service {
    /// Looks at what an intervention rests on. While that is not known, nothing is sent.
    pub(super) async fn freshness(
        &self,
        intervention: &Intervention,
        zone: Option<&Zone>,
    ) -> Freshness {
        let looked = self.look_again(intervention, zone).await;
        looked.unwrap_or_else(|error| {
            tracing::warn!(%error, intervention = %intervention.id, "freshness is not known, nothing is sent");
            Freshness::NotNow
        })
    }

    /// session-tracking is asked once the decision is older than a few seconds.
    async fn look_again(
        &self,
        intervention: &Intervention,
        zone: Option<&Zone>,
    ) -> Result<Freshness, RoutingError> {
        let now = self.inner.clock.now();
        let rules = self.inner.settings.rules(&intervention.tenant);
        if rules.outreach == Outreach::Stopped || self.is_play_stopped(intervention).await? {
            return Ok(Freshness::Over(CancelReason::Requested));
        }
        let wakes = |zone| !rules.call_hours.contains(zone, now);
        if intervention.channel == Channel::Call && zone.is_none_or(wakes) {
            return Ok(Freshness::NotNow);
        }
        let age = elapsed(intervention.created_at, now);
        if age < self.inner.settings.invitations.fresh_for() {
            return Ok(Freshness::Fresh);
        }
        let tenant = &intervention.tenant;
        let asked = self.inner.clients.session_now(tenant, intervention.session);
        Ok(judged(intervention, asked.await?.as_ref(), rules))
    }

    /// Whether somebody, or the harm it did, has stopped the play since. A newer version goes on where the old one was.
    async fn is_play_stopped(&self, intervention: &Intervention) -> Result<bool, StoreError> {
        let store = &self.inner.store;
        let Intervention { tenant, play, .. } = intervention;
        let in_use = store
            .play_in_use(store.database.read(), tenant, play)
            .await?;
        Ok(in_use.is_none_or(|play| play.state != PlayState::Live))
    }

    /// Ends an intervention whose decision holds no more, unless somebody has it by now.
    pub(super) async fn end_stale(
        &self,
        tenant: &TenantId,
        id: InterventionId,
        reason: CancelReason,
    ) -> Result<(), RoutingError> {
        let now = self.inner.clock.now();
        let (service, tenant) = (self.clone(), tenant.clone());
        let ended = self.inner.store.database.write(move |tx| {
            let (service, tenant) = (service.clone(), tenant.clone());
            async move {
                let open = service.locked(tx, &tenant, id).await?;
                if open.clone().cancelled(reason, now).is_ok() {
                    service.end(tx, open, reason, now).await?;
                }
                Ok(())
            }
            .boxed()
        });
        ended.await
    }
}

/// Whether an intervention that no agent has still holds, by what its session looks like now.
fn judged(intervention: &Intervention, session: Option<&SessionNow>, rules: &Rules) -> Freshness {
    // A session that nobody knows was erased.
    let Some(session) = session else {
        return Freshness::Over(CancelReason::Requested);
    };
    let seen = Seen {
        cart_version: session.cart.version(),
        page: session.page.as_ref(),
        order: session.order,
    };
    if let Overtaken::Ends(reason) = outlived(intervention, &seen, rules) {
        return Freshness::Over(reason);
    }
    let Intervention { channel, phase, .. } = *intervention;
    if !consented(&session.consents, channel, phase) {
        return Freshness::Over(CancelReason::Requested);
    }
    // Whoever is called is on no page.
    if channel != Channel::Call && rules.silences(session.page.as_ref()) {
        return Freshness::NotNow;
    }
    Freshness::Fresh
}

#[cfg(test)]
mod tests;
