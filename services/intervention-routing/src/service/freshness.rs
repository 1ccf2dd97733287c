//! What a decision rests on, looked at again before its help reaches the shopper.
//!
//! The moment of a decision passes: the shopper moves on, buys, or says no to contact while an invitation waits for a
//! page or a call for an agent. What is not known to be true any more is not acted on.

use domain::channel::Channel;
use domain::consent::Purpose;
use domain::fact::CancelReason;
use domain::id::{InterventionId, TenantId};
use domain::phase::RiskPhase;
use domain::time::{Zone, elapsed};
use futures::FutureExt;

use super::Service;
use crate::config::{Outreach, PageChange};
use crate::decide::Rules;
use crate::error::RoutingError;
use crate::intervention::Intervention;
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
    /// Looks at what an intervention rests on. session-tracking is asked once the decision is older than a few seconds;
    /// while it does not answer, nothing is sent.
    pub(super) async fn freshness(
        &self,
        intervention: &Intervention,
        zone: Option<&Zone>,
    ) -> Freshness {
        let now = self.inner.clock.now();
        let rules = self.inner.settings.rules(&intervention.tenant);
        if rules.outreach == Outreach::Stopped {
            return Freshness::Over(CancelReason::Requested);
        }
        let wakes = |zone| !rules.call_hours.contains(zone, now);
        if intervention.channel == Channel::Call && zone.is_none_or(wakes) {
            return Freshness::NotNow;
        }
        let age = elapsed(intervention.created_at, now);
        if age < self.inner.settings.invitations.fresh_for() {
            return Freshness::Fresh;
        }
        let tenant = &intervention.tenant;
        let asked = self.inner.clients.session_now(tenant, intervention.session);
        match asked.await {
            Ok(session) => match overtaken_by(intervention, session.as_ref(), rules) {
                Some(reason) => Freshness::Over(reason),
                None => Freshness::Fresh,
            },
            Err(error) => {
                tracing::warn!(%error, intervention = %intervention.id, "freshness is not known, nothing is sent");
                Freshness::NotNow
            }
        }
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

/// Why an intervention that no agent has holds no more, by what its session looks like now.
fn overtaken_by(
    intervention: &Intervention,
    session: Option<&SessionNow>,
    rules: &Rules,
) -> Option<CancelReason> {
    // A session that nobody knows was erased.
    let Some(session) = session else {
        return Some(CancelReason::Requested);
    };
    let after_order = intervention.phase == RiskPhase::PostClickAnxiety;
    if session.ordered && !after_order {
        return Some(CancelReason::Ordered);
    }
    let allowed = |purpose| session.consents.allows(intervention.channel, purpose);
    // Whoever agreed to be helped is also helped after the order.
    let updates = after_order && allowed(Purpose::OrderUpdates);
    if !updates && !allowed(Purpose::ProactiveHelp) {
        return Some(CancelReason::Requested);
    }
    if !intervention.state.is_waiting() {
        return None;
    }
    let cart_changed = session.cart.version() != intervention.cart_version;
    let page_changed = rules.page_change == PageChange::Stale && session.page != intervention.page;
    (cart_changed || page_changed).then_some(CancelReason::Stale)
}

#[cfg(test)]
mod tests;
