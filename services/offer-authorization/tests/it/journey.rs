//! Every RPC once, in the order of a day.

use std::time::Duration;

use domain::fact::FactBody;
use proto::cause::v1::Cause;
use proto::offers::v1 as pb;
use proto::remedy::v1::{OfferRefusal, RemedyKind};
use testkit::builders::{a_cart, usd};
use testkit::eventually;

use crate::world::{
    World, an_intervention, ana, authorize, fresh, granted, needing_approval, redeem, reverse,
};

const DEADLINE: Duration = Duration::from_secs(10);

/// How much moved, and how; `None` for any other fact.
fn moved(body: &FactBody) -> Option<(&'static str, i64)> {
    if let FactBody::OfferHeld { amount, .. } = body {
        return Some(("held", amount.minor_units()));
    }
    if let FactBody::OfferRedeemed { amount, .. } = body {
        return Some(("redeemed", amount.minor_units()));
    }
    if let FactBody::OfferReversed { amount, .. } = body {
        return Some(("reversed", amount.minor_units()));
    }
    None
}

#[tokio::test]
async fn an_offer_is_granted_redeemed_and_taken_back() {
    let world = World::with_case().await;

    let held = world.hold(1_500).await;
    let offer = held.offer.clone().unwrap();
    assert_eq!(offer.state(), pb::OfferState::Held);
    assert_eq!((offer.policy_version, offer.agent), (0, Some(ana())));
    assert_eq!(world.money().await, (1_500, 0));

    let answer = world.checkout().redeem_offer(redeem(&held)).await.unwrap();
    let redeemed = answer.into_inner();
    assert_eq!(redeemed.offer.unwrap().order_id, "ORDER-1");
    assert_eq!(world.money().await, (0, 1_500));

    let part = reverse(&redeemed.redemption_id, Some(500));
    let answer = world.checkout().reverse_redemption(part).await.unwrap();
    let offer = answer.into_inner().offer.unwrap();
    assert_eq!(offer.state(), pb::OfferState::PartlyReversed);
    assert_eq!(offer.reversed_amount, Some(usd(500).into()));
    let rest = reverse(&redeemed.redemption_id, None);
    world.checkout().reverse_redemption(rest).await.unwrap();
    assert_eq!(world.money().await, (0, 0));

    let facts = world.told().some(4).await;
    let amounts: Vec<_> = facts
        .iter()
        .filter_map(|told| moved(&told.fact.body))
        .collect();
    let expected = [
        ("held", 1_500),
        ("redeemed", 1_500),
        ("reversed", 500),
        ("reversed", 1_000),
    ];
    assert_eq!(amounts, expected);
    world.stop().await;
}

#[tokio::test]
async fn an_offer_above_authority_is_approved_or_denied() {
    let world = World::with_case().await;
    let ask = || async {
        let answer = world
            .agent()
            .authorize_offer(authorize(3_000))
            .await
            .unwrap();
        let offer_id = needing_approval(answer.into_inner());
        let request = pb::RequestApprovalRequest {
            request_id: fresh(),
            offer_id: offer_id.clone(),
        };
        let asked = world.agent().request_approval(request).await.unwrap();
        let offer = asked.into_inner().offer.unwrap();
        assert_eq!(offer.state(), pb::OfferState::ApprovalPending);
        offer_id
    };

    let deny = pb::DenyOfferRequest {
        request_id: fresh(),
        offer_id: ask().await,
    };
    let denied = world.supervisor().deny_offer(deny).await.unwrap();
    let state = denied.into_inner().offer.unwrap().state();
    assert_eq!(state, pb::OfferState::Denied);

    let approve = pb::ApproveOfferRequest {
        request_id: fresh(),
        offer_id: ask().await,
    };
    let approved = world.supervisor().approve_offer(approve).await.unwrap();
    let Some(pb::approve_offer_response::Decision::Granted(held)) = approved.into_inner().decision
    else {
        panic!("not approved");
    };
    assert_eq!(held.offer.as_ref().unwrap().approved_by, "sol");
    world.checkout().redeem_offer(redeem(&held)).await.unwrap();
    assert_eq!(world.money().await, (0, 3_000));
    world.stop().await;
}

#[tokio::test]
async fn a_refusal_names_all_reasons_and_what_would_pass() {
    let world = World::with_case().await;
    let mut stale = authorize(100_000);
    stale.cart_version = 9;

    let answer = world.agent().authorize_offer(stale).await.unwrap();
    let Some(pb::authorize_offer_response::Decision::Refused(refused)) =
        answer.into_inner().decision
    else {
        panic!("not refused");
    };

    let reasons: Vec<_> = refused
        .reasons
        .iter()
        .map(pb::RefusalReason::reason)
        .collect();
    let expected = [
        OfferRefusal::AboveAuthority,
        OfferRefusal::MarginFloor,
        OfferRefusal::BudgetExhausted,
        OfferRefusal::CartChanged,
    ];
    assert_eq!(reasons, expected);
    assert!(
        refused
            .reasons
            .iter()
            .all(|reason| !reason.remedy_hint.is_empty())
    );
    assert!(
        refused
            .reasons
            .iter()
            .all(|reason| reason.max_amount.is_none())
    );
    world.stop().await;
}

