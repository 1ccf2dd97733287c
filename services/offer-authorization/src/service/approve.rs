//! Approval: an agent asks, a supervisor answers while the shopper waits.

use domain::fact::FactBody;
use domain::id::OfferId;
use domain::offer::OfferRefusal;
use domain::time::later;
use futures::FutureExt;
use serde::{Deserialize, Serialize};
use storage::RequestKey;
use tracing::Instrument;

use super::proposal::{Proposal, Wish, open_hold};
use super::{Actor, Refusal, Service, Unit, spans};
use crate::audit::AuditKind;
use crate::error::OfferError;
use crate::ledger::Draw;
use crate::offer::{Hold, Offer};
use crate::store::{cases, programmes};

/// What became of an approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Approval {
    /// Approved and held.
    Granted(Box<Offer>),
    /// The supervisor may not, or the money is gone. The offer still waits, for somebody who may.
    Refused(Refusal),
}

impl Service {
    /// Asks the supervisors of the partner.
    ///
    /// # Errors
    /// There is no such offer of this agent, or it does not need approval.
    pub(crate) async fn request_approval(
        &self,
        key: RequestKey,
        actor: Actor,
        offer: OfferId,
    ) -> Result<Offer, OfferError> {
        self.once(key, (actor, offer), |unit, (actor, offer)| {
            async move {
                let offer = unit.own_offer(offer, &actor).await?;
                let span = spans::of_offer("offers.request_approval", &unit.tenant, &offer);
                request_approval(&unit, &actor, offer)
                    .instrument(span)
                    .await
            }
            .boxed()
        })
        .await
    }

    /// Approves an offer within the authority of whoever approves, and opens its hold.
    ///
    /// # Errors
    /// There is no such offer of this partner, or no approval is pending.
    pub(crate) async fn approve(
        &self,
        key: RequestKey,
        actor: Actor,
        offer: OfferId,
    ) -> Result<Approval, OfferError> {
        self.once(key, (actor, offer), |unit, (actor, offer)| {
            async move {
                let offer = unit.offer(offer, &actor).await?;
                let span = spans::of_offer("offers.approve", &unit.tenant, &offer);
                approve(&unit, &actor, &offer).instrument(span).await
            }
            .boxed()
        })
        .await
    }

    /// Denies an offer.
    ///
    /// # Errors
    /// There is no such offer of this partner, or no approval is pending.
    pub(crate) async fn deny(
        &self,
        key: RequestKey,
        actor: Actor,
        offer: OfferId,
    ) -> Result<Offer, OfferError> {
        self.once(key, (actor, offer), |unit, (actor, offer)| {
            async move {
                let offer = unit.offer(offer, &actor).await?;
                let span = spans::of_offer("offers.deny", &unit.tenant, &offer);
                deny(&unit, &actor, offer).instrument(span).await
            }
            .boxed()
        })
        .await
    }
}

async fn request_approval(
    unit: &Unit<'_>,
    actor: &Actor,
    offer: Offer,
) -> Result<Offer, OfferError> {
    let until = later(unit.now, unit.service.settings().approval_timeout);
    let offer = offer.ask_approval(unit.now, until)?;
    unit.save(&offer).await?;
    unit.audit_offer(AuditKind::ApprovalRequested, &offer, Some(actor))
        .await?;
    Ok(offer)
}

async fn deny(unit: &Unit<'_>, actor: &Actor, offer: Offer) -> Result<Offer, OfferError> {
    let offer = offer.deny(unit.now)?;
    unit.save(&offer).await?;
    let reasons = vec![OfferRefusal::NeedsApproval];
    let body = FactBody::OfferRefused { reasons };
    unit.conclude(AuditKind::Denied, &offer, Some(actor), body)
        .await?;
    Ok(offer)
}

async fn approve(unit: &Unit<'_>, actor: &Actor, offer: &Offer) -> Result<Approval, OfferError> {
    offer.require_pending(unit.now)?;
    let terms = &offer.terms;
    let case = cases::lock(unit.tx, &unit.tenant, terms.intervention).await?;
    let case = case.ok_or(OfferError::CaseUnknown)?;
    let programme = programmes::find(unit.tx, &unit.tenant, &terms.programme).await?;
    let programme = programme.ok_or(OfferError::ProgrammeUnknown)?;
    let policy = unit.policy().await?;
    let wish = Wish {
        case: &case,
        policy: &policy,
        grantor: &actor.grantor(&terms.agent.partner),
        agent: &terms.agent,
        remedy: terms.remedy,
        amount: terms.amount,
        cart_version: terms.cart_version,
    };
    let proposal = Proposal::of(unit, wish).await?;
    let (_, judgement) = proposal.judge_on(unit, vec![programme.clone()]).await?;
    if !judgement.passes() {
        let refusal = proposal.refuse(unit, &judgement, Some(offer)).await?;
        return Ok(Approval::Refused(refusal));
    }
    let hold = Hold {
        approved_by: Some(actor.signature()?),
        ..open_hold(unit, &policy, &programme, &judgement)
    };
    let draw = Draw::of(terms, &hold);
    if let Err(no_room) = proposal.claim(unit, &draw, &programme).await? {
        let refusal = proposal.refuse(unit, &no_room, Some(offer)).await?;
        return Ok(Approval::Refused(refusal));
    }
    let approved = offer.clone().approve(unit.now, hold)?;
    unit.save(&approved).await?;
    proposal.note_granted(unit, &approved, &judgement).await?;
    Ok(Approval::Granted(Box::new(approved)))
}
