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

use super::deeds::Deed;
use super::grounds::{Grounds, Purses, Situation};
use super::rules::Rules;
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
use crate::store::decisions::NewDecision;
use crate::store::ledger::Caps;

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
    pub(super) rules: &'a Rules,
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

impl Wish<'_> {
    /// What it is judged on is read for this.
    pub(super) fn situation<'s>(&'s self, unit: &'s Unit<'_>) -> Situation<'s> {
        situation(unit, self.rules, self.case, (self.agent, self.remedy))
    }
}

/// What an agent's wish for a remedy on a case depends on.
pub(super) fn situation<'s>(
    unit: &'s Unit<'_>,
    rules: &'s Rules,
    case: &Case,
    (agent, remedy): (&'s CaseAgent, RemedyKind),
) -> Situation<'s> {
    Situation {
        tenant: &unit.tenant,
        rules,
        person: Some(case.person),
        session: Some(case.session),
        remedy: Some(remedy),
        currency: case.cart.currency(),
        agents: std::slice::from_ref(agent),
        now: unit.now,
    }
}

impl<'a> Proposal<'a> {
    /// A wish as it is judged on these grounds. The rules have [met](Rules::meet) the grantor and the agent.
    pub(super) fn of(
        unit: &Unit<'_>,
        wish: Wish<'a>,
        grounds: &Grounds,
    ) -> Result<Self, OfferError> {
        let situation = wish.situation(unit);
        let before = grounds.granted(situation)?;
        let circumstances = Circumstances {
            standing: standing_of(wish.grantor, wish.rules),
            person: Some(wish.case.person),
            margin: wish.case.cart.margin(),
            remedies_held: before.remedies,
            history: grounds.history(situation),
            channel: wish.case.channel,
            approvals: 0,
        };
        Ok(Self {
            wish,
            granted: before.cost,
            circumstances,
            purses: grounds.purses(situation, wish.agent),
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

    /// Judges it on these candidates: on the first one that would grant it, else on the one with the fewest reasons
    /// against it. Without one there is nothing to grant it from.
    pub(super) fn judge_on(
        &self,
        unit: &Unit<'_>,
        candidates: Vec<Candidate>,
    ) -> (Option<Candidate>, Judgement) {
        let Wish {
            case,
            policy,
            rules,
            ..
        } = self.wish;
        let question = Question {
            asked: self.asked(),
            cart: &case.cart,
            worth: unit.service.worth_of(&unit.tenant),
            floors: rules.floors(),
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
        (candidate, judgement.and(self.refusals_of_case()))
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

    /// The caps with which counters are opened that it would draw on.
    pub(super) fn caps(&self, programme: &Programme) -> Caps {
        self.purses.caps(programme)
    }

    /// Claims what the offer draws on. `Err` when somebody else took the room between the look and the claim, which is
    /// what counts: then nothing is claimed.
    pub(super) async fn claim(
        &self,
        unit: &Unit<'_>,
        draw: &Draw,
        programme: &Programme,
    ) -> Result<Result<(), Judgement>, OfferError> {
        let claimed = unit.hold(draw, self.caps(programme)).await?;
        Ok(claimed.map_err(|full| no_room(&full)))
    }

    /// What was decided, with all that another policy needs to decide again, and what the audit trail says of it. The
    /// offer is one that is stored by others.
    pub(super) fn record(
        &self,
        unit: &Unit<'_>,
        outcome: Outcome,
        judgement: &Judgement,
        offer: Option<&Offer>,
    ) -> Result<Deed, StoreError> {
        let decision = self.decision(outcome, judgement);
        let intervention = self.wish.case.intervention;
        let id = offer.map(|offer| offer.terms.id);
        let subject = id.map_or_else(|| intervention.to_string(), |offer| offer.to_string());
        let body = DecisionNote {
            decision: &decision,
            intervention,
            offer,
        };
        let note = unit.entry(kind(outcome), subject, &body)?;
        let decision = NewDecision {
            tenant: unit.tenant.clone(),
            intervention,
            offer: id,
            decision,
        };
        Ok(Deed {
            offer: None,
            hold: None,
            decision,
            told: None,
            note,
        })
    }

    /// A refusal, which is an answer like any other.
    pub(super) fn refusal(
        &self,
        unit: &Unit<'_>,
        judgement: &Judgement,
        offer: Option<&Offer>,
    ) -> Result<Deed, StoreError> {
        let reasons = judgement.reasons.clone();
        let subject = facts::Subject::of_case(self.wish.case, self.wish.agent);
        let told = facts::message(unit, subject, FactBody::OfferRefused { reasons });
        Ok(Deed {
            told: Some(told),
            ..self.record(unit, Outcome::Refused, judgement, offer)?
        })
    }

    fn decision(&self, outcome: Outcome, judgement: &Judgement) -> Decision {
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
        Decision {
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
        }
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

/// What kpi is told of an offer that is granted.
pub(super) fn held(offer: &Offer) -> FactBody {
    FactBody::OfferHeld {
        offer: offer.terms.id,
        remedy: offer.terms.remedy,
        amount: offer.terms.amount,
    }
}

/// What is known of whoever grants, whom the rules have met. Of a supervisor who is yet to be found, and of the shop,
/// nothing is.
fn standing_of(grantor: &Grantor, rules: &Rules) -> Standing {
    match grantor {
        Grantor::Person(_, who) => rules.standing_of(who),
        Grantor::AnySupervisor(_) | Grantor::Shop(_) => Standing::default(),
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
