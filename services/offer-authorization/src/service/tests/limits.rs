//! Caps are exact and "once" is once, however many ask at the same time.

use std::time::Duration;

use domain::id::ProgrammeId;
use domain::offer::OfferRefusal;
use domain::time::later;
use futures::future::join_all;
use storage::{Database, RequestKey, StoreFault};
use testkit::builders::usd;
use testkit::on_each_engine;
use tokio::task::JoinHandle;

use super::World;
use super::world::{granted, refusal, request};
use crate::error::OfferError;
use crate::offer::{IllegalMove, Offer};
use crate::programme::Programme;
use crate::samples::{ana, programme};
use crate::service::{Authorization, Redeemed};
use crate::store::ledger::EntryFilter;
use crate::store::migrations;

const CALLS: u64 = 300;
/// Rounds of one test. Four tests of them make twenty, and each is a process that ends soon also on a busy machine.
const ROUNDS: i64 = 5;
const PARTS: u64 = 4;
const DAY: Duration = Duration::from_hours(24);
/// How often a hold is redeemed by many, in each part.
const HOLDS: u64 = 100 / PARTS;

/// 300 agents ask for one minor unit at once, each on a case of its own.
async fn rush(world: &World) -> Vec<Authorization> {
    let calls = (0..CALLS).map(|number| ask(world, number, 1));
    let answers = join_all(calls).await;
    answers.into_iter().map(Result::unwrap).collect()
}

/// Asks from a task of its own, with a new request.
fn ask(world: &World, number: u64, amount: i64) -> JoinHandle<Authorization> {
    let (service, key, request) = (world.service.clone(), world.key(), request(number, amount));
    tokio::spawn(async move {
        for _ in 0..TRIES {
            let answer = service.authorize(key.clone(), request.clone()).await;
            if !is_worth_another_try(&answer) {
                return answer.unwrap();
            }
        }
        panic!("nobody answers");
    })
}

/// Redeems from a task of its own.
fn redeem(
    world: &World,
    offer: &Offer,
    key: RequestKey,
) -> JoinHandle<Result<Redeemed, OfferError>> {
    let (service, redemption) = (world.service.clone(), world.redemption(offer));
    tokio::spawn(async move {
        for _ in 0..TRIES {
            let answer = service.redeem(key.clone(), redemption.clone()).await;
            if !is_worth_another_try(&answer) {
                return answer;
            }
        }
        panic!("nobody answers");
    })
}

/// Each try that is not answered has waited for at least a second.
const TRIES: usize = 60;

/// Whoever waits too long for a connection or a lock sends the same request again, as a client does.
fn is_worth_another_try<T>(answer: &Result<T, OfferError>) -> bool {
    let Err(OfferError::Store(failure)) = answer else {
        return false;
    };
    matches!(failure.fault(), StoreFault::Unavailable | StoreFault::Busy)
}

async fn record_cases(world: &World) {
    for number in 0..CALLS {
        world.case(number).await;
    }
}

fn assert_hundred_granted(answers: Vec<Authorization>, otherwise: OfferRefusal) {
    let (granted, refused): (Vec<_>, Vec<_>) = answers
        .into_iter()
        .partition(|answer| matches!(answer, Authorization::Granted(_)));
    assert_eq!(granted.len(), 100);
    for answer in refused {
        assert_eq!(refusal(answer).reasons, [otherwise]);
    }
}

async fn a_budget_of_a_hundred_grants_a_hundred(database: Database) {
    let world = World::with_budget(database, 0).await;
    record_cases(&world).await;
    for round in 1..=ROUNDS {
        let top_up = world.service.top_up(world.key(), programme().id, usd(100));
        top_up.await.unwrap();

        let answers = rush(&world).await;

        assert_hundred_granted(answers, OfferRefusal::BudgetExhausted);
        assert_eq!(world.money().await, (100 * round, 0));
        world.prove().await;
    }
}

