//! An offer that is being decided on, by the agent who asks or by the supervisor who approves: judged on the same grounds,
//! and written down the same way.

use domain::fact::FactBody;
use domain::money::Money;
use domain::offer::OfferRefusal;
use domain::remedy::RemedyKind;
use domain::time::later;

use super::grounds::{self, Purses, Situation};
use super::{Refusal, Unit, facts, spans};
use crate::authority::{Candidate, Grantor, Judgement, Policy, Question, first, judge};
use crate::case::{Case, CaseAgent};
use crate::day::Day;
use crate::decision::{Decision, Outcome};
use crate::error::OfferError;
use crate::ledger::{Draw, Scope};
use crate::offer::{Hold, Offer, Terms};
use crate::programme::Programme;
use crate::store::{decisions, offers};

/// What somebody wants to offer on a case.
#[derive(Clone, Copy)]
pub(super) struct Wish<'a> {
    pub(super) case: &'a Case,
    pub(super) policy: &'a Policy,
    /// By whose authority.
    pub(super) grantor: &'a Grantor,
    /// Who asks for it, and whose purses it draws on.
    pub(super) agent: &'a CaseAgent,
    pub(super) remedy: RemedyKind,
    pub(super) amount: Money,
    /// The cart that it is for.
    pub(super) cart_version: u64,
}

/// A wish, with what has been granted before on its case and what is left of its purses.
pub(super) struct Proposal<'a> {
    wish: Wish<'a>,
    question: Question<'a>,
    purses: Purses,
}

impl<'a> Proposal<'a> {
    pub(super) async fn of(unit: &Unit<'_>, wish: Wish<'a>) -> Result<Self, OfferError> {
        let (case, cart) = (wish.case, &wish.case.cart);
        let (intervention, currency) = (case.intervention, cart.currency());
        let granted =
            offers::cost_of_intervention(unit.tx, &unit.tenant, intervention, currency).await?;
        let purses = grounds::purses_of(unit.tx, situation(unit, case), wish.agent).await?;
        let question = Question {
            grantor: wish.grantor,
            remedy: wish.remedy,
            cause: case.cause,
            cart,
            amount: wish.amount,
            granted,
            now: unit.now,
        };
        Ok(Self {
            wish,
            question,
            purses,
        })
    }

    /// Judges it on these programmes: on the first one that would grant it, else on the one with the fewest reasons
    /// against it. Without a programme there is nothing to grant it from.
    pub(super) async fn judge_on(
        &self,
        unit: &Unit<'_>,
        programmes: Vec<Programme>,
    ) -> Result<(Option<Candidate>, Judgement), OfferError> {
        let Wish { case, policy, .. } = self.wish;
        let candidates = grounds::candidates(unit.tx, situation(unit, case), programmes).await?;
        let judged = candidates.iter().map(|candidate| {
            let candidate = candidate.with_purse(self.purses.room);
            let judgement = judge(policy, self.question, &candidate);
            (Some(candidate), judgement)
        });
        let nowhere = Judgement::refusing(OfferRefusal::RemedyNotAllowed);
        let (candidate, judgement) = first(judged).unwrap_or((None, nowhere));
        Ok((candidate, judgement.and(self.refusals_of_case())))
    }

    /// Whether some supervisor of the partner could grant it.
    pub(super) fn a_supervisor_may(&self, candidate: &Candidate) -> bool {
        let grantor = Grantor::AnySupervisor(self.wish.agent.partner.clone());
        let question = Question {
            grantor: &grantor,
            ..self.question
        };
        judge(self.wish.policy, question, candidate).passes()
    }

    /// What is offered, once it is asked for.
    pub(super) fn terms(&self, unit: &Unit<'_>, programme: &Programme) -> Terms {
        let Wish { case, policy, .. } = self.wish;
        Terms {
            id: unit.next(),
            intervention: case.intervention,
            session: case.session,
            person: case.person,
            remedy: self.wish.remedy,
            amount: self.wish.amount,
            programme: programme.id.clone(),
            agent: self.wish.agent.clone(),
            cart_version: case.cart.version(),
            policy_version: policy.version,
            created_at: unit.now,
            traceparent: spans::place_of_offer(case),
        }
    }

