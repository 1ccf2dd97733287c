//! Grants an offer, refuses it with all reasons, or sends it to a supervisor.

use domain::id::InterventionId;
use domain::money::Money;
use domain::offer::OfferRefusal;
use domain::remedy::RemedyKind;
use domain::time::later;
use futures::FutureExt;
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;
use serde::{Deserialize, Serialize};
use storage::RequestKey;
use tracing::Instrument;

use super::proposal::{Proposal, Wish, open_hold};
use super::{Service, Unit, spans};
use crate::amounts::Asked;
use crate::authority::{Candidate, Grantor, GrantorRole, Judgement, PolicyName};
use crate::case::{Case, CaseAgent};
use crate::decision::Outcome;
use crate::error::OfferError;
use crate::floors::FloorLimit;
use crate::ledger::Draw;
use crate::offer::Offer;
use crate::store::{cases, offers, programmes};

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
        self.once(key, command, |unit, command| {
            async move {
                let case = case_of(&unit, &command).await?;
                let span = spans::of_case("offers.authorize", &unit.tenant, &case);
                authorize(&unit, &command, &case).instrument(span).await
            }
            .boxed()
        })
        .await
    }
}

async fn authorize(
    unit: &Unit<'_>,
    command: &AuthorizeOffer,
    case: &Case,
) -> Result<Authorization, OfferError> {
    let AuthorizeOffer { who, remedy, .. } = command;
    let grantor = Grantor::Person(command.role, who.clone());
    let policy = unit.policy().await?;
    let wish = Wish {
        case,
        policy: &policy,
        grantor: &grantor,
        agent: who,
        remedy: *remedy,
        amount: price(command, case)?,
        cart_version: command.cart_version,
    };
    let proposal = Proposal::of(unit, wish).await?;
    let mut programmes = programmes::recent(unit.tx, &unit.tenant, unit.now).await?;
    programmes.retain(|programme| programme.remedies.contains(remedy));
    let (candidate, judgement) = proposal.judge_on(unit, programmes).await?;
    match candidate {
        Some(candidate) if judgement.passes() => {
            grant(unit, &proposal, &candidate, &judgement).await
        }
        Some(candidate)
            if judgement.needs_only_approval() && proposal.a_supervisor_may(unit).await? =>
        {
            send_to_supervisor(unit, &proposal, &candidate, &judgement).await
        }
        Some(_) | None => refuse(unit, &proposal, &judgement).await,
    }
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

fn price(command: &AuthorizeOffer, case: &Case) -> Result<Money, OfferError> {
    let amount = command.asked.price(&case.cart);
    if amount.is_zero() && !case.cart.is_empty() {
        let description = "must come to at least one minor unit of the cart";
        let fault = InvalidField::new("discount_bps", ErrorReason::OutOfRange, description);
        return Err(fault.into());
    }
    Ok(amount)
}

async fn grant(
    unit: &Unit<'_>,
    proposal: &Proposal<'_>,
    candidate: &Candidate,
    judgement: &Judgement,
) -> Result<Authorization, OfferError> {
    let terms = proposal.terms(unit, &candidate.programme);
    let hold = open_hold(unit, proposal.policy(), &candidate.programme, judgement);
    let draw = Draw::of(&terms, &hold);
    if let Err(no_room) = proposal.claim(unit, &draw, &candidate.programme).await? {
        return refuse(unit, proposal, &no_room).await;
    }
    let offer = Offer::held(terms, hold);
    offers::insert(unit.tx, &unit.tenant, &offer).await?;
    proposal.note_granted(unit, &offer, judgement).await?;
    Ok(Authorization::Granted(offer))
}

async fn send_to_supervisor(
    unit: &Unit<'_>,
    proposal: &Proposal<'_>,
    candidate: &Candidate,
    judgement: &Judgement,
) -> Result<Authorization, OfferError> {
    let terms = proposal.terms(unit, &candidate.programme);
    let until = later(unit.now, unit.service.settings().approval_timeout);
    let offer = Offer::needing_approval(terms, until);
    offers::insert(unit.tx, &unit.tenant, &offer).await?;
    proposal
        .note(unit, Outcome::NeedsApproval, judgement, Some(&offer))
        .await?;
    Ok(Authorization::ApprovalNeeded(offer))
}

async fn refuse(
    unit: &Unit<'_>,
    proposal: &Proposal<'_>,
    judgement: &Judgement,
) -> Result<Authorization, OfferError> {
    let refusal = proposal.refuse(unit, judgement, None).await?;
    Ok(Authorization::Refused(refusal))
}
