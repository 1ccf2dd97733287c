//! What a moment does to the open interventions of its session, and how an intervention is ended.

use domain::experiment::Arm;
use domain::fact::{CancelReason, FactBody};
use domain::id::TenantId;
use domain::moment::Moment;
use domain::time::{Timestamp, earlier};
use storage::Tx;

use super::Service;
use super::record::{count, persons};
use crate::decide::{Overtaken, overtaken};
use crate::error::RoutingError;
use crate::intervention::Intervention;
use crate::{cases, facts};

impl Service {
    /// Ends what the moment makes untrue, and tells whoever handles the rest what is new.
    pub(super) async fn overtake(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        moment: &Moment,
        now: Timestamp,
    ) -> Result<(), RoutingError> {
        let store = &self.inner.store;
        let rules = self.inner.settings.rules(tenant);
        let known = store
            .interventions_of_session(tx, tenant, moment.session)
            .await?;
        for seen in known.into_iter().filter(|seen| seen.state.is_open()) {
            // Read again under its lock: an agent or the shopper may have moved it meanwhile.
            let Some(open) = store.intervention_for_update(tx, tenant, seen.id).await? else {
                continue;
            };
            match overtaken(&open, moment, rules) {
                Overtaken::Ends(reason) => {
                    self.end(tx, open, reason, now).await?;
                }
                Overtaken::Holds | Overtaken::Goes
                    if self.is_for_another(tx, &open, moment, now).await? =>
                {
                    self.end(tx, open, CancelReason::Stale, now).await?;
                }
                Overtaken::Holds => {}
                Overtaken::Goes => self.go_on(tx, open, moment, now).await?,
            }
        }
        Ok(())
    }

    /// Whether a shopper whom nobody helps yet turns out to be somebody who is not to be contacted: who is held out, is left
    /// alone, or has had enough of us under another name than the one that was decided on.
    async fn is_for_another(
        &self,
        tx: &Tx,
        open: &Intervention,
        moment: &Moment,
        now: Timestamp,
    ) -> Result<bool, RoutingError> {
        let (tenant, names) = (&open.tenant, persons(moment));
        let decided_on = open.names();
        let nobody_waits = open.state.is_waiting() || open.is_call_to_make();
        if !nobody_waits || names.iter().all(|name| decided_on.contains(name)) {
            return Ok(false);
        }
        let store = &self.inner.store;
        let rules = self.inner.settings.rules(tenant);
        let since = earlier(now, rules.contact_window);
        let mut contacts = store.contacts_since(tx, tenant, &names, since).await?;
        contacts.remove(&open.id);
        let arm = store.arm_of(tx, tenant, &rules.experiment, &names).await?;
        let quiet_until = store.quiet_until(tx, tenant, &names).await?;
        Ok(arm == Some(Arm::Holdout)
            || quiet_until.is_some_and(|until| now < until)
            || count(&contacts) >= rules.contact_cap)
    }

    /// Ends an intervention before help started: withdraws what was shown, takes back what was queued.
    pub(super) async fn end(
        &self,
        tx: &Tx,
        open: Intervention,
        reason: CancelReason,
        now: Timestamp,
    ) -> Result<Intervention, RoutingError> {
        let ended = open.cancelled(reason, now)?;
        self.inner.store.save_intervention(tx, &ended).await?;
        let told = vec![FactBody::InterventionCancelled { reason }];
        facts::record(tx, &*self.inner.ids, &ended, told, now).await?;
        self.end_contact(tx, &ended, now).await?;
        Ok(ended)
    }

    async fn go_on(
        &self,
        tx: &Tx,
        live: Intervention,
        moment: &Moment,
        now: Timestamp,
    ) -> Result<(), RoutingError> {
        // INVARIANT: a case never goes back to an older cart, in whatever order moments come.
        if moment.cart.version() <= live.case_cart_version {
            return self.session_changed(tx, &live, moment).await;
        }
        let told = cases::record(tx, &*self.inner.ids, live, &moment.cart, now).await?;
        self.inner.store.save_intervention(tx, &told).await?;
        self.session_changed(tx, &told, moment).await
    }
}
