//! Above what one supervisor may approve alone it takes two, and neither of them is whoever asked.

use std::time::Duration;

use domain::money::Money;
use domain::offer::OfferRefusal;
use domain::remedy::RemedyKind;
use domain::time::{earlier, later};
use storage::Database;
use testkit::builders::usd;
use testkit::on_each_engine;

use super::World;
use super::trails::kinds;
use super::world::{PATIENCE, granted, pending, request};
use crate::authority::{Grant, GrantorRole};
use crate::case::CaseAgent;
use crate::error::OfferError;
use crate::offer::{Approver, IllegalMove, Offer, State, StateName};
use crate::samples::{ana, colleague, line};
use crate::service::approve::Approval;
use crate::service::{Actor, Viewer};
use crate::store::migrations;

/// What one supervisor may approve alone.
const ALONE: i64 = 1_500;

fn supervisor(name: &str) -> Actor {
    as_supervisor(colleague(name))
}

fn as_supervisor(who: CaseAgent) -> Actor {
    Actor::Person(GrantorRole::Supervisor, who)
}

/// Supervisors up to USD 30.00, above USD 15.00 two of them.
fn two_above() -> Vec<Grant> {
    let supervisors = line(GrantorRole::Supervisor, RemedyKind::AmountOff, usd(3_000));
    vec![
        line(GrantorRole::Agent, RemedyKind::AmountOff, usd(1_000)),
        Grant {
            second_approval_above: Some(usd(ALONE)),
            ..supervisors
        },
    ]
}

/// A shop with that limit, and an offer of this amount that ana has asked a supervisor for.
async fn asked(database: Database, amount: i64) -> (World, Offer) {
    let world = World::with_budget(database, 10_000).await;
    world.policy(two_above()).await;
    let offer = world.pending(1, amount).await;
    (world, offer)
}

async fn approve(world: &World, actor: Actor, offer: &Offer) -> Result<Approval, OfferError> {
    let id = offer.terms.id;
    world.service.approve(world.key(), actor, id).await
}

#[track_caller]
fn first(approval: Result<Approval, OfferError>) -> Offer {
    match approval {
        Ok(Approval::FirstApproved(offer)) => *offer,
        other => panic!("not the first approval: {other:?}"),
    }
}

#[track_caller]
fn held(approval: Result<Approval, OfferError>) -> Offer {
    match approval {
        Ok(Approval::Granted(offer)) => *offer,
        other => panic!("not granted: {other:?}"),
    }
}

#[track_caller]
fn barred(approval: Result<Approval, OfferError>, reason: OfferRefusal) {
    match approval {
        Ok(Approval::Refused(refusal)) => assert_eq!(refusal.reasons, [reason]),
        other => panic!("not refused: {other:?}"),
    }
}

#[track_caller]
fn is_over(approval: &Result<Approval, OfferError>) {
    let over = IllegalMove::NoApprovalPending;
    assert!(matches!(approval, Err(OfferError::Move(fault)) if *fault == over));
}

async fn above_the_limit_it_takes_two(database: Database) {
    let (world, offer) = asked(database, ALONE + 1).await;

    let once = first(approve(&world, supervisor("sol"), &offer).await);
    assert_eq!(once.state.name(), StateName::ApprovalPending);
    assert_eq!(once.state.until(), offer.state.until(), "no time is won");
    assert_eq!(world.money().await, (0, 0), "one alone holds nothing");
    let twice = held(approve(&world, supervisor("eva"), &offer).await);

    assert_eq!(world.money().await, (ALONE + 1, 0));
    let sol = Approver::Supervisor(colleague("sol"));
    let hold = twice.state.hold().unwrap();
    assert_eq!(hold.first_approved_by.as_ref(), Some(&sol));
    assert_eq!(hold.approved_by, Some(colleague("eva").agent));
    let redeemed = world.redeem(&twice).await.unwrap().offer;
    assert_eq!(redeemed.state.first_approved_by(), Some(&sol));
    let noted = kinds(&world).await;
    let of_offer = [
        "needs_approval",
        "approval_requested",
        "first_approved",
        "granted",
        "redeemed",
    ];
    assert!(noted.ends_with(&of_offer.map(str::to_owned)), "{noted:?}");
    world.prove().await;
}

