//! Who may call what, and that others see nothing.

use domain::id::{AgentId, PartnerId};
use platform::auth::Role;
use proto::error::v1::ErrorReason;
use proto::offers::v1 as pb;
use testkit::builders::partner;
use testkit::grpc::{assert_hides, assert_refused};
use tonic::Code;

use crate::world::{World, a_case, a_programme, authorize, create, fresh, redeem};

#[tokio::test]
async fn no_broken_token_gets_in() {
    let world = World::with_case().await;
    for (name, token) in world.tokens().broken(Role::Agent) {
        let refused = world
            .offers_with(&token)
            .authorize_offer(authorize(1))
            .await;
        assert_eq!(refused.unwrap_err().code(), Code::Unauthenticated, "{name}");
    }
    assert_eq!(world.money().await, (0, 0));
    world.stop().await;
}

fn kept_out(refused: Result<(), tonic::Status>, what: &str) {
    let code = refused.unwrap_err().code();
    assert_eq!(code, Code::PermissionDenied, "{what}");
}

#[tokio::test]
async fn a_caller_of_another_kind_is_kept_out() {
    let world = World::with_case().await;
    let held = world.hold(1).await;
    for role in [
        Role::Platform,
        Role::Checkout,
        Role::Service,
        Role::Operator,
    ] {
        let mut client = world.offers_with(&world.tokens().of(role));
        let granted = client.authorize_offer(authorize(1)).await.map(drop);
        kept_out(granted, &format!("{role:?} grants"));
    }
    for role in [
        Role::Agent,
        Role::Supervisor,
        Role::Operator,
        Role::Platform,
    ] {
        let mut client = world.offers_with(&world.tokens().of(role));
        let redeemed = client.redeem_offer(redeem(&held)).await.map(drop);
        kept_out(redeemed, &format!("{role:?} redeems"));
        let recorded = client.record_case(a_case()).await.map(drop);
        kept_out(recorded, &format!("{role:?} records"));
    }
    world.stop().await;
}

#[tokio::test]
async fn only_operators_make_rules_and_only_supervisors_approve() {
    let world = World::with_case().await;
    let held = world.hold(1).await;
    for role in [
        Role::Agent,
        Role::Supervisor,
        Role::Platform,
        Role::Checkout,
    ] {
        let mut client = world.programmes_with(&world.tokens().of(role));
        let created = client
            .create_programme(create(a_programme()))
            .await
            .map(drop);
        kept_out(created, &format!("{role:?} creates"));
    }
    let approve = pb::ApproveOfferRequest {
        request_id: fresh(),
        offer_id: held.offer.unwrap().offer_id,
    };
    kept_out(
        world.agent().approve_offer(approve).await.map(drop),
        "an agent approves",
    );
    world.stop().await;
}

#[tokio::test]
async fn another_partner_and_another_tenant_see_nothing() {
    let world = World::with_case().await;
    let offer_id = world.hold(1).await.offer.unwrap().offer_id;
    let south = PartnerId::parse("south").unwrap();
    let ana = AgentId::parse("ana").unwrap();
    let strangers = [
        world.tokens().agent_of(south.clone(), ana.clone()),
        world.tokens().supervisor_of(south, ana),
        world.tokens().of_other_tenant(Role::Agent),
        world.tokens().of_other_tenant(Role::Supervisor),
    ];
    for token in strangers {
        let mut client = world.offers_with(&token);
        let get = pb::GetOfferRequest {
            offer_id: offer_id.clone(),
        };
        let refused = client.get_offer(get).await.unwrap_err();
        assert_refused(&refused, Code::NotFound, ErrorReason::NotFound, None);
        assert_hides(&refused, &offer_id);
        let listed = client
            .list_offers(pb::ListOffersRequest::default())
            .await
            .unwrap();
        assert!(listed.into_inner().offers.is_empty());
        let release = pb::ReleaseOfferRequest {
            request_id: fresh(),
            offer_id: offer_id.clone(),
        };
        let refused = client.release_offer(release).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound);
        let refused = client.authorize_offer(authorize(1)).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound);
    }
    assert_eq!(world.money().await, (1, 0));
    world.stop().await;
}

#[tokio::test]
async fn a_token_of_another_tenants_offer_is_not_redeemed() {
    let world = World::with_case().await;
    let held = world.hold(1).await;
    let mut theirs = world.offers_with(&world.tokens().of_other_tenant(Role::Checkout));

    let refused = theirs.redeem_offer(redeem(&held)).await.unwrap_err();

    let (code, reason) = (Code::InvalidArgument, ErrorReason::TokenNotVerified);
    assert_refused(&refused, code, reason, Some("offer_token"));
    assert_hides(&refused, &held.offer_token);
    world.stop().await;
}

#[tokio::test]
async fn an_agent_of_one_partner_is_not_asked_about_by_another() {
    let world = World::with_case().await;
    let check = pb::CheckAuthorityRequest {
        grantor: Some(pb::check_authority_request::Grantor::Available(
            pb::AvailableAgents {
                agents: vec![pb::CaseAgent {
                    partner_id: "south".to_owned(),
                    agent_id: "ana".to_owned(),
                }],
            },
        )),
        cause: a_case().cause,
        cart: a_case().cart,
        ladder: Vec::new(),
        person_id: String::new(),
        session_id: String::new(),
        channel: None,
    };
    assert_eq!(partner().as_str(), "north");

    let refused = world.agent().check_authority(check).await.unwrap_err();

    assert_refused(&refused, Code::NotFound, ErrorReason::UnknownPartner, None);
    world.stop().await;
}
