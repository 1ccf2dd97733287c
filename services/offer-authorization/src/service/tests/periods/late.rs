//! What comes back to a period that has ended, and what is still used of it.

use std::time::Duration;

use storage::Database;
use testkit::builders::usd;
use testkit::on_each_engine;

use super::{DAY, DAYS, budget_so_far, line, money_of, reversal, until_the_end_of, used, world_of};
use crate::authority::GrantorRole;
use crate::budget::CarryOver;
use crate::error::OfferError;
use crate::offer::Offer;
use crate::samples::ana;
use crate::service::Actor;
use crate::service::tests::World;
use crate::store::migrations;

const FIVE_MINUTES: Duration = Duration::from_mins(5);

/// A hold of 400 that is still open in its second day, where the clock is now.
async fn over_the_end(database: Database, carry_over: CarryOver) -> (World, Offer) {
    let world = world_of(database, carry_over).await;
    until_the_end_of(&world, 1).await;
    let offer = world.hold(1, 400).await;
    world.pass(FIVE_MINUTES).await;
    assert_eq!(money_of(&world, 1).await, (400, 400, 0));
    (world, offer)
}

async fn a_hold_is_redeemed_after_the_end_of_its_period(database: Database) {
    let (world, offer) = over_the_end(database, CarryOver::Nothing).await;

    world.redeem(&offer).await.unwrap();

    assert_eq!(money_of(&world, 1).await, (400, 0, 400));
    assert_eq!(money_of(&world, 2).await, (1_000, 0, 0));
    world.prove().await;
}

async fn what_is_not_used_after_all_is_carried_over_as_the_rest_was(database: Database) {
    let (world, _) = over_the_end(database, CarryOver::All).await;

    world.pass(DAY / 2).await;

    assert_eq!(money_of(&world, 1).await, (0, 0, 0));
    assert_eq!(money_of(&world, 2).await, (2_000, 0, 0));
    assert_eq!(budget_so_far(&world).await, line(2_000, 2_000, 0, 1_000));
    world.prove().await;
}

async fn what_is_not_used_after_all_lapses_as_the_rest_did(database: Database) {
    let (world, offer) = over_the_end(database, CarryOver::Nothing).await;

    let agent = Actor::Person(GrantorRole::Agent, ana());
    let released = world.service.release(world.key(), agent, offer.terms.id);
    released.await.unwrap();

    assert_eq!(money_of(&world, 1).await, (0, 0, 0));
    assert_eq!(money_of(&world, 2).await, (1_000, 0, 0));
    assert_eq!(budget_so_far(&world).await, line(1_000, 2_000, 1_000, 0));
    world.prove().await;
}

/// 600 were left and carried; 150 more are all that may be.
async fn no_more_is_carried_out_of_a_period_than_may_be(database: Database) {
    let (world, _) = over_the_end(database, CarryOver::AtMost(usd(750))).await;
    assert_eq!(money_of(&world, 2).await, (1_600, 0, 0));

    world.pass(DAY / 2).await;

    assert_eq!(money_of(&world, 1).await, (0, 0, 0));
    assert_eq!(money_of(&world, 2).await, (1_750, 0, 0));
    assert_eq!(budget_so_far(&world).await, line(1_750, 2_000, 250, 750));
    world.prove().await;
}

async fn redemption_in_the_grace_draws_on_the_open_period(database: Database) {
    let (world, offer) = over_the_end(database, CarryOver::Nothing).await;
    world.pass(FIVE_MINUTES * 2).await;
    assert_eq!(money_of(&world, 1).await, (0, 0, 0));

    let redeemed = world.redeem(&offer).await.unwrap();
    let whole = reversal(redeemed.redemption, None);

    assert_eq!(money_of(&world, 2).await, (1_000, 0, 400));
    world.prove().await;
    // One of each that comes back to a period that has ended, for one offer.
    until_the_end_of(&world, 2).await;
    world.pass(DAY / 2).await;
    world.service.reverse(world.key(), whole).await.unwrap();
    assert_eq!(money_of(&world, 3).await, (1_400, 0, 0));
    world.prove().await;
}

async fn a_reversal_restores_the_budget_of_an_open_period(database: Database) {
    let world = world_of(database, CarryOver::Nothing).await;
    let (redemption, _) = used(&world, 1, 1_000).await;

    let whole = reversal(redemption, None);
    world.service.reverse(world.key(), whole).await.unwrap();

    assert_eq!(money_of(&world, 1).await, (1_000, 0, 0));
    world.hold(2, 1_000).await;
    world.prove().await;
}

async fn a_reversal_after_the_period_is_booked_to_the_next(database: Database) {
    let world = world_of(database, CarryOver::Nothing).await;
    let (redemption, _) = used(&world, 1, 1_000).await;
    until_the_end_of(&world, 1).await;
    world.pass(DAY / 2).await;

    for (part, first, second) in [(300, 700, 1_300), (200, 500, 1_500)] {
        let part = reversal(redemption, Some(part));
        world.service.reverse(world.key(), part).await.unwrap();
        assert_eq!(money_of(&world, 1).await, (first, 0, first));
        assert_eq!(money_of(&world, 2).await, (second, 0, 0));
    }
    let rest = || reversal(redemption, None);
    let once = world.service.reverse(world.key(), rest()).await.unwrap();
    let again = world.service.reverse(world.key(), rest()).await.unwrap();

    assert_eq!(again, once, "the second one answers as the first");
    assert_eq!(money_of(&world, 1).await, (0, 0, 0));
    assert_eq!(money_of(&world, 2).await, (2_000, 0, 0));
    assert_eq!(budget_so_far(&world).await, line(2_000, 2_000, 0, 1_000));
    world.prove().await;
}

/// Nobody can grant it again, but the sums are true.
async fn a_reversal_after_the_programme_stays_in_its_last_period(database: Database) {
    let world = world_of(database, CarryOver::Nothing).await;
    until_the_end_of(&world, DAYS).await;
    let (redemption, _) = used(&world, 1, 600).await;
    world.pass(DAY).await;

    let whole = reversal(redemption, None);
    world.service.reverse(world.key(), whole).await.unwrap();

    assert_eq!(money_of(&world, DAYS).await, (1_000, 0, 0));
    world.prove().await;
}

async fn a_redemption_is_too_old_in_whichever_period(database: Database) {
    let world = world_of(database, CarryOver::All).await;
    let (redemption, _) = used(&world, 1, 600).await;
    world.pass(DAY * 91).await;

    let whole = reversal(redemption, None);
    let refused = world.service.reverse(world.key(), whole).await;

    assert!(matches!(refused, Err(OfferError::RedemptionTooOld)));
    assert_eq!(money_of(&world, 1).await, (600, 0, 600));
    world.prove().await;
}

on_each_engine!(
    [
        a_hold_is_redeemed_after_the_end_of_its_period,
        what_is_not_used_after_all_is_carried_over_as_the_rest_was,
        what_is_not_used_after_all_lapses_as_the_rest_did,
        no_more_is_carried_out_of_a_period_than_may_be,
        redemption_in_the_grace_draws_on_the_open_period,
        a_reversal_restores_the_budget_of_an_open_period,
        a_reversal_after_the_period_is_booked_to_the_next,
        a_reversal_after_the_programme_stays_in_its_last_period,
        a_redemption_is_too_old_in_whichever_period,
    ],
    migrations()
);
