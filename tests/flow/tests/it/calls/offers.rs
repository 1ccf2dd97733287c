//! Calls of offer-authorization about single offers.

use CallerKind::{Checkout, Operator, Service};
use platform::auth::CallerKind;
use proto::cause::v1::Cause;
use proto::offers::v1::authorize_offer_request::Value;
use proto::offers::v1::check_authority_request::Grantor;
use proto::offers::v1::{
    ApproveOfferRequest, AuthorizeOfferRequest, AvailableAgents, Caller, CheckAuthorityRequest,
    DenyOfferRequest, GetOfferKeysRequest, GetOfferRequest, ListOffersRequest, OfferState,
    RedeemOfferRequest, ReleaseOfferRequest, RequestApprovalRequest, ReversalReason,
    ReverseRedemptionRequest, WatchApprovalsRequest,
};
use proto::remedy::v1::RemedyKind;

use super::samples::a_cart;
use super::{Call, call};
use crate::people::usd;
use crate::shop::{a_supervisor, an_agent, request_id};
use crate::stage::{Offers, Stage, a_case, case_agent};

pub(super) fn calls(stage: &Stage) -> Vec<Call> {
    [
        authority(),
        requests(&stage.offers),
        endings(&stage.offers),
        reads(&stage.offers),
    ]
    .concat()
}

fn authority() -> Vec<Call> {
    let check = |grantor| CheckAuthorityRequest {
        grantor: Some(grantor),
        cause: Cause::UnexpectedCost.into(),
        cart: Some(a_cart()),
        ladder: vec![RemedyKind::Information.into(), RemedyKind::AmountOff.into()],
        person_id: a_case().person_id,
        session_id: a_case().session_id,
        channel: a_case().channel,
    };
    let available = AvailableAgents {
        agents: vec![case_agent()],
    };
    vec![
        call("RecordCase", Service, a_case()),
        call(
            "CheckAuthority",
            an_agent(),
            check(Grantor::Caller(Caller {})),
        ),
        call(
            "CheckAuthority",
            Service,
            check(Grantor::Available(available)),
        ),
    ]
}

fn requests(offers: &Offers) -> Vec<Call> {
    let authorize = |case: &str, remedy: RemedyKind, value| AuthorizeOfferRequest {
        request_id: request_id(),
        intervention_id: case.to_owned(),
        remedy: remedy.into(),
        value: Some(value),
        cart_version: 1,
    };
    let amount = authorize(
        &offers.case_for_amount,
        RemedyKind::AmountOff,
        Value::Amount(usd(500)),
    );
    let share = authorize(
        &offers.case_for_share,
        RemedyKind::PercentOff,
        Value::DiscountBps(500),
    );
    let ask = RequestApprovalRequest {
        request_id: request_id(),
        offer_id: offers.too_dear.clone(),
    };
    let approve = ApproveOfferRequest {
        request_id: request_id(),
        offer_id: offers.to_approve.clone(),
    };
    let deny = DenyOfferRequest {
        request_id: request_id(),
        offer_id: offers.to_deny.clone(),
    };
    let watch = WatchApprovalsRequest {
        resume_token: String::new(),
    };
    vec![
        call("AuthorizeOffer", an_agent(), amount),
        call("AuthorizeOffer", an_agent(), share),
        call("RequestApproval", an_agent(), ask),
        call("ApproveOffer", a_supervisor(), approve),
        call("DenyOffer", a_supervisor(), deny),
        call("WatchApprovals", a_supervisor(), watch),
    ]
}

fn endings(offers: &Offers) -> Vec<Call> {
    let release = ReleaseOfferRequest {
        request_id: request_id(),
        offer_id: offers.to_release.clone(),
    };
    let redeem = RedeemOfferRequest {
        request_id: request_id(),
        offer_token: offers.token_to_redeem.clone(),
        order_id: "ORDER-1".to_owned(),
        cart_version: 1,
    };
    let reverse = ReverseRedemptionRequest {
        request_id: request_id(),
        redemption_id: offers.redemption.clone(),
        amount: Some(usd(100)),
        reason: ReversalReason::Return.into(),
    };
    vec![
        call("ReleaseOffer", an_agent(), release),
        call("RedeemOffer", Checkout, redeem),
        call("ReverseRedemption", Checkout, reverse),
    ]
}

fn reads(offers: &Offers) -> Vec<Call> {
    let get = GetOfferRequest {
        offer_id: offers.to_release.clone(),
    };
    let list = ListOffersRequest {
        intervention_id: offers.case_for_amount.clone(),
        state: Some(OfferState::Held.into()),
        page_size: 10,
        page_token: String::new(),
    };
    vec![
        call("GetOffer", an_agent(), get),
        call("ListOffers", Operator, list),
        call("GetOfferKeys", Checkout, GetOfferKeysRequest {}),
    ]
}
