//! The shopper's side: what is shown, and what the shopper answers.

use domain::fact::{FactBody, InvitationAnswer, SurveyScore};
use domain::id::{InvitationId, SessionId, TenantId};
use domain::time::{Timestamp, later};
use futures::FutureExt;
use storage::{RequestKey, Tx};
use tracing::Instrument;

use super::rows::NO_INVITATION;
use super::{Service, trace};
use crate::error::RoutingError;
use crate::facts;
use crate::intervention::Intervention;
use crate::invitation::Invitation;
use crate::task::Wait;

const A_NOTICE: RoutingError = RoutingError::IllegalState {
    why: "a notice needs no answer",
};

/// Which invitation a storefront answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OwnInvitation {
    /// The session of the token.
    pub(crate) session: SessionId,
    pub(crate) id: InvitationId,
}

/// What a shopper says to an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    /// A task waits for an agent.
    Yes,
    /// The person is left alone.
    No,
}

impl Reply {
    /// The step in traces.
    const fn name(self) -> &'static str {
        match self {
            Self::Yes => "routing.accept_invitation",
            Self::No => "routing.decline_invitation",
        }
    }
}

impl Service {
    /// The shopper answers an invitation. Gives the time by which an agent will have come, or until which nothing is
    /// shown.
    pub(crate) async fn answer_invitation(
        &self,
        key: RequestKey,
        own: OwnInvitation,
        reply: Reply,
    ) -> Result<Timestamp, RoutingError> {
        let now = self.inner.clock.now();
        let (service, tenant) = (self.clone(), key.tenant.clone());
        let answered = self.inner.store.database.write_once(key, now, move |tx| {
            let (service, tenant) = (service.clone(), tenant.clone());
            async move {
                let (intervention, invitation) = service.own_invitation(tx, &tenant, own).await?;
                let step = trace::step(reply.name(), &intervention);
                let said = match reply {
                    Reply::Yes => service.say_yes(tx, intervention, invitation, now).boxed(),
                    Reply::No => service.say_no(tx, intervention, invitation, now).boxed(),
                };
                said.instrument(step).await
            }
            .boxed()
        });
        answered.await
    }

    /// The shopper answers the question after a contact.
    pub(crate) async fn answer_survey(
        &self,
        key: RequestKey,
        own: OwnInvitation,
        score: SurveyScore,
    ) -> Result<(), RoutingError> {
        let now = self.inner.clock.now();
        let (service, tenant) = (self.clone(), key.tenant.clone());
        let answered = self.inner.store.database.write_once(key, now, move |tx| {
            let (service, tenant) = (service.clone(), tenant.clone());
            async move {
                let (intervention, invitation) = service.own_invitation(tx, &tenant, own).await?;
                let step = trace::step("routing.answer_survey", &intervention);
                let invitation = invitation.answered(score, now)?;
                let told = vec![FactBody::SurveyAnswered { score }];
                async {
                    service.save_invitation(tx, invitation).await?;
                    facts::record(tx, &*service.inner.ids, &intervention, told, now).await?;
                    Ok(())
                }
                .instrument(step)
                .await
            }
            .boxed()
        });
        answered.await
    }

    /// The invitation with its intervention, locked. One of another session is not there.
    async fn own_invitation(
        &self,
        tx: &Tx,
        tenant: &TenantId,
        own: OwnInvitation,
    ) -> Result<(Intervention, Invitation), RoutingError> {
        let store = &self.inner.store;
        let theirs = |invitation: &Invitation| invitation.session == own.session;
        let seen = store.invitation(tx, tenant, own.id).await?.filter(theirs);
        let seen = seen.ok_or(NO_INVITATION)?;
        let intervention = self.locked(tx, tenant, seen.intervention).await?;
        let invitation = store.invitation(tx, tenant, own.id).await?;
        Ok((intervention, invitation.ok_or(NO_INVITATION)?))
    }

    async fn say_yes(
        &self,
        tx: &Tx,
        intervention: Intervention,
        invitation: Invitation,
        now: Timestamp,
    ) -> Result<Timestamp, RoutingError> {
        let invitation = invitation.accepted(now)?;
        let queue = invitation.queue.clone().ok_or(A_NOTICE)?;
        let wait = Wait::of(now, self.inner.settings.invitations.answer_within());
        let accepted = intervention.accepted(now)?;
        let work = (queue, invitation.brief.clone());
        let (accepted, task) = self.queue_task(tx, accepted, work, wait).await?;
        self.inner.store.save_intervention(tx, &accepted).await?;
        self.save_invitation(tx, invitation).await?;
        self.record_answer(tx, &accepted, InvitationAnswer::Accepted, now)
            .await?;
        Ok(task.expires_at)
    }

    async fn say_no(
        &self,
        tx: &Tx,
        intervention: Intervention,
        invitation: Invitation,
        now: Timestamp,
    ) -> Result<Timestamp, RoutingError> {
        let store = &self.inner.store;
        let invitation = invitation.declined(now)?;
        let declined = intervention.declined(now)?;
        store.save_intervention(tx, &declined).await?;
        self.save_invitation(tx, invitation).await?;
        let quiet_until = later(now, self.inner.settings.invitations.cool_down());
        store
            .cool_down(tx, &declined.tenant, &declined.names(), quiet_until)
            .await?;
        self.record_answer(tx, &declined, InvitationAnswer::Declined, now)
            .await?;
        Ok(quiet_until)
    }

    pub(super) async fn record_answer(
        &self,
        tx: &Tx,
        intervention: &Intervention,
        answer: InvitationAnswer,
        now: Timestamp,
    ) -> Result<(), RoutingError> {
        let told = vec![FactBody::InvitationAnswered { answer }];
        facts::record(tx, &*self.inner.ids, intervention, told, now).await?;
        Ok(())
    }
}