async fn up_to_the_limit_one_is_enough(database: Database) {
    let (world, offer) = asked(database, ALONE).await;

    let held = held(approve(&world, supervisor("sol"), &offer).await);

    assert_eq!(held.state.first_approved_by(), None);
}

async fn nobody_is_both_of_the_two(database: Database) {
    let (world, offer) = asked(database, 2_000).await;
    first(approve(&world, supervisor("sol"), &offer).await);

    let again = approve(&world, supervisor("sol"), &offer).await;
    barred(again, OfferRefusal::SameApprover);
    let own = approve(&world, as_supervisor(ana()), &offer).await;
    barred(own, OfferRefusal::OwnRequest);

    held(approve(&world, supervisor("eva"), &offer).await);
    world.prove().await;
}

async fn nobody_approves_an_own_request_of_any_size(database: Database) {
    let (world, offer) = asked(database, ALONE).await;

    let own = approve(&world, as_supervisor(ana()), &offer).await;

    barred(own, OfferRefusal::OwnRequest);
    assert_eq!(world.money().await, (0, 0));
}

async fn the_shop_is_one_pair_of_eyes(database: Database) {
    let (world, offer) = asked(database, 2_000).await;

    first(approve(&world, Actor::Shop, &offer).await);
    let again = approve(&world, Actor::Shop, &offer).await;
    barred(again, OfferRefusal::SameApprover);

    let held = held(approve(&world, supervisor("sol"), &offer).await);
    assert_eq!(held.state.first_approved_by(), Some(&Approver::Shop));
}

async fn a_denial_by_either_ends_it(database: Database) {
    let (world, offer) = asked(database, 2_000).await;
    let other = world.pending(2, 2_000).await;
    for (offer, name) in [(&offer, "eva"), (&other, "sol")] {
        first(approve(&world, supervisor("sol"), offer).await);

        let (key, who) = (world.key(), supervisor(name));
        let denied = world.service.deny(key, who, offer.terms.id).await;

        assert_eq!(denied.unwrap().state.name(), StateName::Denied);
        is_over(&approve(&world, supervisor("eva"), offer).await);
    }
    assert_eq!(world.money().await, (0, 0));
}

async fn the_second_has_the_time_that_was_left_to_the_first(database: Database) {
    let (world, offer) = asked(database, 2_000).await;
    let last = Duration::from_secs(1);
    world.clock.advance(PATIENCE.saturating_sub(last));
    first(approve(&world, supervisor("sol"), &offer).await);

    world.clock.advance(last);
    is_over(&approve(&world, supervisor("eva"), &offer).await);

    world.pass(Duration::ZERO).await;
    let read = world
        .service
        .get_offer(&world.tenant, &Viewer::Tenant, offer.terms.id);
    assert_eq!(read.await.unwrap().state, State::Denied(world.now()));
}

async fn the_second_looks_at_the_money_again(database: Database) {
    let (world, offer) = asked(database, 2_000).await;
    first(approve(&world, supervisor("sol"), &offer).await);
    for number in 10..19 {
        world.hold(number, 1_000).await;
    }

    let second = approve(&world, supervisor("eva"), &offer).await;

    barred(second, OfferRefusal::BudgetExhausted);
    assert_eq!(world.money().await, (9_000, 0));
    world.prove().await;
}

/// Two approve together what neither may alone; sol only until then.
fn sol_until(end: domain::time::Timestamp) -> String {
    format!(
        r#"@id("agents") permit (principal is Agent, action, resource) when {{ context.total <= 1000 }};
        @id("two") permit (principal is Supervisor, action, resource) when {{ context.approvals >= 2 }};
        @id("not-sol") forbid (principal == Supervisor::"north/sol", action, resource)
        when {{ context.now >= datetime("{end:.3}") }};"#
    )
}

async fn a_first_approval_ends_with_the_authority_for_it(database: Database) {
    let (world, offer) = asked(database, 2_000).await;
    let end = later(world.now(), Duration::from_mins(10));
    world.cedar(&sol_until(end)).await;
    first(approve(&world, supervisor("sol"), &offer).await);

    let granted = held(approve(&world, supervisor("eva"), &offer).await);

    let hold = granted.state.hold().unwrap();
    assert_eq!((hold.until, hold.authority_until), (end, Some(end)));
}

