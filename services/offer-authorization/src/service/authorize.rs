//! Grants an offer, refuses it with all reasons, or sends it to a supervisor.

use domain::fact::FactBody;
use domain::id::InterventionId;
use domain::money::Money;
use domain::offer::OfferRefusal;
use domain::remedy::RemedyKind;
use domain::time::{Timestamp, later};
use futures::FutureExt;
use platform::telemetry::TraceContext;
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;
use serde::{Deserialize, Serialize};
use storage::RequestKey;
use tracing::Instrument;

use super::grounds::{self, Purses, Situation};
use super::{Service, Unit, facts};
use crate::amounts::Asked;
use crate::authority::{
    Candidate, Grantor, GrantorRole, Judgement, Policy, Question, first, judge,
};
use crate::case::{Case, CaseAgent};
use crate::decision::{Decision, Outcome};
use crate::error::OfferError;
use crate::ledger::{Day, Draw, Scope};
use crate::offer::{Hold, Offer, Terms};
use crate::programme::Programme;
use crate::store::{cases, decisions, offers};

/// What an agent or supervisor wants to offer.
#[derive(Debug, Clone)]
pub(crate) struct AuthorizeOffer {
    pub(crate) role: GrantorRole,
    pub(crate) who: CaseAgent,
    pub(crate) intervention: InterventionId,
    pub(crate) remedy: RemedyKind,
    pub(crate) asked: Asked,
    pub(crate) cart_version: u64,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Authorization {
    /// Granted and held.
    Granted(Offer),
    /// Refused.
    Refused(Refusal),
    /// Within the authority of a supervisor only.
    ApprovalNeeded(Offer),
}

/// Why an offer is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) reasons: Vec<OfferRefusal>,
    /// The most that would pass, when any amount would.
    pub(crate) most: Option<Money>,
}

/// An offer that is being decided on.
pub(super) struct Proposal<'a> {
    pub(super) case: &'a Case,
    pub(super) question: Question<'a>,
    pub(super) policy: &'a Policy,
    pub(super) agent: &'a CaseAgent,
    pub(super) purses: Purses,
}

impl Service {
    /// Decides on an offer, and opens its hold when it is granted.
    ///
    /// # Errors
    /// There is no such case for this partner, or the share comes to nothing.
    pub(crate) async fn authorize(
        &self,
        key: RequestKey,
        command: AuthorizeOffer,
    ) -> Result<Authorization, OfferError> {
        let span = self.span_of_case("offers.authorize", &key.tenant, command.intervention);
        let span = span.await?;
        self.once(key, command, |unit, command| {
            async move { authorize(&unit, &command).await }.boxed()
        })
        .instrument(span)
        .await
    }
}

async fn authorize(unit: &Unit<'_>, command: &AuthorizeOffer) -> Result<Authorization, OfferError> {
    let AuthorizeOffer { who, remedy, .. } = command;
    let case = case_of(unit, command).await?;
    let cart = &case.cart;
    let amount = price(command, &case)?;
    let grantor = Grantor::Person(command.role, who.clone());
    let policy = unit.policy().await?;
    let granted =
        offers::cost_of_intervention(unit.tx, &unit.tenant, case.intervention, cart.currency());
    let question = Question {
        grantor: &grantor,
        remedy: *remedy,
        cause: case.cause,
        cart,
        amount,
        granted: granted.await?,
        now: unit.now,
    };
    let situation = situation(unit, &case);
    let proposal = Proposal {
        case: &case,
        question,
        policy: &policy,
        agent: who,
        purses: grounds::purses_of(unit.tx, situation, who).await?,
    };
    let mut programmes = grounds::all_programmes(unit.tx, &unit.tenant).await?;
    programmes.retain(|programme| programme.remedies.contains(remedy));
    let candidates = grounds::candidates(unit.tx, situation, programmes).await?;
    let judged = candidates.iter().map(|candidate| {
        let candidate = candidate.with_purse(proposal.purses.room);
        let judgement = judge(&policy, question, &candidate);
        (candidate, judgement)
    });
    let Some((candidate, judgement)) = first(judged) else {
        let nowhere = Judgement::refusing(OfferRefusal::RemedyNotAllowed);
        return proposal
            .refuse(unit, &nowhere.and(of_case(&case, command)))
            .await;
    };
    let judgement = judgement.and(of_case(&case, command));
    proposal.conclude(unit, &candidate, &judgement).await
}

/// The case, locked. That of another partner is as good as none.
async fn case_of(unit: &Unit<'_>, command: &AuthorizeOffer) -> Result<Case, OfferError> {
    let case = cases::lock(unit.tx, &unit.tenant, command.intervention).await?;
    let ours = |case: &Case| {
        let partner = case.agent.as_ref().map(|agent| &agent.partner);
        partner.is_none_or(|partner| *partner == command.who.partner)
    };
    case.filter(ours).ok_or(OfferError::CaseUnknown)
}

/// What stands against it in the case itself.
fn of_case(case: &Case, command: &AuthorizeOffer) -> Vec<OfferRefusal> {
    refusals_of_case(case, &command.who, command.cart_version)
}

