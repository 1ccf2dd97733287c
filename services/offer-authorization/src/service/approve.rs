//! Approval: an agent asks, a supervisor answers while the shopper waits.

use domain::fact::FactBody;
use domain::id::{AgentId, OfferId};
use domain::offer::OfferRefusal;
use domain::time::later;
use futures::FutureExt;
use proto::field::InvalidField;
use serde::{Deserialize, Serialize};
use storage::RequestKey;
use tracing::Instrument;

use super::deeds::{Deed, Deeds};
use super::grounds::Grounds;
use super::proposal::{Authority, Proposal, Wish, grantor, held, open_hold};
use super::{Actor, Refusal, Service, Unit, facts, spans};
use crate::audit::AuditKind;
use crate::authority::{BOTH, Candidate, Grantor, Judgement};
use crate::case::CaseAgent;
use crate::decision::Outcome;
use crate::error::OfferError;
use crate::ledger::Draw;
use crate::offer::{Approver, Hold, Offer};
use crate::store::{cases, programmes};

/// What became of an approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Approval {
    /// Approved and held.
    Granted(Box<Offer>),
    /// Approved by one of the two who have to.
    FirstApproved(Box<Offer>),
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

    /// Approves an offer within the authority of whoever approves, and opens its hold, or keeps the approval for the one that
    /// it takes beside it.
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
    let (tx, tenant, terms) = (unit.tx, &unit.tenant, &offer.terms);
    let case = cases::lock(tx, tenant, terms.intervention).await?;
    let case = case.ok_or(OfferError::CaseUnknown)?;
    let programme = programmes::find(tx, tenant, &terms.programme).await?;
    let programme = programme.ok_or(OfferError::ProgrammeUnknown)?;
    let rules = unit.rules().await?;
    let policy = unit.policy(&rules).await?;
    let approver = actor.approver();
    let grantor = grantor(&approver, &terms.agent);
    rules
        .meet(tx, tenant, &people(&grantor, &terms.agent))
        .await?;
    let wish = Wish {
        case: &case,
        policy: &policy,
        rules: &rules,
        grantor: &grantor,
        agent: &terms.agent,
        remedy: terms.remedy,
        amount: terms.amount,
        cart_version: terms.cart_version,
    };
    let situation = wish.situation(unit);
    let grounds = Grounds::read(tx, &[situation]).await?;
    let proposal = Proposal::of(unit, wish, &grounds)?;
    let approval = Approving {
        unit,
        offer,
        approver: &approver,
        candidate: grounds.candidate(situation, &programme),
    };
    if approver == Approver::Supervisor(terms.agent.clone()) {
        return approval.bar(&proposal, OfferRefusal::OwnRequest).await;
    }
    match first_approval(unit, &proposal, offer).await? {
        Some((first, _)) if *first == approver => {
            approval.bar(&proposal, OfferRefusal::SameApprover).await
        }
        Some((first, authority)) => {
            let second = proposal.with_approvals(BOTH);
            approval.second(&second, first, authority).await
        }
        None => approval.first(&proposal.with_approvals(1)).await,
    }
}

/// Whoever asked, and whoever would grant it.
fn people(grantor: &Grantor, agent: &CaseAgent) -> Vec<CaseAgent> {
    match grantor {
        Grantor::Person(_, who) => vec![agent.clone(), who.clone()],
        Grantor::AnySupervisor(_) | Grantor::Shop(_) => vec![agent.clone()],
    }
}

/// Who approved it first, by which authority. One who might not approve it any more has not.
async fn first_approval<'o>(
    unit: &Unit<'_>,
    proposal: &Proposal<'_>,
    offer: &'o Offer,
) -> Result<Option<(&'o Approver, Authority)>, OfferError> {
    let Some(first) = offer.state.first_approved_by() else {
        return Ok(None);
    };
    let authority = proposal.authority_of(unit, first).await?;
    Ok(authority.map(|authority| (first, authority)))
}

