//! A frozen budget takes no new holds; what is held of it is good.

use std::time::Duration;

use domain::offer::OfferRefusal;
use futures::future::join_all;
use storage::{Database, StoreFault};
use testkit::on_each_engine;

use super::{DAY, world_of};
use crate::budget::CarryOver;
use crate::error::OfferError;
use crate::offer::IllegalMove;
use crate::programme::ProgrammeState;
use crate::samples::programme;
use crate::service::Authorization;
use crate::service::tests::World;
use crate::service::tests::world::request;
use crate::store::migrations;

const CALLS: u64 = 40;

async fn set(world: &World, state: ProgrammeState) {
    let set = world
        .service
        .set_programme_state(world.key(), programme().id, state);
    assert_eq!(set.await.unwrap().programme.state, state);
}

async fn live_holds_are_redeemed_and_no_new_ones_opened(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    let live = world.hold(1, 300).await;
    let ended = world.hold(2, 100).await;
    world.case(3).await;
    world.pass(Duration::from_mins(14)).await;
    let released = world
        .service
        .release(world.key(), crate::service::Actor::Shop, ended.terms.id);
    released.await.unwrap();

    set(&world, ProgrammeState::Frozen).await;

    let refused = world.refused(3, 100).await;
    assert_eq!(refused, [OfferRefusal::ProgrammeInactive]);
    world.redeem(&live).await.unwrap();
    assert_eq!(world.money().await, (0, 300));
    set(&world, ProgrammeState::Active).await;
    world.hold(3, 100).await;
    world.prove().await;
}

async fn no_grace_gets_around_it(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    let offer = world.hold(1, 300).await;
    world.pass(Duration::from_mins(15)).await;
    set(&world, ProgrammeState::Frozen).await;

    let refused = world.redeem(&offer).await;

    assert!(matches!(
        refused,
        Err(OfferError::Move(IllegalMove::NotHeld))
    ));
    set(&world, ProgrammeState::Active).await;
    world.redeem(&offer).await.unwrap();
    world.prove().await;
}

async fn a_new_period_of_a_frozen_budget_is_frozen(database: Database) {
    let world = world_of(database, CarryOver::All).await;
    world.case(1).await;
    set(&world, ProgrammeState::Frozen).await;

    world.pass(DAY).await;

    let refused = world.refused(1, 100).await;
    assert_eq!(refused, [OfferRefusal::ProgrammeInactive]);
    set(&world, ProgrammeState::Active).await;
    world.hold(1, 1_000).await;
    world.prove().await;
}

/// Many ask while it is frozen: whoever was decided on before that was answered, holds nothing afterwards.
async fn nothing_is_held_after_the_answer(database: Database) {
    let world = World::with_budget(database, 1_000_000).await;
    for number in 0..CALLS {
        world.case(number).await;
    }
    let asks = (0..CALLS).map(|number| {
        let (service, key) = (world.service.clone(), world.key());
        tokio::spawn(async move { service.authorize(key, request(number, 1)).await })
    });
    let asks: Vec<_> = asks.collect();
    set(&world, ProgrammeState::Frozen).await;
    let held = world.money().await;

    let mut granted = 0;
    for answer in join_all(asks).await {
        match answer.unwrap() {
            Ok(Authorization::Granted(_)) => granted += 1,
            Ok(Authorization::Refused(refusal)) => {
                assert_eq!(refusal.reasons, [OfferRefusal::ProgrammeInactive]);
            }
            Ok(Authorization::ApprovalNeeded(offer)) => panic!("{offer:?}"),
            Err(OfferError::BudgetMoved) => {}
            Err(OfferError::Store(failure)) => {
                let faults = [StoreFault::Busy, StoreFault::Unavailable];
                assert!(faults.contains(&failure.fault()), "{failure:?}");
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    assert_eq!(world.money().await, held);
    assert_eq!(held, (granted, 0));
    world.prove().await;
}

on_each_engine!(
    [
        live_holds_are_redeemed_and_no_new_ones_opened,
        no_grace_gets_around_it,
        a_new_period_of_a_frozen_budget_is_frozen,
        nothing_is_held_after_the_answer,
    ],
    migrations()
);
