//! To the wire: domain types as messages.

mod budget;
mod floors;
mod policies;
mod statement;

use domain::offer::OfferRefusal;
use platform::paging::Page;
use proto::convert::time::{wire_duration, wire_timestamp};
use proto::field::WireField;
use proto::offers::v1 as pb;

use crate::amounts::lowers_price;
use crate::authority::PolicyName;
use crate::case::CaseAgent;
use crate::floors::{FloorLimit, FloorSetting, MarginFloor};
use crate::ledger::EntryKind;
use crate::offer::{Approver, Offer, StateName};
use crate::programme::{ProgrammeReport, ProgrammeState, PurseReport};
use crate::service::{AuthorityReport, Grantable, ListedPolicy, Redeemed, Refusal, RefusedRemedy};
use crate::store::ledger::LedgerEntry;
use crate::store::standings::KnownPerson;

impl From<CaseAgent> for pb::CaseAgent {
    fn from(agent: CaseAgent) -> Self {
        let CaseAgent { partner, agent } = agent;
        Self {
            partner_id: partner.into_wire(),
            agent_id: agent.into_wire(),
        }
    }
}

impl From<Offer> for pb::Offer {
    fn from(offer: Offer) -> Self {
        let reversed = offer.reversed();
        let Offer { terms, state } = offer;
        let hold = state.hold();
        let approved_by = hold.and_then(|hold| hold.approved_by.clone());
        let first_approved_by = state.first_approved_by().map(Approver::signature);
        let decided_by = hold.map(|hold| hold.decided_by.clone());
        let policy_version = hold.and_then(|hold| hold.policy_version);
        let deciding_policies = names(&decided_by.unwrap_or_default());
        let order = state
            .redemption()
            .map(|redemption| redemption.order.clone());
        Self {
            offer_id: terms.id.into_wire(),
            state: pb::OfferState::from(state.name()).into(),
            intervention_id: terms.intervention.into_wire(),
            person_id: terms.person.into_wire(),
            remedy: terms.remedy.into_wire(),
            amount: terms.amount.into_wire(),
            programme_id: terms.programme.into_wire(),
            agent: Some(terms.agent.into()),
            cart_version: terms.cart_version,
            policy_version: policy_version.unwrap_or(terms.policy_version),
            created_at: Some(wire_timestamp(terms.created_at)),
            expires_at: Some(wire_timestamp(state.until())),
            order_id: order.map(WireField::into_wire).unwrap_or_default(),
            reversed_amount: reversed.into_wire(),
            approved_by: approved_by.map(WireField::into_wire).unwrap_or_default(),
            deciding_policies,
            first_approved_by: first_approved_by.unwrap_or_default().to_owned(),
            individual_price: lowers_price(terms.remedy),
        }
    }
}

/// Policies by their names.
fn names(policies: &[PolicyName]) -> Vec<String> {
    policies.iter().map(ToString::to_string).collect()
}

impl From<StateName> for pb::OfferState {
    fn from(state: StateName) -> Self {
        match state {
            StateName::NeedsApproval => Self::NeedsApproval,
            StateName::ApprovalPending => Self::ApprovalPending,
            StateName::Denied => Self::Denied,
            StateName::Held => Self::Held,
            StateName::Redeemed => Self::Redeemed,
            StateName::Released => Self::Released,
            StateName::Expired => Self::Expired,
            StateName::PartlyReversed => Self::PartlyReversed,
            StateName::Reversed => Self::Reversed,
        }
    }
}

macro_rules! answers_with_offer {
    ($( $response:ident ),+ $(,)?) => { $(
        impl From<Offer> for pb::$response {
            fn from(offer: Offer) -> Self {
                Self { offer: Some(offer.into()) }
            }
        }
    )+ };
}

answers_with_offer! {
    RequestApprovalResponse, DenyOfferResponse, ReleaseOfferResponse, ReverseRedemptionResponse, GetOfferResponse,
    ApprovalNeeded, SecondApprovalNeeded,
}

impl From<Redeemed> for pb::RedeemOfferResponse {
    fn from(redeemed: Redeemed) -> Self {
        let Redeemed { redemption, offer } = redeemed;
        Self {
            redemption_id: redemption.into_wire(),
            offer: Some(offer.into()),
        }
    }
}

