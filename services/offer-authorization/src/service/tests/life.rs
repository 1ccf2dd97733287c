//! What becomes of an offer, what it does to the money, and that a replay changes nothing.

use std::time::Duration;

use domain::offer::OfferRefusal;
use domain::time::{elapsed, later};
use platform::status::{Kind, ServiceError};
use storage::Database;
use testkit::builders::{a_cart, other_tenant, usd};
use testkit::on_each_engine;

use super::World;
use super::world::{granted, refusal, request};
use crate::authority::GrantorRole;
use crate::error::OfferError;
use crate::offer::{IllegalMove, StateName};
use crate::samples::ana;
use crate::service::{Actor, Authorization, ReversalReason, ReverseRedemption, Viewer};
use crate::store::migrations;

const HOLD: Duration = Duration::from_mins(15);
const MS: Duration = Duration::from_millis(1);

fn reversal(redemption: domain::id::RedemptionId, amount: Option<i64>) -> ReverseRedemption {
    ReverseRedemption {
        redemption,
        amount: amount.map(usd),
        reason: ReversalReason::Return,
    }
}

fn is_ended<T>(outcome: &Result<T, OfferError>) -> bool {
    matches!(outcome, Err(OfferError::Move(IllegalMove::NotHeld)))
}

async fn from_hold_to_reversal_the_money_follows(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    let offer = world.hold(1, 600).await;
    assert_eq!(world.money().await, (600, 0));
    assert_eq!(elapsed(world.now(), offer.state.until()), HOLD);

    let redeemed = world.redeem(&offer).await.unwrap();
    assert_eq!(world.money().await, (0, 600));

    let part = reversal(redeemed.redemption, Some(200));
    let offer = world.service.reverse(world.key(), part).await.unwrap();
    assert_eq!(offer.state.name(), StateName::PartlyReversed);
    assert_eq!(world.money().await, (0, 400));

    let rest = reversal(redeemed.redemption, None);
    let first = world
        .service
        .reverse(world.key(), rest.clone())
        .await
        .unwrap();
    let second = world.service.reverse(world.key(), rest).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(world.money().await, (0, 0));
    world.prove().await;
}

async fn a_release_makes_room_again(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    let offer = world.hold(1, 1_000).await;
    world.case(2).await;
    assert_eq!(
        world.refused(2, 1_000).await,
        [OfferRefusal::BudgetExhausted]
    );

    let actor = Actor::Person(GrantorRole::Agent, ana());
    let id = offer.terms.id;
    world
        .service
        .release(world.key(), actor.clone(), id)
        .await
        .unwrap();

    granted(world.ask(2, 1_000).await);
    assert!(is_ended(&world.redeem(&offer).await));
    assert!(is_ended(
        &world.service.release(world.key(), actor, id).await
    ));
    world.prove().await;
}

async fn a_hold_ends_with_its_time(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    let offer = world.hold(1, 1_000).await;

    world.pass(HOLD.saturating_sub(MS)).await;
    assert_eq!(world.money().await, (1_000, 0));
    world.pass(MS).await;
    assert_eq!(world.money().await, (0, 0));

    let read = world
        .service
        .get_offer(&world.tenant, &Viewer::Tenant, offer.terms.id);
    assert_eq!(read.await.unwrap().state.name(), StateName::Expired);
    world.prove().await;
}

async fn the_next_end_is_when_the_timer_looks_again(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    world.hold(1, 100).await;
    let second = Duration::from_secs(1);
    assert_eq!(world.service.expire_due().await.unwrap(), second);

    world
        .clock
        .advance(HOLD.saturating_sub(Duration::from_millis(300)));
    let pause = world.service.expire_due().await.unwrap();

    assert_eq!(pause, Duration::from_millis(300));
}

async fn replays_of_every_step_change_nothing(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    world.case(1).await;
    let keys: Vec<_> = (0..3).map(|_| world.key()).collect();
    let mut answers = Vec::new();
    for _ in 0..3 {
        let request = request(1, 600);
        let authorization = world
            .service
            .authorize(keys[0].clone(), request)
            .await
            .unwrap();
        let offer = granted(authorization);
        let redemption = world.redemption(&offer);
        let redeemed = world
            .service
            .redeem(keys[1].clone(), redemption)
            .await
            .unwrap();
        let part = reversal(redeemed.redemption, Some(200));
        let reversed = world.service.reverse(keys[2].clone(), part).await.unwrap();
        answers.push((offer, redeemed, reversed));
        world.clock.advance(Duration::from_hours(24));
    }

    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(world.money().await, (0, 400));
    world.prove().await;
}

