//! Commands of the authorization service.

use domain::cart::Cart;
use domain::id::OfferId;
use domain::remedy::RemedyKind;
use platform::auth::{Caller, CallerKind};
use platform::limits;
use platform::paging::PageRequest;
use platform::status::{Fault, Kind};
use proto::error::v1::ErrorReason;
use proto::field::{self, InvalidField};
use proto::offers::v1 as pb;
use tonic::Status;

use super::{MAX_COUNT, free_of_charge, optional, positive, positive_share, within};
use crate::amounts::Asked;
use crate::authority::GrantorRole;
use crate::case::{Case, CaseAgent};
use crate::offer::StateName;
use crate::service::{
    Actor, AuthorizeOffer, CheckAuthority, Grantors, RedeemOffer, ReversalReason,
    ReverseRedemption, Viewer,
};
use crate::store::offers::{OfferCursor, OfferFilter};

/// Which page of which offers.
pub(in crate::grpc) struct OfferPage {
    pub(in crate::grpc) filter: OfferFilter,
    pub(in crate::grpc) page: PageRequest<OfferCursor>,
}

/// The agent or supervisor who calls.
pub(in crate::grpc) fn person(caller: &Caller) -> Result<(GrantorRole, CaseAgent), Status> {
    match actor(caller)? {
        Actor::Person(role, person) => Ok((role, person)),
        Actor::Shop => Err(forbidden()),
    }
}

/// Who acts on an offer.
pub(in crate::grpc) fn actor(caller: &Caller) -> Result<Actor, Status> {
    match caller.kind() {
        CallerKind::Agent { partner, agent } => Ok(Actor::Person(
            GrantorRole::Agent,
            CaseAgent {
                partner: partner.clone(),
                agent: agent.clone(),
            },
        )),
        CallerKind::Supervisor { partner, agent } => Ok(Actor::Person(
            GrantorRole::Supervisor,
            CaseAgent {
                partner: partner.clone(),
                agent: agent.clone(),
            },
        )),
        CallerKind::Operator => Ok(Actor::Shop),
        // INVARIANT: the table of access lets none of these come here.
        CallerKind::Platform
        | CallerKind::Storefront { .. }
        | CallerKind::Checkout
        | CallerKind::Service => Err(forbidden()),
    }
}

fn forbidden() -> Status {
    Fault::new(Kind::Forbidden, "only agents and supervisors act on offers").to_status()
}

/// Whose offers and purses the caller sees.
pub(in crate::grpc) fn viewer(caller: &Caller) -> Viewer {
    caller
        .partner()
        .map_or(Viewer::Tenant, |partner| Viewer::Partner(partner.clone()))
}

impl TryFrom<pb::RecordCaseRequest> for Case {
    type Error = InvalidField;

    fn try_from(request: pb::RecordCaseRequest) -> Result<Self, InvalidField> {
        let pb::RecordCaseRequest {
            request_id: _,
            intervention_id,
            revision,
            session_id,
            person_id,
            cause,
            cart,
            agent,
            channel,
        } = request;
        let agent = agent.map(|agent| field::message("agent", Some(agent)));
        let cart: Cart = field::read("cart", cart)?;
        within("cart.version", cart.version(), 0..=MAX_COUNT)?;
        Ok(Self {
            intervention: field::read("intervention_id", intervention_id)?,
            revision: within("revision", revision, 1..=MAX_COUNT)?,
            session: field::read("session_id", session_id)?,
            person: field::read("person_id", person_id)?,
            cause: field::read("cause", cause)?,
            cart,
            channel: field::read("channel", channel)?,
            agent: agent.transpose()?,
            traceparent: None,
        })
    }
}

impl CheckAuthority {
    /// Reads a question of this caller.
    pub(in crate::grpc) fn parse(
        caller: &Caller,
        request: pb::CheckAuthorityRequest,
    ) -> Result<Self, InvalidField> {
        let pb::CheckAuthorityRequest {
            grantor,
            cause,
            cart,
            ladder,
            person_id,
            session_id,
            channel,
        } = request;
        Ok(Self {
            grantors: grantors(caller, field::required("grantor", grantor)?)?,
            cause: field::read("cause", cause)?,
            cart: field::read("cart", cart)?,
            ladder: field::read("ladder", ladder)?,
            person: optional("person_id", person_id)?,
            session: optional("session_id", session_id)?,
            channel: field::read("channel", channel)?,
        })
    }
}

fn grantors(
    caller: &Caller,
    grantor: pb::check_authority_request::Grantor,
) -> Result<Grantors, InvalidField> {
    match grantor {
        pb::check_authority_request::Grantor::Caller(pb::Caller {}) => {
            let (role, person) = person(caller).map_err(|_| {
                let description = "must be an agent or a supervisor";
                InvalidField::new("caller", ErrorReason::InvalidField, description)
            })?;
            Ok(Grantors::Caller(role, person))
        }
        pb::check_authority_request::Grantor::Available(pb::AvailableAgents { agents }) => {
            let agents = field::messages("agents", agents);
            agents
                .map(Grantors::Available)
                .map_err(|fault| fault.within("available"))
        }
    }
}

impl AuthorizeOffer {
    /// Reads what this agent or supervisor wants to offer.
    pub(in crate::grpc) fn parse(
        (role, who): (GrantorRole, CaseAgent),
        request: pb::AuthorizeOfferRequest,
    ) -> Result<Self, InvalidField> {
        let pb::AuthorizeOfferRequest {
            request_id: _,
            intervention_id,
            remedy,
            value,
            cart_version,
        } = request;
        let remedy: RemedyKind = field::read("remedy", remedy)?;
        if !remedy.costs_money() {
            return Err(free_of_charge("remedy"));
        }
        Ok(Self {
            role,
            who,
            intervention: field::read("intervention_id", intervention_id)?,
            remedy,
            asked: asked(remedy, field::required("value", value)?)?,
            cart_version,
        })
    }
}