async fn a_purse_of_a_hundred_grants_a_hundred(database: Database) {
    let all_year = Programme {
        ends_at: later(testkit::clock::start(), DAY * 365),
        ..programme()
    };
    let world = World::with(database, all_year, usd(1_000_000)).await;
    world.set_purse(Some(ana()), 100).await;
    record_cases(&world).await;
    for _ in 0..ROUNDS {
        let answers = rush(&world).await;

        assert_hundred_granted(answers, OfferRefusal::PurseExhausted);
        assert_eq!(world.set_purse(Some(ana()), 100).await, 100);
        world.prove().await;
        // Each day has a full purse.
        world.clock.advance(DAY);
    }
}

async fn a_use_limit_of_three_grants_three(database: Database) {
    let three = Programme {
        id: ProgrammeId::parse("three").unwrap(),
        offers_per_person: 3,
        ..programme()
    };
    let world = World::bare(database);
    world.open(three, usd(1_000_000)).await;
    world.case(1).await;

    let calls = (0..50).map(|_| ask(&world, 1, 1));
    let answers = join_all(calls).await.into_iter().map(Result::unwrap);

    let granted = answers.filter(|answer| matches!(answer, Authorization::Granted(_)));
    assert_eq!(granted.count(), 3);
    world.prove().await;
}

async fn one_hold_is_redeemed_once(database: Database) {
    let world = World::with_budget(database, 1_000_000).await;
    for number in 0..HOLDS {
        let offer = world.hold(number, 100).await;
        let calls = (0..30).map(|_| redeem(&world, &offer, world.key()));
        let (redeemed, refused): (Vec<_>, Vec<_>) = join_all(calls)
            .await
            .into_iter()
            .map(Result::unwrap)
            .partition(Result::is_ok);
        assert_eq!((redeemed.len(), refused.len()), (1, 29));
        for refusal in refused {
            let again = OfferError::Move(IllegalMove::AlreadyRedeemed);
            assert_eq!(refusal.unwrap_err().to_string(), again.to_string());
        }
    }
    assert_eq!(world.money().await, (0, 2_500));
    world.prove().await;
}

async fn one_request_is_answered_alike(database: Database) {
    let world = World::with_budget(database, 1_000_000).await;
    for number in 0..HOLDS {
        let offer = world.hold(number, 100).await;
        let key = world.key();
        let calls = (0..30).map(|_| redeem(&world, &offer, key.clone()));
        let answers: Vec<_> = join_all(calls)
            .await
            .into_iter()
            .map(|answer| answer.unwrap().unwrap())
            .collect();
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        let of_offer = EntryFilter {
            offer: Some(offer.terms.id),
            ..EntryFilter::default()
        };
        let page = platform::paging::PageRequest::first();
        let entries = world.service.list_entries(&world.tenant, &of_offer, &page);
        assert_eq!(
            entries.await.unwrap().items.len(),
            2,
            "a hold and its redemption"
        );
    }
    world.prove().await;
}

async fn asking_on_one_case_at_once_is_no_way_around_authority(database: Database) {
    let world = World::with_budget(database, 1_000_000).await;
    world.case(1).await;

    let calls = (0..20).map(|_| ask(&world, 1, 300));
    let answers = join_all(calls).await.into_iter().map(Result::unwrap);

    let granted: Vec<_> = answers
        .filter(|answer| matches!(answer, Authorization::Granted(_)))
        .map(granted)
        .collect();
    assert_eq!(
        granted.len(),
        3,
        "three times 3.00 is within 10.00, four times is not"
    );
    world.prove().await;
}

on_each_engine!(
    [
        a_use_limit_of_three_grants_three,
        asking_on_one_case_at_once_is_no_way_around_authority,
    ],
    migrations()
);

macro_rules! in_parts {
    ($($part:ident),+ $(,)?) => {
        $(mod $part {
            use super::*;

            on_each_engine!(
                [
                    a_budget_of_a_hundred_grants_a_hundred,
                    a_purse_of_a_hundred_grants_a_hundred,
                    one_hold_is_redeemed_once,
                    one_request_is_answered_alike,
                ],
                migrations()
            );
        })+
    };
}

in_parts! { first, second, third, fourth }