    /// Claims what the offer draws on. `Err` when somebody else took the room between the look and the claim, which is
    /// what counts: then nothing is claimed.
    pub(super) async fn claim(
        &self,
        unit: &Unit<'_>,
        draw: &Draw,
        programme: &Programme,
    ) -> Result<Result<(), Judgement>, OfferError> {
        let claimed = unit.hold(draw, self.purses.caps(programme)).await?;
        Ok(claimed.map_err(|full| no_room(&full)))
    }

    /// Stores and tells that it is granted.
    pub(super) async fn note_granted(
        &self,
        unit: &Unit<'_>,
        offer: &Offer,
        judgement: &Judgement,
    ) -> Result<(), OfferError> {
        self.note(unit, Outcome::Granted, judgement, Some(offer))
            .await?;
        let body = FactBody::OfferHeld {
            offer: offer.terms.id,
            remedy: offer.terms.remedy,
            amount: offer.terms.amount,
        };
        Ok(unit.tell(&offer.terms, body).await?)
    }

    /// Stores and tells a refusal, which is an answer like any other.
    pub(super) async fn refuse(
        &self,
        unit: &Unit<'_>,
        judgement: &Judgement,
        offer: Option<&Offer>,
    ) -> Result<Refusal, OfferError> {
        self.note(unit, Outcome::Refused, judgement, offer).await?;
        let reasons = judgement.reasons.clone();
        let subject = facts::Subject::of_case(self.wish.case, self.wish.agent);
        facts::tell(unit, subject, FactBody::OfferRefused { reasons }).await?;
        Ok(Refusal::from(judgement))
    }

    /// Stores what was decided, and all that another policy needs to decide again.
    pub(super) async fn note(
        &self,
        unit: &Unit<'_>,
        outcome: Outcome,
        judgement: &Judgement,
        offer: Option<&Offer>,
    ) -> Result<(), OfferError> {
        let Question {
            grantor,
            remedy,
            cause,
            cart,
            amount,
            granted,
            now,
        } = self.question;
        let decision = Decision {
            grantor: grantor.clone(),
            remedy,
            cause,
            cart_value: cart.value(),
            amount,
            granted,
            policy_version: self.wish.policy.version,
            outcome,
            reasons: judgement.reasons.clone(),
            others: judgement.others.clone(),
            decided_at: now,
        };
        let intervention = self.wish.case.intervention;
        let offer = offer.map(|offer| offer.terms.id);
        Ok(decisions::insert(unit.tx, &unit.tenant, &decision, intervention, offer).await?)
    }

    /// Who does not work on the case, and a cart that the shopper does not see any more.
    fn refusals_of_case(&self) -> Vec<OfferRefusal> {
        let Wish {
            case,
            agent,
            cart_version,
            ..
        } = self.wish;
        let mut refusals = Vec::new();
        if case.agent.as_ref() != Some(agent) {
            refusals.push(OfferRefusal::AgentNotAssigned);
        }
        if case.cart.version() != cart_version {
            refusals.push(OfferRefusal::CartChanged);
        }
        refusals
    }
}

/// The hold of an offer that is granted now. It never outlives the authority that it is granted under: that is how
/// authority is checked at redemption.
pub(super) fn open_hold(unit: &Unit<'_>, programme: &Programme, judgement: &Judgement) -> Hold {
    let end = later(unit.now, programme.hold_ttl);
    let authority_until = judgement.authority_until;
    Hold {
        until: authority_until.map_or(end, |until| until.min(end)),
        day: Day::of(unit.now),
        approved_by: None,
        authority_until,
    }
}

fn situation<'u>(unit: &'u Unit<'_>, case: &Case) -> Situation<'u> {
    Situation {
        tenant: &unit.tenant,
        person: Some(case.person),
        currency: case.cart.currency(),
        now: unit.now,
    }
}

fn no_room(full: &[Scope]) -> Judgement {
    let reasons = full.iter().map(|scope| match scope {
        Scope::Usage => OfferRefusal::UsageLimit,
        Scope::AgentPurse | Scope::PartnerPurse => OfferRefusal::PurseExhausted,
        Scope::Budget => OfferRefusal::BudgetExhausted,
    });
    Judgement::default().and(reasons.collect())
}

impl From<&Judgement> for Refusal {
    fn from(judgement: &Judgement) -> Self {
        Self {
            reasons: judgement.reasons.clone(),
            most: judgement.most,
        }
    }
}
