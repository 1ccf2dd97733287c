//! Above the agent's own authority: a supervisor of the partner, in time, with the money still there.

use std::time::Duration;

use domain::money::Money;
use domain::offer::OfferRefusal;
use domain::remedy::RemedyKind;
use domain::time::later;
use storage::Database;
use testkit::builders::{a_cart, usd};
use testkit::on_each_engine;

use super::World;
use super::world::{PATIENCE, pending, refusal};
use crate::authority::GrantorRole;
use crate::error::OfferError;
use crate::offer::{IllegalMove, Offer, StateName};
use crate::samples::{ana, colleague, line, programme, stranger};
use crate::service::approve::Approval;
use crate::service::{Actor, Viewer};
use crate::store::migrations;

fn supervisor() -> Actor {
    Actor::Person(GrantorRole::Supervisor, colleague("sol"))
}

fn agent() -> Actor {
    Actor::Person(GrantorRole::Agent, ana())
}

/// An offer of USD 20.00, which ana has asked a supervisor for.
async fn asked(world: &World) -> Offer {
    world.pending(1, 2_000).await
}

async fn approve(world: &World, actor: Actor, offer: &Offer) -> Result<Approval, OfferError> {
    world
        .service
        .approve(world.key(), actor, offer.terms.id)
        .await
}

fn reasons(approval: Result<Approval, OfferError>) -> Vec<OfferRefusal> {
    match approval {
        Ok(Approval::Refused(refusal)) => refusal.reasons,
        other => panic!("not refused: {other:?}"),
    }
}

async fn a_supervisor_approves_what_an_agent_may_not_grant(database: Database) {
    let world = World::with_budget(database, 10_000).await;
    let offer = asked(&world).await;
    assert_eq!(offer.state.name(), StateName::ApprovalPending);
    assert_eq!(
        world.money().await,
        (0, 0),
        "nothing is held for a question"
    );

    let Ok(Approval::Granted(held)) = approve(&world, supervisor(), &offer).await else {
        panic!("not approved");
    };

    assert_eq!(world.money().await, (2_000, 0));
    let signed = held.state.hold().unwrap().approved_by.clone();
    assert_eq!(signed, Some(colleague("sol").agent));
    world.redeem(&held).await.unwrap();
    world.prove().await;
}

async fn nobody_approves_twice_or_what_nobody_asked_for(database: Database) {
    let world = World::with_budget(database, 10_000).await;
    world.case(1).await;
    let offer = pending(world.ask(1, 2_000).await);
    let illegal = |outcome: Result<Approval, OfferError>| {
        matches!(
            outcome,
            Err(OfferError::Move(IllegalMove::NoApprovalPending))
        )
    };

    assert!(illegal(approve(&world, supervisor(), &offer).await));
    let asked = world
        .service
        .request_approval(world.key(), agent(), offer.terms.id);
    asked.await.unwrap();
    approve(&world, supervisor(), &offer).await.unwrap();
    assert!(illegal(approve(&world, supervisor(), &offer).await));
    assert_eq!(world.money().await, (2_000, 0));
}

async fn a_supervisor_of_another_partner_sees_nothing(database: Database) {
    let world = World::with_budget(database, 10_000).await;
    let offer = asked(&world).await;
    let other = Actor::Person(GrantorRole::Supervisor, stranger());

    let outcome = approve(&world, other, &offer).await;

    assert!(matches!(outcome, Err(OfferError::OfferUnknown)));
}

async fn a_supervisor_approves_within_an_authority_too(database: Database) {
    let world = World::with_budget(database, 10_000).await;
    let offer = asked(&world).await;
    world
        .policy(vec![line(
            GrantorRole::Supervisor,
            RemedyKind::AmountOff,
            usd(1_999),
        )])
        .await;

    let refused = reasons(approve(&world, supervisor(), &offer).await);

    assert_eq!(refused, [OfferRefusal::AboveAuthority]);
    let shop = approve(&world, Actor::Shop, &offer).await;
    assert_eq!(reasons(shop), [OfferRefusal::AboveAuthority]);
    world
        .policy(vec![line(
            GrantorRole::Supervisor,
            RemedyKind::AmountOff,
            usd(2_000),
        )])
        .await;
    assert!(matches!(
        approve(&world, Actor::Shop, &offer).await,
        Ok(Approval::Granted(_))
    ));
    world.prove().await;
}

async fn money_and_cart_are_looked_at_again(database: Database) {
    let world = World::with_budget(database, 2_500).await;
    let offer = asked(&world).await;
    world.hold(2, 1_000).await;
    let gone = reasons(approve(&world, supervisor(), &offer).await);
    assert_eq!(gone, [OfferRefusal::BudgetExhausted]);

    let more = world
        .service
        .top_up(world.key(), programme().id, usd(1_000));
    more.await.unwrap();
    let changed = |case: &mut crate::case::Case| {
        case.revision = 2;
        case.cart = a_cart()
            .with_version(2)
            .with_value(20_000)
            .with_margin(10_000)
            .build();
    };
    world.case_of(1, changed).await;
    let stale = reasons(approve(&world, supervisor(), &offer).await);
    assert_eq!(stale, [OfferRefusal::CartChanged]);
    assert_eq!(world.money().await, (1_000, 0));
    world.prove().await;
}

async fn an_approval_that_does_not_come_is_a_denial(database: Database) {
    let world = World::with_budget(database, 10_000).await;
    let offer = asked(&world).await;
    assert_eq!(offer.state.until(), later(world.now(), PATIENCE));
    world.clock.advance(PATIENCE);

    let late = approve(&world, supervisor(), &offer).await;
    assert!(matches!(
        late,
        Err(OfferError::Move(IllegalMove::NoApprovalPending))
    ));

    world.pass(Duration::ZERO).await;
    let read = world
        .service
        .get_offer(&world.tenant, &Viewer::Tenant, offer.terms.id);
    assert_eq!(read.await.unwrap().state.name(), StateName::Denied);
}

async fn a_denial_is_final(database: Database) {
    let world = World::with_budget(database, 10_000).await;
    let offer = asked(&world).await;
    let id = offer.terms.id;

    let denied = world
        .service
        .deny(world.key(), supervisor(), id)
        .await
        .unwrap();

    assert_eq!(denied.state.name(), StateName::Denied);
    assert!(approve(&world, supervisor(), &offer).await.is_err());
    let again = world
        .service
        .request_approval(world.key(), agent(), id)
        .await;
    assert!(matches!(
        again,
        Err(OfferError::Move(IllegalMove::NoApprovalNeeded))
    ));
}

async fn above_everybody_is_refused_with_what_would_pass(database: Database) {
    let world = World::with_budget(database, 10_000).await;
    world.case(1).await;

    let refused = refusal(world.ask(1, 3_001).await);

    assert_eq!(refused.reasons, [OfferRefusal::AboveAuthority]);
    assert_eq!(refused.most.map(Money::minor_units), Some(1_000));
}

on_each_engine!(
    [
        a_supervisor_approves_what_an_agent_may_not_grant,
        nobody_approves_twice_or_what_nobody_asked_for,
        a_supervisor_of_another_partner_sees_nothing,
        a_supervisor_approves_within_an_authority_too,
        money_and_cart_are_looked_at_again,
        an_approval_that_does_not_come_is_a_denial,
        a_denial_is_final,
        above_everybody_is_refused_with_what_would_pass,
    ],
    migrations()
);
