//! One request has one effect and one answer: at once, during the first, after a restart and after a year.

use std::time::Duration;

use futures::future::join_all;
use platform::auth::Role;
use proto::error::v1::ErrorReason;
use proto::offers::v1 as pb;
use testkit::builders::usd;
use testkit::grpc::assert_refused;
use tonic::Code;

use crate::rules::{a_policy, a_purse};
use crate::world::{
    World, a_case, a_programme, authorize, create, fresh, granted, needing_approval, redeem,
    reverse,
};

const YEAR: Duration = Duration::from_hours(24 * 365);

/// Sends a request three times: at once, after a restart, and with another body.
macro_rules! replayed {
    ($world:ident, $client:ident.$method:ident($request:expr), $change:expr) => {{
        let request = $request;
        let calls = (0..5).map(|_| {
            let (mut client, request) = ($world.$client(), request.clone());
            async move { client.$method(request).await.unwrap().into_inner() }
        });
        let answers = join_all(calls).await;
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        $world.restart().await;
        let again = $world.$client().$method(request.clone()).await.unwrap();
        assert_eq!(again.into_inner(), answers[0]);
        let changed = changed(request, $change);
        let refused = $world.$client().$method(changed).await.unwrap_err();
        let reason = ErrorReason::RequestIdReused;
        assert_refused(&refused, Code::InvalidArgument, reason, Some("request_id"));
        answers.into_iter().next().unwrap()
    }};
}

fn changed<T>(mut request: T, change: impl FnOnce(&mut T)) -> T {
    change(&mut request);
    request
}

fn other_offer(id: &mut String) {
    *id = crate::world::id::<domain::id::OfferId>(999);
}

#[tokio::test]
async fn offers_are_decided_once() {
    let mut world = World::with_case().await;
    replayed!(world, service.record_case(a_case()), |case| case.revision =
        7);
    let answer = replayed!(world, agent.authorize_offer(authorize(500)), |ask| {
        ask.cart_version = 2;
    });
    let held = granted(answer);
    let redeemed = replayed!(world, checkout.redeem_offer(redeem(&held)), |ask| {
        ask.order_id = "ORDER-2".to_owned();
    });
    replayed!(
        world,
        checkout.reverse_redemption(reverse(&redeemed.redemption_id, Some(200))),
        |ask| ask.amount = Some(usd(100).into())
    );
    assert_eq!(world.money().await, (0, 300));

    let release = pb::ReleaseOfferRequest {
        request_id: fresh(),
        offer_id: world.hold(70).await.offer.unwrap().offer_id,
    };
    replayed!(world, agent.release_offer(release), |ask| other_offer(
        &mut ask.offer_id
    ));
    assert_eq!(world.money().await, (0, 300));
    world.stop().await;
}

#[tokio::test]
async fn approvals_are_given_once() {
    let mut world = World::with_case().await;
    for approve in [true, false] {
        let answer = world
            .agent()
            .authorize_offer(authorize(3_000))
            .await
            .unwrap();
        let offer_id = needing_approval(answer.into_inner());
        let ask = pb::RequestApprovalRequest {
            request_id: fresh(),
            offer_id: offer_id.clone(),
        };
        replayed!(world, agent.request_approval(ask), |ask| other_offer(
            &mut ask.offer_id
        ));
        if approve {
            let yes = pb::ApproveOfferRequest {
                request_id: fresh(),
                offer_id,
            };
            replayed!(world, supervisor.approve_offer(yes), |yes| {
                other_offer(&mut yes.offer_id);
            });
            let all = pb::ListOffersRequest::default();
            let held = world.agent().list_offers(all).await.unwrap().into_inner();
            let release = pb::ReleaseOfferRequest {
                request_id: fresh(),
                offer_id: held.offers[0].offer_id.clone(),
            };
            world.agent().release_offer(release).await.unwrap();
        } else {
            let no = pb::DenyOfferRequest {
                request_id: fresh(),
                offer_id,
            };
            replayed!(world, supervisor.deny_offer(no), |no| other_offer(
                &mut no.offer_id
            ));
        }
    }
    assert_eq!(world.money().await, (0, 0));
    world.stop().await;
}

