//! Whose case, whose offer, whose token.

use domain::offer::OfferRefusal;
use storage::Database;
use testkit::builders::{other_tenant, usd};
use testkit::on_each_engine;

use super::World;
use super::world::{refusal, request};
use crate::authority::GrantorRole;
use crate::error::OfferError;
use crate::samples::{ana, colleague, stranger};
use crate::service::{Actor, Redeemed, Viewer};
use crate::store::migrations;

async fn a_token_is_bound_to_tenant_offer_and_cart(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    let offer = world.hold(1, 100).await;
    let good = world.redemption(&offer);
    let is_invalid = |outcome: Result<_, OfferError>, field: &str| match outcome {
        Err(OfferError::Invalid(fault)) => assert_eq!(fault.field, field),
        Err(other) => panic!("{other:?}"),
        Ok::<Redeemed, _>(redeemed) => panic!("{redeemed:?}"),
    };

    let mut elsewhere = world.key();
    elsewhere.tenant = other_tenant();
    is_invalid(
        world.service.redeem(elsewhere, good.clone()).await,
        "offer_token",
    );
    let mut other_cart = good.clone();
    other_cart.cart_version += 1;
    is_invalid(
        world.service.redeem(world.key(), other_cart).await,
        "cart_version",
    );
    let mut cheaper = offer.clone();
    cheaper.terms.amount = usd(900);
    let forged = world.redemption(&cheaper);
    is_invalid(
        world.service.redeem(world.key(), forged).await,
        "offer_token",
    );

    world.service.redeem(world.key(), good).await.unwrap();
    world.prove().await;
}

async fn only_the_agent_of_the_case_may_ask(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    world.case(1).await;
    world.case_of(2, |case| case.agent = None).await;
    let ask = async |number, who| {
        let mut request = request(number, 100);
        request.who = who;
        world.service.authorize(world.key(), request).await
    };

    let colleague = ask(1, colleague("bo")).await.unwrap();
    assert_eq!(refusal(colleague).reasons, [OfferRefusal::AgentNotAssigned]);
    let nobody = ask(2, ana()).await.unwrap();
    assert_eq!(refusal(nobody).reasons, [OfferRefusal::AgentNotAssigned]);
    let other_partner = ask(1, stranger()).await;
    assert!(matches!(other_partner, Err(OfferError::CaseUnknown)));
    let unknown = ask(9, ana()).await;
    assert!(matches!(unknown, Err(OfferError::CaseUnknown)));
}

async fn partners_see_their_own_offers_only(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    let offer = world.hold(1, 100).await;
    let south = Viewer::Partner(stranger().partner);
    let north = Viewer::Partner(ana().partner);
    let get = |viewer| {
        let (service, tenant) = (&world.service, &world.tenant);
        async move {
            service
                .get_offer(tenant, viewer, offer.terms.id)
                .await
                .is_ok()
        }
    };

    assert!(get(&north).await && get(&Viewer::Tenant).await);
    assert!(!get(&south).await);
    let other = other_tenant();
    let elsewhere = world
        .service
        .get_offer(&other, &Viewer::Tenant, offer.terms.id);
    assert!(matches!(elsewhere.await, Err(OfferError::OfferUnknown)));
    let thief = Actor::Person(GrantorRole::Supervisor, stranger());
    let taken = world
        .service
        .release(world.key(), thief, offer.terms.id)
        .await;
    assert!(matches!(taken, Err(OfferError::OfferUnknown)));
    let colleague = Actor::Person(GrantorRole::Agent, colleague("bo"));
    let taken = world
        .service
        .release(world.key(), colleague, offer.terms.id)
        .await;
    assert!(matches!(taken, Err(OfferError::OfferUnknown)));
}

on_each_engine!(
    [
        a_token_is_bound_to_tenant_offer_and_cart,
        only_the_agent_of_the_case_may_ask,
        partners_see_their_own_offers_only,
    ],
    migrations()
);