/// A share for the remedy that is one, an amount for all others.
fn asked(
    remedy: RemedyKind,
    value: pb::authorize_offer_request::Value,
) -> Result<Asked, InvalidField> {
    let takes_share = remedy == RemedyKind::PercentOff;
    match value {
        pb::authorize_offer_request::Value::DiscountBps(share) if takes_share => {
            positive_share("discount_bps", share).map(Asked::Share)
        }
        pb::authorize_offer_request::Value::Amount(amount) if !takes_share => {
            positive("amount", Some(amount)).map(Asked::Amount)
        }
        pb::authorize_offer_request::Value::DiscountBps(_) => Err(misplaced(
            "discount_bps",
            "is for a percentage only; send an amount",
        )),
        pb::authorize_offer_request::Value::Amount(_) => {
            Err(misplaced("amount", "is not for a percentage; send a share"))
        }
    }
}

fn misplaced(field: &str, description: &str) -> InvalidField {
    InvalidField::new(field, ErrorReason::InvalidField, description)
}

macro_rules! named_offers {
    ($( $request:ident ),+ $(,)?) => { $(
        impl TryFrom<pb::$request> for NamedOffer {
            type Error = InvalidField;

            fn try_from(request: pb::$request) -> Result<Self, InvalidField> {
                let pb::$request { request_id: _, offer_id } = request;
                field::read("offer_id", offer_id).map(Self)
            }
        }
    )+ };
}

/// The offer that a request names, and nothing else.
pub(in crate::grpc) struct NamedOffer(pub(in crate::grpc) OfferId);

named_offers! { RequestApprovalRequest, ApproveOfferRequest, DenyOfferRequest, ReleaseOfferRequest }

impl TryFrom<pb::GetOfferRequest> for NamedOffer {
    type Error = InvalidField;

    fn try_from(request: pb::GetOfferRequest) -> Result<Self, InvalidField> {
        let pb::GetOfferRequest { offer_id } = request;
        field::read("offer_id", offer_id).map(Self)
    }
}

impl TryFrom<pb::RedeemOfferRequest> for RedeemOffer {
    type Error = InvalidField;

    fn try_from(request: pb::RedeemOfferRequest) -> Result<Self, InvalidField> {
        let pb::RedeemOfferRequest {
            request_id: _,
            offer_token,
            order_id,
            cart_version,
        } = request;
        if offer_token.is_empty() {
            return Err(InvalidField::absent("offer_token"));
        }
        if offer_token.len() > limits::TOKEN {
            let description = format!("must be at most {} bytes", limits::TOKEN);
            return Err(InvalidField::new(
                "offer_token",
                ErrorReason::TooLong,
                description,
            ));
        }
        Ok(Self {
            offer_token,
            order: field::read("order_id", order_id)?,
            cart_version,
        })
    }
}

impl TryFrom<pb::ReverseRedemptionRequest> for ReverseRedemption {
    type Error = InvalidField;

    fn try_from(request: pb::ReverseRedemptionRequest) -> Result<Self, InvalidField> {
        let pb::ReverseRedemptionRequest {
            request_id: _,
            redemption_id,
            amount,
            reason,
        } = request;
        let amount = amount.map(|amount| positive("amount", Some(amount)));
        Ok(Self {
            redemption: field::read("redemption_id", redemption_id)?,
            amount: amount.transpose()?,
            reason: field::enumerated::<pb::ReversalReason, _>("reason", reason)?,
        })
    }
}

impl TryFrom<pb::ReversalReason> for ReversalReason {
    type Error = field::Unspecified;

    fn try_from(reason: pb::ReversalReason) -> Result<Self, field::Unspecified> {
        match reason {
            pb::ReversalReason::Unspecified => Err(field::Unspecified),
            pb::ReversalReason::Return => Ok(Self::Return),
            pb::ReversalReason::Cancellation => Ok(Self::Cancellation),
            pb::ReversalReason::Fraud => Ok(Self::Fraud),
        }
    }
}

impl TryFrom<pb::OfferState> for StateName {
    type Error = field::Unspecified;

    fn try_from(state: pb::OfferState) -> Result<Self, field::Unspecified> {
        match state {
            pb::OfferState::Unspecified => Err(field::Unspecified),
            pb::OfferState::NeedsApproval => Ok(Self::NeedsApproval),
            pb::OfferState::ApprovalPending => Ok(Self::ApprovalPending),
            pb::OfferState::Denied => Ok(Self::Denied),
            pb::OfferState::Held => Ok(Self::Held),
            pb::OfferState::Redeemed => Ok(Self::Redeemed),
            pb::OfferState::Released => Ok(Self::Released),
            pb::OfferState::Expired => Ok(Self::Expired),
            pb::OfferState::PartlyReversed => Ok(Self::PartlyReversed),
            pb::OfferState::Reversed => Ok(Self::Reversed),
        }
    }
}

impl TryFrom<pb::ListOffersRequest> for OfferPage {
    type Error = InvalidField;

    fn try_from(request: pb::ListOffersRequest) -> Result<Self, InvalidField> {
        let pb::ListOffersRequest {
            intervention_id,
            state,
            page_size,
            page_token,
        } = request;
        let state = state.map(|state| field::enumerated::<pb::OfferState, _>("state", state));
        Ok(Self {
            filter: OfferFilter {
                intervention: optional("intervention_id", intervention_id)?,
                state: state.transpose()?,
                partner: None,
            },
            page: PageRequest::parse(page_size, &page_token)?,
        })
    }
}