#[tokio::test]
async fn programmes_are_changed_once() {
    let mut world = World::with_case().await;
    let second = pb::Programme {
        programme_id: "second".to_owned(),
        ..a_programme()
    };
    replayed!(world, programmes.create_programme(create(second)), |ask| {
        ask.programme.as_mut().unwrap().offers_per_person = 7;
    });
    let top_up = pb::TopUpBudgetRequest {
        request_id: fresh(),
        programme_id: "rescue".to_owned(),
        amount: Some(usd(5).into()),
    };
    let answer = replayed!(world, programmes.top_up_budget(top_up), |ask| {
        ask.amount = Some(usd(6).into());
    });
    assert_eq!(answer.programme.unwrap().budget, Some(usd(10_005).into()));
    let freeze = pb::SetProgrammeStateRequest {
        request_id: fresh(),
        programme_id: "rescue".to_owned(),
        state: pb::ProgrammeState::Frozen.into(),
    };
    replayed!(world, programmes.set_programme_state(freeze), |ask| {
        ask.state = pb::ProgrammeState::Active.into();
    });
    world.stop().await;
}

#[tokio::test]
async fn a_margin_floor_is_set_once() {
    let mut world = World::with_case().await;
    let floor = pb::SetMarginFloorRequest {
        request_id: fresh(),
        floor: Some(pb::MarginFloor {
            category: Some("Shoes".to_owned()),
            remedy: None,
            floor_bps: Some(1_000),
        }),
    };
    replayed!(world, programmes.set_margin_floor(floor), |ask| {
        ask.floor.as_mut().unwrap().floor_bps = None;
    });
    world.stop().await;
}

#[tokio::test]
async fn purses_and_policies_are_changed_once() {
    let mut world = World::with_case().await;
    let purse = pb::SetPurseRequest {
        request_id: fresh(),
        purse: Some(a_purse()),
    };
    replayed!(world, programmes.set_purse(purse), |ask| {
        ask.purse.as_mut().unwrap().agent_id = "ana".to_owned();
    });
    replayed!(
        world,
        programmes.create_authority_policy(a_policy(1)),
        |ask| {
            ask.policy.as_mut().unwrap().purpose = "another".to_owned();
        }
    );
    let standing = pb::SetStandingRequest {
        request_id: fresh(),
        standing: Some(pb::Standing {
            partner_id: "north".to_owned(),
            agent_id: "ana".to_owned(),
            tier: "team_leader".to_owned(),
            certificates: Vec::new(),
        }),
    };
    replayed!(world, programmes.set_standing(standing), |ask| {
        ask.standing.as_mut().unwrap().tier.clear();
    });
    let activate = pb::ActivateAuthorityPolicyRequest {
        request_id: fresh(),
        version: 1,
        at: None,
    };
    replayed!(
        world,
        programmes.activate_authority_policy(activate),
        |ask| ask.version = 0
    );
    let all = pb::ListAuthorityPoliciesRequest::default();
    let listed = world
        .programmes()
        .list_authority_policies(all)
        .await
        .unwrap();
    assert_eq!(listed.into_inner().policies.len(), 2);
    world.stop().await;
}

#[tokio::test]
async fn an_answer_is_kept_for_a_year() {
    let world = World::with_case().await;
    let ask = authorize(500);
    let first = world
        .agent()
        .authorize_offer(ask.clone())
        .await
        .unwrap()
        .into_inner();

    world.clock.advance(YEAR);
    let again = world
        .agent()
        .authorize_offer(ask)
        .await
        .unwrap()
        .into_inner();

    assert_eq!(again, first, "the offer as it was then, and the same token");
    world.stop().await;
}

#[tokio::test]
async fn the_same_id_of_another_tenant_is_another_request() {
    let world = World::with_case().await;
    let theirs = world.tokens().of_other_tenant(Role::Service);
    let case = a_case();
    world.service().record_case(case.clone()).await.unwrap();

    let answer = world.offers_with(&theirs).record_case(case).await.unwrap();

    assert_eq!(answer.into_inner().revision, 1);
    let agent = world.tokens().of_other_tenant(Role::Agent);
    let answer = world
        .offers_with(&agent)
        .authorize_offer(authorize(500))
        .await
        .unwrap();
    let Some(pb::authorize_offer_response::Decision::Refused(refused)) =
        answer.into_inner().decision
    else {
        panic!("the other tenant has no programme");
    };
    assert_eq!(refused.reasons.len(), 1);
    assert_eq!(world.money().await, (0, 0));
    world.stop().await;
}
