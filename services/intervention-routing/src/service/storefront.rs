//! The stream of a storefront: it is told what the store says, and showing is what makes an invitation shown.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use domain::fact::FactBody;
use domain::id::{InvitationId, SessionId, TenantId};
use domain::time::Timestamp;
use futures::FutureExt;
use platform::stream::HEARTBEAT;
use storage::Tx;
use tracing::Instrument;

use super::freshness::Freshness;
use super::{Service, trace};
use crate::error::RoutingError;
use crate::facts;
use crate::hub::SessionWatch;
use crate::intervention::{Intervention, State};
use crate::invitation::{Invitation, InvitationState};
use crate::store::Guard;

/// An invitation that could not be shown, for lack of a free agent or of an answer, is looked at again after this.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// One thing to tell a storefront.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ShopperNews {
    /// Show this.
    Show(Box<Invitation>),
    /// Show it no longer.
    Withdrawn(InvitationId),
    /// The agent is there.
    AgentJoined(InvitationId),
    /// The contact is over: ask the question.
    SurveyRequested(InvitationId),
}

/// A storefront that watches its session.
pub(crate) struct Watching {
    service: Service,
    tenant: TenantId,
    session: SessionId,
    watch: SessionWatch,
    /// What was told of each invitation, by its version.
    told: BTreeMap<InvitationId, u64>,
    again: Duration,
}

impl Service {
    /// Opens the stream of a session.
    pub(crate) fn watch_invitations(
        &self,
        tenant: &TenantId,
        session: SessionId,
    ) -> Result<Watching, RoutingError> {
        let watch = self.inner.hub.watch(tenant, session);
        let watch = watch.map_err(|_| RoutingError::Exhausted {
            what: "streams for invitations",
        })?;
        Ok(Watching {
            service: self.clone(),
            tenant: tenant.clone(),
            session,
            watch,
            told: BTreeMap::new(),
            again: HEARTBEAT,
        })
    }

    /// Makes an invitation shown, when all that it rests on still holds. `None` when it is not shown now, or never.
    async fn show(&self, waiting: &Invitation) -> Result<Option<Invitation>, RoutingError> {
        let store = &self.inner.store;
        let Invitation {
            tenant,
            intervention,
            ..
        } = waiting;
        let read = store.database.read();
        let Some(intervention) = store.intervention(read, tenant, *intervention).await? else {
            return Ok(None);
        };
        let zone = waiting.brief.zone.as_ref();
        match self.freshness(&intervention, zone).await {
            Freshness::Fresh => {}
            Freshness::NotNow => return Ok(None),
            Freshness::Over(reason) => {
                self.end_stale(tenant, intervention.id, reason).await?;
                return Ok(None);
            }
        }
        let now = self.inner.clock.now();
        let (service, waiting) = (self.clone(), Arc::new(waiting.clone()));
        let shown = store.database.write(move |tx| {
            let (service, waiting) = (service.clone(), Arc::clone(&waiting));
            async move { service.show_in(tx, &waiting, now).await }.boxed()
        });
        match shown.await {
            // Another stream of the session was faster, or the decision fell.
            Err(RoutingError::Unsettled) => Ok(None),
            shown => shown,
        }
    }

    async fn show_in(
        &self,
        tx: &Tx,
        seen: &Invitation,
        now: Timestamp,
    ) -> Result<Option<Invitation>, RoutingError> {
        let store = &self.inner.store;
        if seen.queue.is_some() {
            // INVARIANT: those who promise agents take turns.
            store
                .guard(tx, &seen.tenant, &[Guard::Promises], now)
                .await?;
        }
        let intervention = self.locked(tx, &seen.tenant, seen.intervention).await?;
        let invitation = store.invitation(tx, &seen.tenant, seen.id).await?;
        let Some(invitation) = invitation.filter(|it| it.state == InvitationState::Waiting) else {
            return Ok(None);
        };
        let showable = intervention.state == State::Scheduled && now < invitation.expires_at;
        if !showable || !self.can_be_answered(tx, &invitation).await? {
            return Ok(None);
        }
        let step = trace::step("routing.show_invitation", &intervention);
        let shown = self.shown(tx, intervention, invitation, now);
        shown.instrument(step).await.map(Some)
    }

    /// Whether an agent is free beyond those whom others have been promised.
    async fn can_be_answered(
        &self,
        tx: &Tx,
        invitation: &Invitation,
    ) -> Result<bool, RoutingError> {
        let Some(need) = invitation.need() else {
            return Ok(true);
        };
        let tenant = &invitation.tenant;
        let shown = [InvitationState::Shown];
        let promises = self.inner.store.promises(tx, tenant, &shown).await?;
        Ok(self.inner.desks.places(tenant, &need, &promises).are_left())
    }

    async fn shown(
        &self,
        tx: &Tx,
        intervention: Intervention,
        invitation: Invitation,
        now: Timestamp,
    ) -> Result<Invitation, RoutingError> {
        let store = &self.inner.store;
        let intervention = intervention.shown(now)?;
        store.save_intervention(tx, &intervention).await?;
        store.record_contact(tx, &intervention, now).await?;
        let told = vec![FactBody::InvitationShown];
        facts::record(tx, &*self.inner.ids, &intervention, told, now).await?;
        self.save_invitation(tx, invitation.shown(now)?).await
    }
}

impl Watching {
    /// What the storefront has not been told yet: at first all that is open, then what is new.
    pub(crate) async fn look(&mut self) -> Result<Vec<ShopperNews>, RoutingError> {
        self.again = HEARTBEAT;
        let told: BTreeSet<InvitationId> = self.told.keys().copied().collect();
        let store = &self.service.inner.store;
        let known = store
            .invitations_to_tell(&self.tenant, self.session, &told)
            .await?;
        let mut news = Vec::new();
        for invitation in known {
            let known = if invitation.state == InvitationState::Waiting {
                self.service.show(&invitation).await?
            } else {
                Some(invitation)
            };
            let Some(invitation) = known else {
                self.again = TRY_AGAIN;
                continue;
            };
            if self.told.insert(invitation.id, invitation.version) != Some(invitation.version) {
                news.extend(self.told_of(invitation));
            }
        }
        Ok(news)
    }

    /// Waits until there may be something to tell.
    pub(crate) async fn wait(&mut self) {
        tokio::select! {
            () = self.watch.stirred() => {}
            // What another replica did is not stirred here.
            () = tokio::time::sleep(self.again) => {}
        }
    }

    fn told_of(&mut self, invitation: Invitation) -> Option<ShopperNews> {
        let id = invitation.id;
        match invitation.state {
            InvitationState::Waiting | InvitationState::Accepted => None,
            InvitationState::Shown => Some(ShopperNews::Show(Box::new(invitation))),
            InvitationState::Joined => Some(ShopperNews::AgentJoined(id)),
            InvitationState::Asked => Some(ShopperNews::SurveyRequested(id)),
            InvitationState::Answered | InvitationState::Declined => {
                self.told.remove(&id);
                None
            }
            InvitationState::Ignored | InvitationState::Withdrawn | InvitationState::Unanswered => {
                self.told.remove(&id);
                Some(ShopperNews::Withdrawn(id))
            }
        }
    }
}