impl From<Refusal> for pb::DecisionRefused {
    fn from(refusal: Refusal) -> Self {
        let Refusal {
            reasons,
            most,
            decided_by,
            broken_floors,
        } = refusal;
        let reasons = reasons.into_iter().map(|reason| pb::RefusalReason {
            reason: reason.into_wire(),
            remedy_hint: hint(reason).to_owned(),
            max_amount: most.and_then(WireField::into_wire),
            broken_floors: if reason == OfferRefusal::MarginFloor {
                in_wire(&broken_floors)
            } else {
                Vec::new()
            },
        });
        Self {
            reasons: reasons.collect(),
            deciding_policies: names(&decided_by),
        }
    }
}

fn in_wire(floors: &[FloorLimit]) -> Vec<pb::BrokenMarginFloor> {
    floors.iter().cloned().map(Into::into).collect()
}

/// What would make an offer pass, for whoever reads it at a desk.
fn hint(reason: OfferRefusal) -> &'static str {
    match reason {
        OfferRefusal::AgentNotAssigned => "accept the task of this intervention first",
        OfferRefusal::RemedyNotAllowed => {
            "choose a remedy that your authority and a programme know"
        }
        OfferRefusal::CauseNotEligible => "explain or fix: money does not remove this cause",
        OfferRefusal::AboveAuthority => "offer less",
        OfferRefusal::AuthorityExpired => "have your authority renewed",
        OfferRefusal::MarginUnknown => {
            "choose a remedy without cost: the margin of the cart is not known"
        }
        OfferRefusal::MarginFloor => "offer less: the margin would fall below its floor",
        OfferRefusal::BudgetExhausted => "offer less, or have the budget topped up",
        OfferRefusal::PurseExhausted => "offer less, or wait for tomorrow's purse",
        OfferRefusal::UsageLimit => {
            "choose another remedy: the shopper has had this one as often as allowed"
        }
        OfferRefusal::CartChanged => "look at the cart again and repeat the offer",
        OfferRefusal::CartEmpty => "wait until there is something in the cart",
        OfferRefusal::CurrencyMismatch => {
            "offer in the currency of the cart, from a programme in that currency"
        }
        OfferRefusal::ProgrammeInactive => "have the programme activated",
        OfferRefusal::OutsidePeriod => "choose a programme that runs now",
        OfferRefusal::NeedsApproval => "ask a supervisor",
        OfferRefusal::OwnRequest => "leave it to a supervisor who did not ask for it",
        OfferRefusal::SameApprover => "leave it to another supervisor: you have approved it",
        OfferRefusal::NotWorthwhile => {
            "offer less: it would cost more than it is expected to bring in"
        }
    }
}

