//! The end of a period.

use domain::offer::OfferRefusal;
use domain::time::later;
use futures::FutureExt;
use futures::future::join_all;
use sea_orm::ConnectionTrait;
use storage::{Database, StoreError};
use testkit::builders::usd;
use testkit::clock::start;
use testkit::on_each_engine;

use super::{
    ALLOWANCE, DAY, DAYS, budget, budget_so_far, line, money_of, until_the_end_of, used, world_of,
};
use crate::budget::CarryOver;
use crate::samples::programme;
use crate::store::ledger::{self, EntryFilter};
use crate::store::migrations;

/// 400 of the first day are redeemed. Answers the room that the second day has more than its allowance.
async fn carried_after_four_hundred(database: Database, carry_over: CarryOver) -> i64 {
    let world = world_of(database, carry_over).await;
    used(&world, 1, 400).await;
    until_the_end_of(&world, 1).await;

    world.pass(DAY / 2).await;

    assert_eq!(money_of(&world, 1).await, (400, 0, 400), "no room is left");
    let (cap, held, redeemed) = money_of(&world, 2).await;
    assert_eq!((held, redeemed), (0, 0));
    let carried = cap - ALLOWANCE;
    let told = budget_so_far(&world).await;
    assert_eq!(
        told,
        line(2_000 - 600 + carried, 2_000, 600 - carried, carried)
    );
    world.prove().await;
    carried
}

async fn nothing_is_carried_over(database: Database) {
    let carried = carried_after_four_hundred(database, CarryOver::Nothing).await;

    assert_eq!(carried, 0);
}

async fn all_is_carried_over(database: Database) {
    let carried = carried_after_four_hundred(database, CarryOver::All).await;

    assert_eq!(carried, 600);
}

async fn as_much_as_may_be_is_carried_over(database: Database) {
    let carried = carried_after_four_hundred(database, CarryOver::AtMost(usd(250))).await;

    assert_eq!(carried, 250);
}

async fn each_period_grants_what_it_has(database: Database) {
    let world = world_of(database, CarryOver::AtMost(usd(200))).await;
    world.case(1).await;
    world.hold(2, 900).await;
    assert_eq!(world.refused(1, 200).await, [OfferRefusal::BudgetExhausted]);
    until_the_end_of(&world, 1).await;

    world.pass(DAY / 2).await;

    // The hold has run out before the end of its day, so that day had all of it left.
    assert_eq!(money_of(&world, 2).await, (1_200, 0, 0));
    world.hold(3, 1_000).await;
    assert_eq!(world.refused(1, 300).await, [OfferRefusal::BudgetExhausted]);
    assert_eq!(world.money().await, (1_000, 0), "the open period is told");
    world.prove().await;
}

async fn periods_that_nobody_saw_the_end_of_are_ended_one_by_one(database: Database) {
    let world = world_of(database, CarryOver::All).await;

    world.pass(3 * DAY).await;

    assert_eq!(money_of(&world, 4).await, (4_000, 0, 0));
    for day in 1..=3 {
        assert_eq!(money_of(&world, day).await, (0, 0, 0), "day {day}");
    }
    assert_eq!(budget_so_far(&world).await, line(4_000, 4_000, 0, 6_000));
    world.prove().await;
}

async fn no_period_begins_after_the_end_of_the_programme(database: Database) {
    let world = world_of(database, CarryOver::Nothing).await;

    world.pass(DAY * 30).await;

    let last = money_of(&world, DAYS).await;
    assert_eq!(last, (ALLOWANCE, 0, 0));
    let told = budget_so_far(&world).await;
    assert_eq!(told, line(1_000, 10_000, 9_000, 0));
    world.prove().await;
}

async fn a_top_up_is_of_the_open_period(database: Database) {
    let world = world_of(database, CarryOver::Nothing).await;
    let top_up = |amount| {
        world
            .service
            .top_up(world.key(), programme().id, usd(amount))
    };
    top_up(50).await.unwrap();
    until_the_end_of(&world, 1).await;
    world.pass(DAY / 2).await;

    let report = top_up(70).await.unwrap();

    assert_eq!(report.budget, usd(1_070));
    assert_eq!(budget_so_far(&world).await, line(1_070, 2_120, 1_050, 0));
    world.prove().await;
}

/// Replicas look at the same time.
async fn a_period_ends_once(database: Database) {
    let world = world_of(database, CarryOver::All).await;
    world.clock.advance(DAY);

    let looks = join_all((0..8).map(|_| {
        let service = world.service.clone();
        tokio::spawn(async move { service.roll_over_due().await })
    }));
    for look in looks.await {
        look.unwrap().unwrap();
    }

    assert_eq!(money_of(&world, 2).await, (2_000, 0, 0));
    let all = EntryFilter::default();
    let page = platform::paging::PageRequest::first();
    let entries = world.service.list_entries(&world.tenant, &all, &page).await;
    let kinds: Vec<_> = entries
        .unwrap()
        .items
        .iter()
        .map(|entry| entry.kind.as_str())
        .collect();
    assert_eq!(kinds, ["carry_in", "carry_out", "top_up", "top_up"]);
    world.prove().await;
}

async fn room_that_was_left_behind_is_found(database: Database) {
    let world = world_of(database, CarryOver::All).await;
    world.pass(DAY).await;
    world.prove().await;
    let tamper = world.database().write(|tx| {
        async move {
            let first = "UPDATE limits SET cap = cap + 1 WHERE scope = 'budget' AND cap = 0";
            tx.execute_unprepared(first).await?;
            Ok::<(), StoreError>(())
        }
        .boxed()
    });
    tamper.await.unwrap();

    let found = ledger::discrepancies(world.database().read(), &world.tenant).await;

    let found: Vec<String> = found.unwrap().iter().map(ToString::to_string).collect();
    let rule = "a period that has ended has room";
    assert!(found.iter().any(|found| found.ends_with(rule)), "{found:?}");
}

/// A statement of one day leads to that of the next, across the end of the period between them.
async fn statements_go_on_over_the_end_of_a_period(database: Database) {
    let world = world_of(database, CarryOver::AtMost(usd(100))).await;
    used(&world, 1, 300).await;
    let noon = later(world.now(), DAY / 2);
    let next = later(noon, DAY);
    world.pass(DAY).await;
    used(&world, 2, 1_000).await;

    let first = budget(&world, start(), noon).await;
    let second = budget(&world, noon, next).await;

    assert_eq!(first, line(1_000, 1_000, 0, 0));
    assert_eq!(second, line(1_400, 1_000, 600, 100));
    world.prove().await;
}

on_each_engine!(
    [
        nothing_is_carried_over,
        all_is_carried_over,
        as_much_as_may_be_is_carried_over,
        each_period_grants_what_it_has,
        periods_that_nobody_saw_the_end_of_are_ended_one_by_one,
        no_period_begins_after_the_end_of_the_programme,
        a_top_up_is_of_the_open_period,
        a_period_ends_once,
        room_that_was_left_behind_is_found,
        statements_go_on_over_the_end_of_a_period,
    ],
    migrations()
);
