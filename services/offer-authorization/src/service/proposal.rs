//! An offer that is being decided on, by the agent who asks or by the supervisor who approves: judged on the same grounds,
//! and written down the same way.

mod supervisors;

use domain::fact::FactBody;
use domain::id::InterventionId;
use domain::money::Money;
use domain::offer::OfferRefusal;
use domain::remedy::RemedyKind;
use domain::time::{Timestamp, later};
use serde::Serialize;
use storage::StoreError;

use super::grounds::{self, Purses, Situation};
use super::{Refusal, Unit, facts, spans};
use crate::audit::AuditKind;
use crate::authority::{
    AuthorityQuestion, Candidate, Circumstances, CompiledPolicy, Grantor, Judgement, Question,
    Seek, Standing, first, judge,
};
use crate::case::{Case, CaseAgent};
use crate::day::Day;
use crate::decision::{Decision, Outcome};
use crate::error::OfferError;
use crate::ledger::{Draw, Scope};
use crate::offer::{Hold, Offer, Terms};
use crate::programme::Programme;
use crate::store::{decisions, floors, offers, standings};

pub(super) use supervisors::{Authority, grantor};

/// A decision as the audit trail has it: with the whole offer, so that nothing of it can be changed unseen.
#[derive(Debug, Serialize)]
struct DecisionNote<'a> {
    decision: &'a Decision,
    intervention: InterventionId,
    offer: Option<&'a Offer>,
}

/// What somebody wants to offer on a case.
#[derive(Clone, Copy)]
pub(super) struct Wish<'a> {
    pub(super) case: &'a Case,
    pub(super) policy: &'a CompiledPolicy,
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
    /// What earlier offers on the cart cost that are held or redeemed.
    granted: Money,
    circumstances: Circumstances,
    purses: Purses,
    now: Timestamp,
}

impl<'a> Proposal<'a> {
    pub(super) async fn of(unit: &Unit<'_>, wish: Wish<'a>) -> Result<Self, OfferError> {
        let (tx, tenant, case) = (unit.tx, &unit.tenant, wish.case);
        let (session, currency) = (case.session, case.cart.currency());
        let before = offers::granted_on(tx, tenant, session, currency).await?;
        let history = grounds::history_of(tx, situation(unit, case), Some(session)).await?;
        let purses = grounds::purses_of(tx, situation(unit, case), wish.agent).await?;
        let circumstances = Circumstances {
            standing: standing_of(unit, wish.grantor).await?,
            person: Some(case.person),
            margin: case.cart.margin(),
            remedies_held: before.remedies,
            history,
            channel: case.channel,
            approvals: 0,
        };
        Ok(Self {
            wish,
            granted: before.cost,
            circumstances,
            purses,
            now: unit.now,
        })
    }

    /// The same wish once so many have approved it.
    pub(super) fn with_approvals(self, approvals: u32) -> Self {
        let circumstances = Circumstances {
            approvals,
            ..self.circumstances
        };
        Self {
            circumstances,
            ..self
        }
    }

    /// What decides.
    pub(super) fn policy(&self) -> &CompiledPolicy {
        self.wish.policy
    }

