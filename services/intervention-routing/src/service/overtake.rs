//! What a moment does to the open interventions of its session, and how an intervention is ended.

use domain::fact::{CancelReason, FactBody};
use domain::id::TenantId;
use domain::moment::Moment;
use domain::time::Timestamp;
use storage::Tx;

use super::Service;
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
                Overtaken::Holds => {}
                Overtaken::Ends(reason) => {
                    self.end(tx, open, reason, now).await?;
                }
                Overtaken::Goes => self.go_on(tx, open, moment, now).await?,
            }
        }
        Ok(())
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
        if live.case_cart_version == moment.cart.version() {
            return self.session_changed(tx, &live, moment).await;
        }
        let told = cases::record(tx, &*self.inner.ids, live, &moment.cart, now).await?;
        self.inner.store.save_intervention(tx, &told).await?;
        self.session_changed(tx, &told, moment).await
    }
}