async fn a_changed_request_under_an_old_id_is_refused(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    world.case(1).await;
    let key = world.key();
    let request = request(1, 600);
    world
        .service
        .authorize(key.clone(), request.clone())
        .await
        .unwrap();

    let mut changed = key.clone();
    changed.body_hash = [1; 32];
    let reused = world.service.authorize(changed, request.clone()).await;
    let reused = reused.unwrap_err();
    assert_eq!(reused.kind(), Kind::RequestIdReused);

    let mut elsewhere = key;
    elsewhere.tenant = other_tenant();
    let unknown = world.service.authorize(elsewhere, request).await;
    assert!(matches!(unknown, Err(OfferError::CaseUnknown)));
    assert_eq!(world.money().await, (600, 0));
}

async fn a_newer_record_of_a_case_replaces_an_older_one(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    let newer = |case: &mut crate::case::Case| {
        case.revision = 3;
        case.cart = a_cart().with_version(7).with_value(20_000).build();
    };
    world.case_of(1, newer).await;
    let stale = world.case_of(1, |case| case.revision = 2).await;
    let counts = world.service.record_case(world.key(), stale).await.unwrap();

    assert_eq!(counts, 3);
    assert_eq!(world.refused(1, 100).await, [OfferRefusal::CartChanged]);
    let mut request = request(1, 100);
    request.cart_version = 7;
    let answer = world.service.authorize(world.key(), request).await.unwrap();
    assert_eq!(granted(answer).terms.cart_version, 7);
}

async fn an_old_redemption_is_not_reversed(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    let offer = world.hold(1, 100).await;
    let redeemed = world.redeem(&offer).await.unwrap();
    let age = Duration::from_hours(24 * 90);
    world.clock.set(later(world.now(), age));
    let whole = reversal(redeemed.redemption, None);
    world.clock.advance(MS);

    let refused = world.service.reverse(world.key(), whole).await;

    assert!(matches!(refused, Err(OfferError::RedemptionTooOld)));
    assert_eq!(world.money().await, (0, 100));
}

async fn more_than_what_is_left_is_not_reversed(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    let offer = world.hold(1, 100).await;
    let redeemed = world.redeem(&offer).await.unwrap();
    let take = |amount| {
        world
            .service
            .reverse(world.key(), reversal(redeemed.redemption, amount))
    };

    assert!(matches!(take(Some(101)).await, Err(OfferError::Invalid(_))));
    take(Some(60)).await.unwrap();
    assert!(matches!(take(Some(41)).await, Err(OfferError::Invalid(_))));
    take(Some(40)).await.unwrap();
    let again = take(Some(1)).await;
    assert!(matches!(
        again,
        Err(OfferError::Move(IllegalMove::AlreadyReversed))
    ));
    world.prove().await;
}

async fn a_refusal_is_an_answer_that_is_kept(database: Database) {
    let world = World::with_budget(database, 100).await;
    world.case(1).await;
    let (key, request) = (world.key(), request(1, 600));
    let first = world
        .service
        .authorize(key.clone(), request.clone())
        .await
        .unwrap();
    let refused = refusal(first.clone());
    assert_eq!(refused.reasons, [OfferRefusal::BudgetExhausted]);
    assert_eq!(refused.most, Some(usd(100)));

    let more = world
        .service
        .top_up(world.key(), crate::samples::programme().id, usd(900));
    more.await.unwrap();
    let replay = world.service.authorize(key, request).await.unwrap();

    assert_eq!(replay, first);
    assert!(matches!(world.ask(1, 600).await, Authorization::Granted(_)));
    world.prove().await;
}

on_each_engine!(
    [
        from_hold_to_reversal_the_money_follows,
        a_release_makes_room_again,
        a_hold_ends_with_its_time,
        the_next_end_is_when_the_timer_looks_again,
        replays_of_every_step_change_nothing,
        a_changed_request_under_an_old_id_is_refused,
        a_newer_record_of_a_case_replaces_an_older_one,
        an_old_redemption_is_not_reversed,
        more_than_what_is_left_is_not_reversed,
        a_refusal_is_an_answer_that_is_kept,
    ],
    migrations()
);