#[tokio::test]
async fn a_percentage_is_rounded_down_to_the_minor_unit() {
    let world = World::with_case().await;
    let mut percent = authorize(1);
    percent.remedy = RemedyKind::PercentOff.into();
    percent.value = Some(pb::authorize_offer_request::Value::DiscountBps(333));

    let answer = world.agent().authorize_offer(percent).await.unwrap();

    let amount = granted(answer.into_inner()).offer.unwrap().amount;
    assert_eq!(amount, Some(usd(666).into()));
    world.stop().await;
}

#[tokio::test]
async fn a_release_and_the_end_of_a_hold_give_the_money_back() {
    let world = World::with_case().await;
    let released = world.hold(1_000).await.offer.unwrap();
    let release = pb::ReleaseOfferRequest {
        request_id: fresh(),
        offer_id: released.offer_id,
    };
    let answer = world.agent().release_offer(release).await.unwrap();
    let state = answer.into_inner().offer.unwrap().state();
    assert_eq!(state, pb::OfferState::Released);

    let forgotten = world.hold(1_000).await.offer.unwrap();
    world.clock.advance(Duration::from_mins(15));
    eventually(DEADLINE, || async { world.money().await == (0, 0) }).await;

    let get = pb::GetOfferRequest {
        offer_id: forgotten.offer_id,
    };
    let read = world.checkout().get_offer(get).await.unwrap();
    let state = read.into_inner().offer.unwrap().state();
    assert_eq!(state, pb::OfferState::Expired);
    world.stop().await;
}

#[tokio::test]
async fn the_gate_tells_what_an_available_agent_may_grant() {
    let world = World::with_case().await;
    let check = |grantor, cause: Cause| pb::CheckAuthorityRequest {
        grantor: Some(grantor),
        cause: cause.into(),
        cart: Some(
            a_cart()
                .with_value(20_000)
                .with_margin(10_000)
                .build()
                .into(),
        ),
        ladder: vec![RemedyKind::AmountOff.into(), RemedyKind::Information.into()],
        ..pb::CheckAuthorityRequest::default()
    };
    let available = pb::check_authority_request::Grantor::Available(pb::AvailableAgents {
        agents: vec![ana()],
    });
    let caller = pb::check_authority_request::Grantor::Caller(pb::Caller {});

    let cost = check(available.clone(), Cause::UnexpectedCost);
    let report = world
        .service()
        .check_authority(cost)
        .await
        .unwrap()
        .into_inner();
    assert!(report.empowered);
    assert_eq!(report.remedies[0].kind(), RemedyKind::Information);
    assert_eq!(report.remedies[0].max_amount, None);
    assert_eq!(report.remedies[1].max_amount, Some(usd(2_000).into()));
    assert_eq!(report.remedies[1].programme_id, "rescue");

    let doubt = check(available, Cause::ProductDoubt);
    let report = world
        .service()
        .check_authority(doubt)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        report.refused[0].reasons,
        [i32::from(OfferRefusal::CauseNotEligible)]
    );

    let own = check(caller, Cause::UnexpectedCost);
    let report = world
        .supervisor()
        .check_authority(own)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(report.remedies[1].max_amount, Some(usd(4_000).into()));
    world.stop().await;
}

#[tokio::test]
async fn offers_are_listed_in_pages_the_newest_first() {
    let world = World::with_case().await;
    let mut expected = Vec::new();
    for _ in 0..3 {
        expected.insert(0, world.hold(10).await.offer.unwrap().offer_id);
        world.clock.advance(Duration::from_secs(1));
    }
    let mut listed = Vec::new();
    let mut page = pb::ListOffersRequest {
        intervention_id: an_intervention(),
        state: Some(pb::OfferState::Held.into()),
        page_size: 2,
        page_token: String::new(),
    };
    loop {
        let answer = world
            .agent()
            .list_offers(page.clone())
            .await
            .unwrap()
            .into_inner();
        listed.extend(answer.offers.into_iter().map(|offer| offer.offer_id));
        if answer.next_page_token.is_empty() {
            break;
        }
        page.page_token = answer.next_page_token;
    }
    assert_eq!(listed, expected);
    world.stop().await;
}

#[tokio::test]
async fn a_checkout_verifies_a_token_offline() {
    let world = World::with_case().await;
    let held = world.hold(10).await;
    let keys = pb::GetOfferKeysRequest {};
    let keys = world
        .checkout()
        .get_offer_keys(keys)
        .await
        .unwrap()
        .into_inner()
        .keys;

    let header = jsonwebtoken::decode_header(&held.offer_token).unwrap();
    assert_eq!(header.kid.as_deref(), Some(keys[0].key_id.as_str()));
    let key = jsonwebtoken::DecodingKey::from_ed_components(&keys[0].public_key).unwrap();
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    rules.validate_exp = false;
    let read = jsonwebtoken::decode::<serde_json::Value>(&held.offer_token, &key, &rules).unwrap();

    let offer = held.offer.unwrap();
    assert_eq!(read.claims["offer"], offer.offer_id);
    assert_eq!(read.claims["person"], offer.person_id);
    assert_eq!(read.claims["minor_units"], 10);
    assert_eq!(read.claims["exp"], offer.expires_at.unwrap().seconds);
    world.stop().await;
}