impl From<AuthorityReport> for pb::CheckAuthorityResponse {
    fn from(report: AuthorityReport) -> Self {
        let AuthorityReport {
            empowered,
            remedies,
            refused,
        } = report;
        Self {
            empowered,
            remedies: remedies.into_iter().map(Into::into).collect(),
            refused: refused.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Grantable> for pb::GrantableRemedy {
    fn from(grantable: Grantable) -> Self {
        let Grantable {
            kind,
            money,
            decided_by,
        } = grantable;
        let (most, programme) = money.unzip();
        Self {
            kind: kind.into_wire(),
            max_amount: most.and_then(WireField::into_wire),
            programme_id: programme.map(WireField::into_wire).unwrap_or_default(),
            deciding_policies: names(&decided_by),
        }
    }
}

impl From<RefusedRemedy> for pb::RefusedRemedy {
    fn from(refused: RefusedRemedy) -> Self {
        let RefusedRemedy {
            kind,
            reasons,
            decided_by,
            broken_floors,
        } = refused;
        Self {
            kind: kind.into_wire(),
            reasons: reasons.into_wire(),
            deciding_policies: names(&decided_by),
            broken_floors: in_wire(&broken_floors),
        }
    }
}

impl From<ProgrammeReport> for pb::Programme {
    fn from(report: ProgrammeReport) -> Self {
        let ProgrammeReport {
            programme,
            budget,
            held,
            redeemed,
        } = report;
        Self {
            programme_id: programme.id.into_wire(),
            remedies: programme.remedies.into_wire(),
            budget: budget.into_wire(),
            starts_at: Some(wire_timestamp(programme.starts_at)),
            ends_at: Some(wire_timestamp(programme.ends_at)),
            margin_floor_bps: programme.margin_floor.get(),
            offers_per_person: programme.offers_per_person,
            hold_ttl: Some(wire_duration(programme.hold_ttl)),
            state: pb::ProgrammeState::from(programme.state).into(),
            held: held.into_wire(),
            redeemed: redeemed.into_wire(),
            budget_periods: programme.periods.map(Into::into),
        }
    }
}

impl From<ProgrammeState> for pb::ProgrammeState {
    fn from(state: ProgrammeState) -> Self {
        match state {
            ProgrammeState::Active => Self::Active,
            ProgrammeState::Frozen => Self::Frozen,
        }
    }
}

macro_rules! answers_with {
    ($ours:ty: $( $response:ident { $field:ident } ),+ $(,)?) => { $(
        impl From<$ours> for pb::$response {
            fn from(ours: $ours) -> Self {
                Self { $field: Some(ours.into()) }
            }
        }
    )+ };
}

answers_with! { ProgrammeReport:
    CreateProgrammeResponse { programme }, TopUpBudgetResponse { programme }, SetProgrammeStateResponse { programme },
}
answers_with! { PurseReport: SetPurseResponse { purse } }
answers_with! { KnownPerson: SetStandingResponse { standing } }
answers_with! { FloorSetting: SetMarginFloorResponse { floor } }
answers_with! { ListedPolicy:
    CreateAuthorityPolicyResponse { policy }, ActivateAuthorityPolicyResponse { policy },
}

/// What is listed in pages.
pub(super) trait Listed: Sized {
    /// The response that holds a page.
    type Response;

    fn respond(page: Page<Self>) -> Self::Response;
}

macro_rules! answers_with_page {
    ($( $ours:ty: $response:ident { $field:ident } ),+ $(,)?) => { $(
        impl Listed for $ours {
            type Response = pb::$response;

            fn respond(page: Page<Self>) -> Self::Response {
                let Page { items, next_page_token } = page.map(Into::into);
                pb::$response { $field: items, next_page_token }
            }
        }
    )+ };
}

answers_with_page! {
    Offer: ListOffersResponse { offers },
    ProgrammeReport: ListProgrammesResponse { programmes },
    PurseReport: ListPursesResponse { purses },
    ListedPolicy: ListAuthorityPoliciesResponse { policies },
    LedgerEntry: ListLedgerEntriesResponse { entries },
    KnownPerson: ListStandingsResponse { standings },
    MarginFloor: ListMarginFloorsResponse { floors },
}

impl From<PurseReport> for pb::Purse {
    fn from(report: PurseReport) -> Self {
        let PurseReport { purse, used_today } = report;
        let agent = purse.owner.agent;
        Self {
            partner_id: purse.owner.partner.into_wire(),
            agent_id: agent.map(WireField::into_wire).unwrap_or_default(),
            daily_limit: purse.daily_limit.into_wire(),
            used_today: used_today.into_wire(),
        }
    }
}

impl From<LedgerEntry> for pb::LedgerEntry {
    fn from(entry: LedgerEntry) -> Self {
        let LedgerEntry {
            seq: _,
            id,
            kind,
            offer,
            programme,
            period,
            amount,
            booked_at,
        } = entry;
        Self {
            entry_id: id.into_wire(),
            kind: pb::LedgerEntryKind::from(kind).into(),
            offer_id: offer.map(WireField::into_wire).unwrap_or_default(),
            programme_id: programme.into_wire(),
            amount: amount.into_wire(),
            booked_at: Some(wire_timestamp(booked_at)),
            period_from: period.map(|first| wire_timestamp(first.start())),
        }
    }
}

impl From<EntryKind> for pb::LedgerEntryKind {
    fn from(kind: EntryKind) -> Self {
        match kind {
            EntryKind::Hold => Self::Hold,
            EntryKind::Release => Self::Release,
            EntryKind::Expire => Self::Expire,
            EntryKind::Redeem => Self::Redeem,
            EntryKind::Reverse => Self::Reverse,
            EntryKind::TopUp => Self::TopUp,
            EntryKind::CarryOut => Self::CarryOut,
            EntryKind::CarryIn => Self::CarryIn,
            EntryKind::Lapse => Self::Lapse,
        }
    }
}