    /// What the policy is asked.
    fn asked(&self) -> AuthorityQuestion<'_> {
        let Wish { case, .. } = self.wish;
        AuthorityQuestion {
            grantor: self.wish.grantor,
            remedy: self.wish.remedy,
            cause: case.cause,
            cart_value: case.cart.value(),
            amount: self.wish.amount,
            granted: self.granted,
            circumstances: &self.circumstances,
            now: self.now,
        }
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
        let floors = floors::of_cart(unit.tx, &unit.tenant, &case.cart).await?;
        let question = Question {
            asked: self.asked(),
            cart: &case.cart,
            worth: unit.service.worth_of(&unit.tenant),
            floors: &floors,
            seek: Seek::Answer,
        };
        let verdict = policy.ask(question.asked);
        let mut judged = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            let candidate = candidate.with_purse(self.purses.room);
            let judgement = judge(&verdict, question, &candidate);
            // The first that would grant it does: the others need not be asked.
            let is_found = judgement.passes();
            judged.push((Some(candidate), judgement));
            if is_found {
                break;
            }
        }
        let nowhere = Judgement::refusing(OfferRefusal::RemedyNotAllowed);
        let (candidate, judgement) = first(judged).unwrap_or((None, nowhere));
        Ok((candidate, judgement.and(self.refusals_of_case())))
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
            policy_version: policy.version(),
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
        let body = FactBody::OfferHeld {
            offer: offer.terms.id,
            remedy: offer.terms.remedy,
            amount: offer.terms.amount,
        };
        unit.tell(&offer.terms, body).await?;
        self.note(unit, Outcome::Granted, judgement, Some(offer))
            .await
    }

    /// Stores and tells a refusal, which is an answer like any other.
    pub(super) async fn refuse(
        &self,
        unit: &Unit<'_>,
        judgement: &Judgement,
        offer: Option<&Offer>,
    ) -> Result<Refusal, OfferError> {
        let reasons = judgement.reasons.clone();
        let subject = facts::Subject::of_case(self.wish.case, self.wish.agent);
        facts::tell(unit, subject, FactBody::OfferRefused { reasons }).await?;
        self.note(unit, Outcome::Refused, judgement, offer).await?;
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
        let AuthorityQuestion {
            grantor,
            remedy,
            cause,
            cart_value,
            amount,
            granted,
            circumstances,
            now,
        } = self.asked();
        let decision = Decision {
            grantor: grantor.clone(),
            remedy,
            cause,
            cart_value,
            amount,
            granted,
            policy_version: self.wish.policy.version(),
            outcome,
            reasons: judgement.reasons.clone(),
            others: judgement.others.clone(),
            decided_by: judgement.decided_by.clone(),
            circumstances: circumstances.clone(),
            broken_floors: judgement.broken_floors.clone(),
            decided_at: now,
        };
        let intervention = self.wish.case.intervention;
        let id = offer.map(|offer| offer.terms.id);
        decisions::insert(unit.tx, &unit.tenant, &decision, intervention, id).await?;
        let subject = id.map_or_else(|| intervention.to_string(), |offer| offer.to_string());
        let body = DecisionNote {
            decision: &decision,
            intervention,
            offer,
        };
        Ok(unit.audit(kind(outcome), subject, &body).await?)
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
pub(super) fn open_hold(
    unit: &Unit<'_>,
    policy: &CompiledPolicy,
    programme: &Programme,
    judgement: &Judgement,
) -> Hold {
    let end = later(unit.now, programme.hold_ttl);
    let authority_until = judgement.authority_until;
    Hold {
        until: authority_until.map_or(end, |until| until.min(end)),
        day: Day::of(unit.now),
        approved_by: None,
        authority_until,
        decided_by: judgement.decided_by.clone(),
        policy_version: Some(policy.version()),
        budget_period: programme.open_period(),
        first_approved_by: None,
    }
}

/// What is known of whoever grants. Of a supervisor who is yet to be found, and of the shop, nothing is.
async fn standing_of(unit: &Unit<'_>, grantor: &Grantor) -> Result<Standing, StoreError> {
    match grantor {
        Grantor::Person(_, who) => standings::of(unit.tx, &unit.tenant, who).await,
        Grantor::AnySupervisor(_) | Grantor::Shop(_) => Ok(Standing::default()),
    }
}

fn kind(outcome: Outcome) -> AuditKind {
    match outcome {
        Outcome::Granted => AuditKind::Granted,
        Outcome::Refused => AuditKind::Refused,
        Outcome::NeedsApproval => AuditKind::NeedsApproval,
        Outcome::FirstApproved => AuditKind::FirstApproved,
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
            decided_by: judgement.decided_by.clone(),
            broken_floors: judgement.broken_floors.clone(),
        }
    }
}
