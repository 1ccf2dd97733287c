//! Grants an offer, refuses it with all reasons, or sends it to a supervisor.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use domain::id::{InterventionId, TenantId};
use domain::money::Money;
use domain::offer::OfferRefusal;
use domain::remedy::RemedyKind;
use domain::time::later;
use futures::FutureExt;
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;
use serde::{Deserialize, Serialize};
use storage::{Answers, Batcher, Call, Database, RequestKey, Tx};
use tracing::Instrument;

use super::deeds::{Deed, Deeds};
use super::grounds::{Grounds, Situation};
use super::proposal::{Proposal, Wish, held, open_hold, situation};
use super::rules::Rules;
use super::{Service, Unit, facts, spans};
use crate::amounts::Asked;
use crate::authority::{Candidate, Grantor, GrantorRole, Judgement, PolicyName};
use crate::case::{Case, CaseAgent};
use crate::decision::Outcome;
use crate::error::OfferError;
use crate::floors::FloorLimit;
use crate::ledger::Draw;
use crate::offer::Offer;
use crate::programme::Programme;
use crate::store::cases;
use crate::store::ledger::NewHold;

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
    /// The policies that forbid it.
    #[serde(default)]
    pub(crate) decided_by: Vec<PolicyName>,
    /// The margin floors that it would break.
    #[serde(default)]
    pub(crate) broken_floors: Vec<FloorLimit>,
}

/// A call, with the service that it came to.
#[derive(Clone)]
pub(super) struct Asking {
    service: Service,
    command: AuthorizeOffer,
}

/// Most offers that are decided on together.
const MOST_TOGETHER: usize = 64;

/// Where those meet who want to offer something.
pub(super) fn batcher(database: Database) -> Batcher<Asking, Authorization, OfferError> {
    Batcher::new(database, MOST_TOGETHER, |tx, calls| {
        async move { authorize_all(tx, &calls).await }.boxed()
    })
}

impl Service {
    /// Decides on an offer, and opens its hold when it is granted. All that is needed is read once for all calls that
    /// come together, and written once; each is decided on after the other, and counts for those that follow.
    ///
    /// # Errors
    /// There is no such case for this partner, or the share comes to nothing.
    pub(crate) async fn authorize(
        &self,
        key: RequestKey,
        command: AuthorizeOffer,
    ) -> Result<Authorization, OfferError> {
        let asking = Asking {
            service: self.clone(),
            command,
        };
        self.inner.authorizing.call(key, self.now(), asking).await
    }
}

/// When an offer claims what it draws on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claiming {
    AtOnce,
    Together,
}

/// One call of a batch.
struct Wanted<'t> {
    unit: Unit<'t>,
    command: &'t AuthorizeOffer,
    rules: Arc<Rules>,
    /// What it is about, and what it comes to; an error is the answer to this call alone.
    matter: Result<(Case, Money), OfferError>,
}

async fn authorize_all(
    tx: &Tx,
    calls: &[Call<Asking>],
) -> Result<Answers<Authorization, OfferError>, OfferError> {
    let Some(last) = calls.last() else {
        return Ok(Vec::new());
    };
    let wanted = wanted(tx, calls).await?;
    let situations: Vec<Situation<'_>> = wanted.iter().filter_map(Wanted::situation).collect();
    let mut grounds = Grounds::read(tx, &situations).await?;
    // One alone claims at once, and is told what has no room. Together all claims are one statement, and if somebody of
    // another process was faster, each is decided on alone.
    let claiming = match calls.len() {
        1 => Claiming::AtOnce,
        _ => Claiming::Together,
    };
    let (mut deeds, mut answers) = (Deeds::default(), Vec::with_capacity(calls.len()));
    for (call, wanted) in calls.iter().zip(wanted) {
        let decided = call.within(wanted.decide(&grounds, claiming)).await;
        answers.push(decided.map(|(answer, deed)| {
            if let (Some(offer), Some(hold)) = (&deed.offer, &deed.hold) {
                grounds.count(offer, hold);
            }
            deeds.add(deed);
            answer
        }));
    }
    deeds.write(tx, last.now).await?;
    Ok(answers)
}

/// Reads the cases, locked, and the rules.
async fn wanted<'t>(tx: &'t Tx, calls: &'t [Call<Asking>]) -> Result<Vec<Wanted<'t>>, OfferError> {
    let interventions: Vec<_> = calls
        .iter()
        .map(|call| (&call.key.tenant, call.command.command.intervention))
        .collect();
    let cases = cases::lock_all(tx, &interventions).await?;
    let rules = rules_of(tx, calls).await?;
    let mut all = Vec::with_capacity(calls.len());
    for call in calls {
        let Asking { service, command } = &call.command;
        let tenant = call.key.tenant.clone();
        let rules = rules.get(&tenant).ok_or(OfferError::CaseUnknown)?;
        rules
            .meet(tx, &tenant, std::slice::from_ref(&command.who))
            .await?;
        let case = cases.get(&(tenant.clone(), command.intervention));
        all.push(Wanted {
            matter: matter(command, case.cloned()),
            rules: Arc::clone(rules),
            command,
            unit: Unit {
                tx,
                service: service.clone(),
                tenant,
                now: call.now,
                by: Some(call.key.client.clone()),
            },
        });
    }
    Ok(all)
}

