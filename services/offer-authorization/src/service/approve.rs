//! Approval: an agent asks, a supervisor answers while the shopper waits.

use domain::fact::FactBody;
use domain::id::OfferId;
use domain::offer::OfferRefusal;
use domain::time::later;
use futures::FutureExt;
use serde::{Deserialize, Serialize};
use storage::RequestKey;
use tracing::Instrument;

use super::authorize::{Proposal, Refusal, no_room, open_hold, refusals_of_case, situation};
use super::{Actor, Service, Unit, grounds};
use crate::authority::{Judgement, Question, judge};
use crate::case::Case;
use crate::error::OfferError;
use crate::ledger::Draw;
use crate::offer::{Hold, Offer};
use crate::programme::Programme;
use crate::store::{cases, offers};

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
        let span = self
            .span_of_offer("offers.request_approval", &key.tenant, offer)
            .await?;
        self.once(key, (actor, offer), |unit, (actor, offer)| {
            async move {
                let offer = unit.own_offer(offer, &actor).await?;
                let until = later(unit.now, unit.service.settings().approval_timeout);
                let offer = offer.ask_approval(unit.now, until)?;
                unit.save(&offer).await?;
                Ok(offer)
            }
            .boxed()
        })
        .instrument(span)
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
        let span = self
            .span_of_offer("offers.approve", &key.tenant, offer)
            .await?;
        self.once(key, (actor, offer), |unit, (actor, offer)| {
            async move { approve(&unit, &actor, offer).await }.boxed()
        })
        .instrument(span)
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
        let span = self
            .span_of_offer("offers.deny", &key.tenant, offer)
            .await?;
        self.once(key, (actor, offer), |unit, (actor, offer)| {
            async move {
                let offer = unit.offer(offer, &actor).await?.deny(unit.now)?;
                unit.save(&offer).await?;
                let reasons = vec![OfferRefusal::NeedsApproval];
                unit.tell(&offer.terms, FactBody::OfferRefused { reasons })
                    .await?;
                Ok(offer)
            }
            .boxed()
        })
        .instrument(span)
        .await
    }
}

async fn approve(unit: &Unit<'_>, actor: &Actor, offer: OfferId) -> Result<Approval, OfferError> {
    let offer = unit.offer(offer, actor).await?;
    offer.require_pending(unit.now)?;
    let terms = &offer.terms;
    let case = cases::lock(unit.tx, &unit.tenant, terms.intervention).await?;
    let case = case.ok_or(OfferError::CaseUnknown)?;
    let programme = grounds::programme(unit.tx, &unit.tenant, &terms.programme).await?;
    let programme = programme.ok_or(OfferError::ProgrammeUnknown)?;
    let policy = unit.policy().await?;
    let grantor = actor.grantor(&terms.agent.partner);
    let currency = case.cart.currency();
    let granted =
        offers::cost_of_intervention(unit.tx, &unit.tenant, case.intervention, currency).await?;
    let situation = situation(unit, &case);
    let proposal = Proposal {
        case: &case,
        question: Question {
            grantor: &grantor,
            remedy: terms.remedy,
            cause: case.cause,
            cart: &case.cart,
            amount: terms.amount,
            granted,
            now: unit.now,
        },
        policy: &policy,
        agent: &terms.agent,
        purses: grounds::purses_of(unit.tx, situation, &terms.agent).await?,
    };
    let room = proposal.purses.room;
    let candidates = grounds::candidates(unit.tx, situation, vec![programme.clone()]).await?;
    let candidate = candidates
        .first()
        .ok_or(OfferError::ProgrammeUnknown)?
        .with_purse(room);
    let judgement = judge(&policy, proposal.question, &candidate).and(of_case(&case, &offer));
    if judgement.passes() {
        hold(unit, actor, &offer, (&proposal, &programme, &judgement)).await
    } else {
        refuse(unit, &proposal, &judgement, &offer).await
    }
}

async fn hold(
    unit: &Unit<'_>,
    actor: &Actor,
    offer: &Offer,
    (proposal, programme, judgement): (&Proposal<'_>, &Programme, &Judgement),
) -> Result<Approval, OfferError> {
    let hold = Hold {
        approved_by: Some(actor.signature()?),
        ..open_hold(unit.now, programme, judgement)
    };
    let draw = Draw::of(&offer.terms, &hold);
    if let Err(full) = unit.hold(&draw, proposal.purses.caps(programme)).await? {
        return refuse(unit, proposal, &no_room(&full), offer).await;
    }
    let offer = offer.clone().approve(unit.now, hold)?;
    unit.save(&offer).await?;
    proposal.note_granted(unit, &offer, judgement).await?;
    Ok(Approval::Granted(Box::new(offer)))
}

/// An agent who has left the case, or a cart that changed while the supervisor thought.
fn of_case(case: &Case, offer: &Offer) -> Vec<OfferRefusal> {
    refusals_of_case(case, &offer.terms.agent, offer.terms.cart_version)
}

async fn refuse(
    unit: &Unit<'_>,
    proposal: &Proposal<'_>,
    judgement: &Judgement,
    offer: &Offer,
) -> Result<Approval, OfferError> {
    proposal.note_refused(unit, judgement, Some(offer)).await?;
    Ok(Approval::Refused(Refusal::from(judgement)))
}
