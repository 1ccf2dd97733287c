//! Offers in each state, each of a case of its own.

use platform::ids::{IdSource, SystemIds};
use proto::cause::v1::Cause;
use proto::channel::v1::Channel;
use proto::offers::v1::authorize_offer_request::Value;
use proto::offers::v1::authorize_offer_response::Decision;
use proto::offers::v1::{
    AuthorizeOfferRequest, CaseAgent, GrantedOffer, RecordCaseRequest, RedeemOfferRequest,
    RequestApprovalRequest,
};
use proto::remedy::v1::RemedyKind;
use testkit::builders;

use crate::people::usd;
use crate::shop::{AGENT, PARTNER, Shop, request_id};

/// Offers and cases, each where one call can go on from.
pub(crate) struct Offers {
    /// Cases without an offer.
    pub(crate) case_for_amount: String,
    pub(crate) case_for_share: String,
    /// Above the agent's authority, and not yet asked for.
    pub(crate) too_dear: String,
    /// Waiting for a supervisor.
    pub(crate) to_approve: String,
    pub(crate) to_deny: String,
    /// Held.
    pub(crate) to_release: String,
    pub(crate) token_to_redeem: String,
    /// The redemption of an offer.
    pub(crate) redemption: String,
}

impl Offers {
    pub(super) async fn make(shop: &Shop) -> Self {
        Self {
            case_for_amount: case(shop).await,
            case_for_share: case(shop).await,
            too_dear: too_dear(shop).await,
            to_approve: asked_for(shop).await,
            to_deny: asked_for(shop).await,
            to_release: held(shop).await.offer.unwrap().offer_id,
            token_to_redeem: held(shop).await.offer_token,
            redemption: redemption(shop).await,
        }
    }
}

/// What is known of an intervention of its own: a cart of USD 200.00, half of it margin, too dear for its shopper.
pub(crate) fn a_case() -> RecordCaseRequest {
    let cart = builders::a_cart()
        .with_value(20_000)
        .with_margin(10_000)
        .with_shipping(1_900)
        .with_tax(700)
        .build();
    RecordCaseRequest {
        request_id: request_id(),
        intervention_id: format!("itv_{}", SystemIds.next_uuid()),
        revision: 1,
        session_id: format!("ses_{}", SystemIds.next_uuid()),
        person_id: format!("shp_{}", SystemIds.next_uuid()),
        cause: Cause::UnexpectedCost.into(),
        cart: Some(cart.into()),
        agent: Some(case_agent()),
        channel: Some(Channel::Chat.into()),
    }
}

/// The agent of these flows, as a case names people.
pub(crate) fn case_agent() -> CaseAgent {
    CaseAgent {
        partner_id: PARTNER.to_owned(),
        agent_id: AGENT.to_owned(),
    }
}

async fn case(shop: &Shop) -> String {
    let case = a_case();
    let intervention = case.intervention_id.clone();
    shop.cases().record_case(case).await.unwrap();
    intervention
}

async fn ask(shop: &Shop, amount: i64) -> Decision {
    let request = AuthorizeOfferRequest {
        request_id: request_id(),
        intervention_id: case(shop).await,
        remedy: RemedyKind::AmountOff.into(),
        value: Some(Value::Amount(usd(amount))),
        cart_version: 1,
    };
    let answer = shop.agent_offers().authorize_offer(request).await.unwrap();
    answer.into_inner().decision.unwrap()
}

async fn held(shop: &Shop) -> GrantedOffer {
    match ask(shop, 500).await {
        Decision::Granted(granted) => granted,
        other => panic!("not granted: {other:?}"),
    }
}

async fn too_dear(shop: &Shop) -> String {
    match ask(shop, 3_000).await {
        Decision::ApprovalNeeded(needed) => needed.offer.unwrap().offer_id,
        other => panic!("no approval needed: {other:?}"),
    }
}

async fn asked_for(shop: &Shop) -> String {
    let offer_id = too_dear(shop).await;
    let ask = RequestApprovalRequest {
        request_id: request_id(),
        offer_id: offer_id.clone(),
    };
    shop.agent_offers().request_approval(ask).await.unwrap();
    offer_id
}

async fn redemption(shop: &Shop) -> String {
    let redeem = RedeemOfferRequest {
        request_id: request_id(),
        offer_token: held(shop).await.offer_token,
        order_id: "ORDER-2".to_owned(),
        cart_version: 1,
    };
    let answer = shop.checkout().redeem_offer(redeem).await.unwrap();
    answer.into_inner().redemption_id
}