async fn a_first_approval_that_counts_no_more_is_replaced(database: Database) {
    let (world, offer) = asked(database, 2_000).await;
    first(approve(&world, supervisor("sol"), &offer).await);
    let past = earlier(world.now(), Duration::from_secs(1));
    world.cedar(&sol_until(past)).await;

    let replaced = first(approve(&world, supervisor("eva"), &offer).await);

    let eva = Approver::Supervisor(colleague("eva"));
    assert_eq!(replaced.state.first_approved_by(), Some(&eva));
    assert_eq!(world.money().await, (0, 0));
    held(approve(&world, supervisor("kim"), &offer).await);
}

async fn a_supervisor_who_asks_needs_two_others(database: Database) {
    let world = World::with_budget(database, 10_000).await;
    world.policy(two_above()).await;
    let sol = colleague("sol");
    world
        .case_of(1, |case| case.agent = Some(sol.clone()))
        .await;
    let ask = async |amount| {
        let mut request = request(1, amount);
        (request.role, request.who) = (GrantorRole::Supervisor, sol.clone());
        world.service.authorize(world.key(), request).await.unwrap()
    };
    granted(ask(ALONE).await);
    let offer = pending(ask(1_000).await);
    let id = offer.terms.id;
    let (key, who) = (world.key(), supervisor("sol"));
    world.service.request_approval(key, who, id).await.unwrap();

    let own = approve(&world, supervisor("sol"), &offer).await;
    barred(own, OfferRefusal::OwnRequest);
    first(approve(&world, supervisor("eva"), &offer).await);
    held(approve(&world, supervisor("kim"), &offer).await);

    assert_eq!(world.money().await, (ALONE + 1_000, 0));
}

async fn of_two_second_approvals_at_once_one_counts(database: Database) {
    let (world, offer) = asked(database, 2_000).await;
    first(approve(&world, supervisor("sol"), &offer).await);

    let (eva, kim) = tokio::join!(
        approve(&world, supervisor("eva"), &offer),
        approve(&world, supervisor("kim"), &offer),
    );

    let (won, lost) = if eva.is_ok() { (eva, kim) } else { (kim, eva) };
    held(won);
    is_over(&lost);
    assert_eq!(world.money().await, (2_000, 0));
    world.prove().await;
}

async fn an_approval_that_is_sent_again_is_answered_as_the_first_time(database: Database) {
    let (world, offer) = asked(database, 2_000).await;
    let (key, id) = (world.key(), offer.terms.id);
    let sol = || world.service.approve(key.clone(), supervisor("sol"), id);

    let once = first(sol().await);
    held(approve(&world, supervisor("eva"), &offer).await);

    assert_eq!(first(sol().await), once);
    assert_eq!(world.money().await, (2_000, 0));
}

async fn above_what_two_may_is_refused_with_what_would_pass(database: Database) {
    let world = World::with_budget(database, 10_000).await;
    world.policy(two_above()).await;
    world.case(1).await;

    let refused = super::world::refusal(world.ask(1, 3_001).await);

    assert_eq!(refused.reasons, [OfferRefusal::AboveAuthority]);
    assert_eq!(refused.most.map(Money::minor_units), Some(1_000));
}

on_each_engine!(
    [
        above_the_limit_it_takes_two,
        up_to_the_limit_one_is_enough,
        nobody_is_both_of_the_two,
        nobody_approves_an_own_request_of_any_size,
        the_shop_is_one_pair_of_eyes,
        a_denial_by_either_ends_it,
        the_second_has_the_time_that_was_left_to_the_first,
        the_second_looks_at_the_money_again,
        a_first_approval_ends_with_the_authority_for_it,
        a_first_approval_that_counts_no_more_is_replaced,
        a_supervisor_who_asks_needs_two_others,
        of_two_second_approvals_at_once_one_counts,
        an_approval_that_is_sent_again_is_answered_as_the_first_time,
        above_what_two_may_is_refused_with_what_would_pass,
    ],
    migrations()
);
