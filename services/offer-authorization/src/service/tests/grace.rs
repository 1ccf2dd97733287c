//! The grace after the end of a hold: what it gives, and what it is no way around.

use std::time::Duration;

use domain::remedy::RemedyKind;
use domain::time::later;
use storage::Database;
use testkit::builders::usd;
use testkit::on_each_engine;

use super::World;
use super::world::{GRACE, granted};
use crate::authority::GrantorRole;
use crate::error::OfferError;
use crate::offer::{IllegalMove, StateName};
use crate::samples::line;
use crate::store::migrations;

const HOLD: Duration = Duration::from_mins(15);
const MS: Duration = Duration::from_millis(1);

fn is_ended<T>(outcome: &Result<T, OfferError>) -> bool {
    matches!(outcome, Err(OfferError::Move(IllegalMove::NotHeld)))
}

async fn redemption_wins_in_the_grace_when_there_is_room(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    let offer = world.hold(1, 1_000).await;
    world.pass(HOLD).await;
    world.clock.advance(GRACE.saturating_sub(MS));

    let redeemed = world.redeem(&offer).await.unwrap();

    assert_eq!(redeemed.offer.state.name(), StateName::Redeemed);
    assert_eq!(world.money().await, (0, 1_000));
    world.prove().await;
}

async fn redemption_loses_in_the_grace_when_the_room_is_taken(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    let late = world.hold(1, 600).await;
    world.pass(HOLD).await;
    world.hold(2, 600).await;

    assert!(is_ended(&world.redeem(&late).await));

    assert_eq!(world.money().await, (600, 0));
    world.prove().await;
}

async fn redemption_loses_after_the_grace(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    let seen = world.hold(1, 100).await;
    let unseen = world.hold(2, 100).await;
    world.pass(HOLD).await;
    world.clock.advance(GRACE);

    for offer in [seen, unseen] {
        assert!(is_ended(&world.redeem(&offer).await));
    }
    world.prove().await;
}

async fn a_hold_that_nobody_ended_yet_is_redeemed_in_its_grace(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    let offer = world.hold(1, 1_000).await;
    world.clock.advance(HOLD);

    world.redeem(&offer).await.unwrap();

    world.pass(HOLD).await;
    assert_eq!(world.money().await, (0, 1_000));
    world.prove().await;
}

async fn no_grace_outlasts_the_authority(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    let mut ending = line(GrantorRole::Agent, RemedyKind::AmountOff, usd(1_000));
    let end = later(world.now(), Duration::from_mins(5));
    ending.expires_at = Some(end);
    world.policy(vec![ending]).await;
    let [seen, unseen] = [world.hold(1, 100).await, world.hold(2, 100).await];
    assert_eq!(seen.state.until(), end);

    world.clock.set(end);
    assert!(is_ended(&world.redeem(&unseen).await));
    world.pass(Duration::ZERO).await;
    assert!(is_ended(&world.redeem(&seen).await));

    assert_eq!(world.money().await, (0, 0));
    world.prove().await;
}

async fn an_offer_that_another_took_the_place_of_is_over(database: Database) {
    let world = World::with_budget(database, 10_000).await;
    let late = world.hold(1, 1_000).await;
    world.pass(HOLD).await;
    // The agent may give 10.00 on a cart, and the first offer counts no more.
    let instead = granted(world.ask(1, 1_000).await);

    assert!(is_ended(&world.redeem(&late).await));

    world.redeem(&instead).await.unwrap();
    assert!(is_ended(&world.redeem(&late).await));
    assert_eq!(world.money().await, (0, 1_000));
    world.prove().await;
}

async fn offers_that_were_granted_together_are_redeemed_together(database: Database) {
    let world = World::with_budget(database, 10_000).await;
    let first = world.hold(1, 600).await;
    let second = granted(world.ask(1, 400).await);
    world.pass(HOLD).await;

    for offer in [&second, &first] {
        world.redeem(offer).await.unwrap();
    }

    assert_eq!(world.money().await, (0, 1_000));
    world.prove().await;
}

on_each_engine!(
    [
        redemption_wins_in_the_grace_when_there_is_room,
        redemption_loses_in_the_grace_when_the_room_is_taken,
        redemption_loses_after_the_grace,
        a_hold_that_nobody_ended_yet_is_redeemed_in_its_grace,
        no_grace_outlasts_the_authority,
        an_offer_that_another_took_the_place_of_is_over,
        offers_that_were_granted_together_are_redeemed_together,
    ],
    migrations()
);