async fn rules_of(
    tx: &Tx,
    calls: &[Call<Asking>],
) -> Result<HashMap<TenantId, Arc<Rules>>, OfferError> {
    let tenants: BTreeSet<&TenantId> = calls.iter().map(|call| &call.key.tenant).collect();
    let tenants: Vec<TenantId> = tenants.into_iter().cloned().collect();
    let Some(first) = calls.first() else {
        return Ok(HashMap::new());
    };
    let rules = first.command.service.rules_in(tx, &tenants, first.now);
    let rules = rules.await?;
    Ok(tenants.into_iter().zip(rules).collect())
}

impl Wanted<'_> {
    fn situation(&self) -> Option<Situation<'_>> {
        let (case, _) = self.matter.as_ref().ok()?;
        let AuthorizeOffer { who, remedy, .. } = self.command;
        Some(situation(&self.unit, &self.rules, case, (who, *remedy)))
    }

    async fn decide(
        self,
        grounds: &Grounds,
        claiming: Claiming,
    ) -> Result<(Authorization, Deed), OfferError> {
        let (case, amount) = self.matter?;
        let unit = &self.unit;
        let span = spans::of_case("offers.authorize", &unit.tenant, &case);
        async {
            let command = self.command;
            let policy = unit.policy(&self.rules).await?;
            let wish = Wish {
                case: &case,
                policy: &policy,
                rules: &self.rules,
                grantor: &Grantor::Person(command.role, command.who.clone()),
                agent: &command.who,
                remedy: command.remedy,
                amount,
                cart_version: command.cart_version,
            };
            let proposal = Proposal::of(unit, wish, grounds)?;
            let candidates = grounds.candidates(wish.situation(unit));
            decide(unit, &proposal, candidates, claiming).await
        }
        .instrument(span)
        .await
    }
}

async fn decide(
    unit: &Unit<'_>,
    proposal: &Proposal<'_>,
    candidates: Vec<Candidate>,
    claiming: Claiming,
) -> Result<(Authorization, Deed), OfferError> {
    let (candidate, judgement) = proposal.judge_on(unit, candidates);
    match candidate {
        Some(candidate) if judgement.passes() => {
            grant(unit, proposal, (&candidate.programme, &judgement), claiming).await
        }
        Some(candidate)
            if judgement.needs_only_approval() && proposal.a_supervisor_may(unit).await? =>
        {
            send_to_supervisor(unit, proposal, &candidate.programme, &judgement)
        }
        Some(_) | None => refuse(unit, proposal, &judgement),
    }
}

async fn grant(
    unit: &Unit<'_>,
    proposal: &Proposal<'_>,
    (programme, judgement): (&Programme, &Judgement),
    claiming: Claiming,
) -> Result<(Authorization, Deed), OfferError> {
    let terms = proposal.terms(unit, programme);
    let hold = open_hold(unit, proposal.policy(), programme, judgement);
    let draw = Draw::of(&terms, &hold);
    let claim = match claiming {
        Claiming::Together => Some(NewHold {
            tenant: unit.tenant.clone(),
            draw,
            caps: proposal.caps(programme),
            stamp: unit.stamp(),
        }),
        Claiming::AtOnce => {
            if let Err(no_room) = proposal.claim(unit, &draw, programme).await? {
                return refuse(unit, proposal, &no_room);
            }
            None
        }
    };
    let offer = Offer::held(terms, hold);
    let told = facts::message(unit, facts::Subject::of(&offer.terms), held(&offer));
    let deed = Deed {
        offer: Some(offer.clone()),
        hold: claim,
        told: Some(told),
        ..proposal.record(unit, Outcome::Granted, judgement, Some(&offer))?
    };
    Ok((Authorization::Granted(offer), deed))
}

fn send_to_supervisor(
    unit: &Unit<'_>,
    proposal: &Proposal<'_>,
    programme: &Programme,
    judgement: &Judgement,
) -> Result<(Authorization, Deed), OfferError> {
    let terms = proposal.terms(unit, programme);
    let until = later(unit.now, unit.service.settings().approval_timeout);
    let offer = Offer::needing_approval(terms, until);
    let deed = Deed {
        offer: Some(offer.clone()),
        ..proposal.record(unit, Outcome::NeedsApproval, judgement, Some(&offer))?
    };
    Ok((Authorization::ApprovalNeeded(offer), deed))
}

fn refuse(
    unit: &Unit<'_>,
    proposal: &Proposal<'_>,
    judgement: &Judgement,
) -> Result<(Authorization, Deed), OfferError> {
    let deed = proposal.refusal(unit, judgement, None)?;
    Ok((Authorization::Refused(Refusal::from(judgement)), deed))
}

/// The case and what is asked for in money. The case of another partner is as good as none.
fn matter(command: &AuthorizeOffer, case: Option<Case>) -> Result<(Case, Money), OfferError> {
    let ours = |case: &Case| {
        let partner = case.agent.as_ref().map(|agent| &agent.partner);
        partner.is_none_or(|partner| *partner == command.who.partner)
    };
    let case = case.filter(ours).ok_or(OfferError::CaseUnknown)?;
    let amount = price(command, &case)?;
    Ok((case, amount))
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