/// Who does not work on the case, and a cart that the shopper does not see any more.
pub(super) fn refusals_of_case(
    case: &Case,
    agent: &CaseAgent,
    cart_version: u64,
) -> Vec<OfferRefusal> {
    let mut refusals = Vec::new();
    if case.agent.as_ref() != Some(agent) {
        refusals.push(OfferRefusal::AgentNotAssigned);
    }
    if case.cart.version() != cart_version {
        refusals.push(OfferRefusal::CartChanged);
    }
    refusals
}

fn price(command: &AuthorizeOffer, case: &Case) -> Result<Money, OfferError> {
    let amount = command.asked.price(&case.cart);
    if amount.is_zero() && !case.cart.is_empty() {
        let description = "must come to at least one minor unit of the cart";
        let fault = InvalidField::new("discount_bps", ErrorReason::OutOfRange, description);
        return Err(fault.into());
    }
    Ok(amount)
}

pub(super) fn situation<'a>(unit: &'a Unit<'_>, case: &Case) -> Situation<'a> {
    Situation {
        tenant: &unit.tenant,
        person: Some(case.person),
        currency: case.cart.currency(),
        now: unit.now,
    }
}

impl Proposal<'_> {
    async fn conclude(
        &self,
        unit: &Unit<'_>,
        candidate: &Candidate,
        judgement: &Judgement,
    ) -> Result<Authorization, OfferError> {
        if judgement.passes() {
            let terms = self.terms(unit, candidate);
            let hold = open_hold(unit.now, &candidate.programme, judgement);
            let offer = Offer::held(terms, hold.clone());
            let draw = Draw::of(&offer.terms, &hold);
            let caps = self.purses.caps(&candidate.programme);
            if let Err(full) = unit.hold(&draw, caps).await? {
                return self.refuse(unit, &no_room(&full)).await;
            }
            offers::insert(unit.tx, &unit.tenant, &offer).await?;
            self.note_granted(unit, &offer, judgement).await?;
            return Ok(Authorization::Granted(offer));
        }
        if judgement.is_only_above_authority() && self.a_supervisor_may(candidate) {
            let until = later(unit.now, unit.service.settings().approval_timeout);
            let offer = Offer::needing_approval(self.terms(unit, candidate), until);
            offers::insert(unit.tx, &unit.tenant, &offer).await?;
            self.note(unit, Outcome::NeedsApproval, judgement, Some(&offer))
                .await?;
            return Ok(Authorization::ApprovalNeeded(offer));
        }
        self.refuse(unit, judgement).await
    }

    fn a_supervisor_may(&self, candidate: &Candidate) -> bool {
        let grantor = Grantor::AnySupervisor(self.agent.partner.clone());
        let question = Question {
            grantor: &grantor,
            ..self.question
        };
        judge(self.policy, question, candidate).passes()
    }

    /// Stores and tells a refusal, which is an answer like any other.
    pub(super) async fn refuse(
        &self,
        unit: &Unit<'_>,
        judgement: &Judgement,
    ) -> Result<Authorization, OfferError> {
        self.note_refused(unit, judgement, None).await?;
        Ok(Authorization::Refused(Refusal::from(judgement)))
    }

    pub(super) async fn note_refused(
        &self,
        unit: &Unit<'_>,
        judgement: &Judgement,
        offer: Option<&Offer>,
    ) -> Result<(), OfferError> {
        self.note(unit, Outcome::Refused, judgement, offer).await?;
        let body = FactBody::OfferRefused {
            reasons: judgement.reasons.clone(),
        };
        let subject = facts::Subject::of_case(self.case, self.agent);
        Ok(facts::tell(unit, subject, body).await?)
    }

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

    async fn note(
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
            policy_version: self.policy.version,
            outcome,
            reasons: judgement.reasons.clone(),
            others: judgement.others.clone(),
            decided_at: now,
        };
        let (intervention, offer) = (self.case.intervention, offer.map(|offer| offer.terms.id));
        Ok(decisions::insert(unit.tx, &unit.tenant, &decision, intervention, offer).await?)
    }

    fn terms(&self, unit: &Unit<'_>, candidate: &Candidate) -> Terms {
        Terms {
            id: unit.next(),
            intervention: self.case.intervention,
            session: self.case.session,
            person: self.case.person,
            remedy: self.question.remedy,
            amount: self.question.amount,
            programme: candidate.programme.id.clone(),
            agent: self.agent.clone(),
            cart_version: self.case.cart.version(),
            policy_version: self.policy.version,
            created_at: unit.now,
            traceparent: TraceContext::current().map(|trace| trace.to_string()),
        }
    }
}

/// A hold never outlives the authority that it is granted under: that is how authority is checked at redemption.
pub(super) fn open_hold(now: Timestamp, programme: &Programme, judgement: &Judgement) -> Hold {
    let end = later(now, programme.hold_ttl);
    Hold {
        until: judgement
            .authority_until
            .map_or(end, |until| until.min(end)),
        day: Day::of(now),
        approved_by: None,
    }
}

/// Somebody else took the room between the look and the claim: the claim is what counts.
pub(super) fn no_room(full: &[Scope]) -> Judgement {
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