/// An approval of an offer on its programme.
struct Approving<'a> {
    unit: &'a Unit<'a>,
    offer: &'a Offer,
    approver: &'a Approver,
    /// The programme with its room.
    candidate: Candidate,
}

impl Approving<'_> {
    /// Nobody has approved it yet: whoever may alone opens the hold, and whoever may with another is the first.
    async fn first(&self, proposal: &Proposal<'_>) -> Result<Approval, OfferError> {
        let judgement = self.judge(proposal);
        if judgement.passes() {
            return self.hold(proposal, &judgement, None).await;
        }
        let needs_another = judgement.others.is_empty()
            && proposal
                .authority_of(self.unit, self.approver)
                .await?
                .is_some();
        if !needs_another {
            return self.refuse(proposal, &judgement).await;
        }
        let by = self.approver.clone();
        let approved = self.offer.clone().approve_first(self.unit.now, by)?;
        self.unit.save(&approved).await?;
        let outcome = Outcome::FirstApproved;
        self.write(proposal.record(self.unit, outcome, &judgement, Some(&approved))?)
            .await?;
        Ok(Approval::FirstApproved(Box::new(approved)))
    }

    /// Somebody else has approved it, whose authority counts as this one's does.
    async fn second(
        &self,
        proposal: &Proposal<'_>,
        first: &Approver,
        authority: Authority,
    ) -> Result<Approval, OfferError> {
        let judgement = self.judge(proposal).ending_by(authority.until);
        if judgement.passes() {
            self.hold(proposal, &judgement, Some(first.clone())).await
        } else {
            self.refuse(proposal, &judgement).await
        }
    }

    fn judge(&self, proposal: &Proposal<'_>) -> Judgement {
        let (_, judgement) = proposal.judge_on(self.unit, vec![self.candidate.clone()]);
        judgement
    }

    async fn hold(
        &self,
        proposal: &Proposal<'_>,
        judgement: &Judgement,
        first_approved_by: Option<Approver>,
    ) -> Result<Approval, OfferError> {
        let (unit, programme) = (self.unit, &self.candidate.programme);
        let hold = Hold {
            approved_by: Some(signature(self.approver)?),
            first_approved_by,
            ..open_hold(unit, proposal.policy(), programme, judgement)
        };
        let draw = Draw::of(&self.offer.terms, &hold);
        if let Err(no_room) = proposal.claim(unit, &draw, programme).await? {
            return self.refuse(proposal, &no_room).await;
        }
        let approved = self.offer.clone().approve(unit.now, hold)?;
        unit.save(&approved).await?;
        let told = facts::message(unit, facts::Subject::of(&approved.terms), held(&approved));
        self.write(Deed {
            told: Some(told),
            ..proposal.record(unit, Outcome::Granted, judgement, Some(&approved))?
        })
        .await?;
        Ok(Approval::Granted(Box::new(approved)))
    }

    async fn bar(
        &self,
        proposal: &Proposal<'_>,
        reason: OfferRefusal,
    ) -> Result<Approval, OfferError> {
        let judgement = Judgement::refusing(reason);
        self.refuse(proposal, &judgement).await
    }

    async fn refuse(
        &self,
        proposal: &Proposal<'_>,
        judgement: &Judgement,
    ) -> Result<Approval, OfferError> {
        self.write(proposal.refusal(self.unit, judgement, Some(self.offer))?)
            .await?;
        Ok(Approval::Refused(Refusal::from(judgement)))
    }

    /// Writes what was decided. The offer was there before, and what it claims is claimed.
    async fn write(&self, deed: Deed) -> Result<(), OfferError> {
        let mut deeds = Deeds::default();
        deeds.add(deed);
        deeds.write(self.unit.tx, self.unit.now).await
    }
}

/// # Errors
/// Never: a supervisor's name is one, and so is the shop's.
fn signature(approver: &Approver) -> Result<AgentId, OfferError> {
    AgentId::parse(approver.signature())
        .map_err(InvalidField::at("approved_by"))
        .map_err(Into::into)
}
