//! Offers that are decided on together: each as if it had come by itself, after those before it.

use std::time::Duration;

use domain::id::{ProgrammeId, TenantId};
use domain::offer::OfferRefusal;
use futures::FutureExt;
use futures::future::join_all;
use sea_orm::ConnectionTrait;
use storage::{Database, StoreError};
use testkit::builders::{bps, usd};
use testkit::on_each_engine;

use super::World;
use super::rules::check;
use super::trails::assert_sound;
use super::world::{granted, refusal, request};
use crate::authority::Standing;
use crate::error::OfferError;
use crate::floors::{FloorScope, FloorSetting};
use crate::programme::{Programme, ProgrammeState};
use crate::samples::{MONEY_CAUSE, ana, programme};
use crate::service::Authorization;
use crate::store::standings::KnownPerson;
use crate::store::{generations, migrations};

const ROUNDS: u64 = 10;

/// Asks for all of these at once. The first is under way while the others gather.
async fn ask_together(
    world: &World,
    wishes: &[(u64, i64)],
) -> Vec<Result<Authorization, OfferError>> {
    let calls = wishes.iter().map(|(number, amount)| {
        let request = request(*number, *amount);
        world.service.authorize(world.key(), request)
    });
    join_all(calls).await
}

async fn what_is_granted_on_a_cart_counts_for_those_after_it(database: Database) {
    let world = World::with_budget(database, 1_000_000).await;
    for round in 0..ROUNDS {
        let [first, second] = [2 * round, 2 * round + 1];
        world.case(first).await;
        world.case(second).await;

        // An agent may take 10.00 off a cart in all.
        let wishes = [(first, 100), (second, 600), (second, 600), (second, 400)];
        let answers = ask_together(&world, &wishes).await;

        let amounts = answers.into_iter().map(|answer| match answer.unwrap() {
            Authorization::Granted(offer) => offer.terms.amount.minor_units(),
            Authorization::ApprovalNeeded(_) => 0,
            Authorization::Refused(refusal) => panic!("{refusal:?}"),
        });
        assert_eq!(amounts.collect::<Vec<_>>(), [100, 600, 0, 400]);
        world.prove().await;
    }
}

async fn a_fault_of_one_call_is_that_of_no_other(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    for number in 1..=3 {
        world.case(number).await;
    }
    let unknown = 99;

    let wishes = [(1, 300), (unknown, 300), (2, 9_999_999), (3, 700), (1, 1)];
    let mut answers = ask_together(&world, &wishes).await.into_iter();
    let mut next = || answers.next().unwrap();

    granted(next().unwrap());
    assert!(matches!(next(), Err(OfferError::CaseUnknown)));
    let reasons = refusal(next().unwrap()).reasons;
    assert!(
        reasons.contains(&OfferRefusal::BudgetExhausted),
        "{reasons:?}"
    );
    granted(next().unwrap());
    assert_eq!(
        refusal(next().unwrap()).reasons,
        [OfferRefusal::BudgetExhausted]
    );
    assert_eq!(world.money().await, (1_000, 0));
    world.prove().await;
}

async fn shops_that_ask_together_keep_their_own(database: Database) {
    let first = World::with_budget(database, 5_000).await;
    let others = ["globex", "initech", "umbrella"];
    let mut worlds = Vec::from(others.map(|name| first.beside(TenantId::parse(name).unwrap())));
    for world in &worlds {
        world.open(programme(), usd(500)).await;
    }
    worlds.push(first);
    for world in &worlds {
        for number in 0..10 {
            world.case(number).await;
        }
    }

    let calls = worlds.iter().flat_map(|world| {
        (0..10).map(|number| {
            let request = request(number, 100);
            world.service.authorize(world.key(), request)
        })
    });
    let answers: Vec<_> = join_all(calls)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();

    let granted = |answers: &[Authorization]| {
        let granted = |answer: &&Authorization| matches!(answer, Authorization::Granted(_));
        answers.iter().filter(granted).count()
    };
    let by_shop: Vec<usize> = answers.chunks(10).map(granted).collect();
    assert_eq!(by_shop, [5, 5, 5, 10]);
    for world in &worlds {
        world.prove().await;
        assert_sound(world).await;
    }
}

async fn whoever_changes_a_rule_it_counts_at_once(database: Database) {
    let world = World::with_budget(database, 1_000_000).await;
    world.case(1).await;
    granted(world.ask(1, 100).await);

    // By hand, and not through this service.
    let by_hand = "UPDATE programmes SET remedies = 'percent_off'";
    let changed: Result<(), StoreError> = world
        .database()
        .write(move |tx| {
            async move {
                tx.execute_unprepared(by_hand).await?;
                Ok(())
            }
            .boxed()
        })
        .await;
    changed.unwrap();

    let reasons = world.refused(1, 100).await;
    assert_eq!(reasons, [OfferRefusal::RemedyNotAllowed]);
}

async fn each_change_of_a_rule_raises_the_generation(database: Database) {
    let world = World::with_budget(database, 1_000_000).await;
    let mut last = generation(&world).await;
    let service = &world.service;
    let frozen = ProgrammeState::Frozen;
    let other = Programme {
        id: ProgrammeId::parse("other").unwrap(),
        ..programme()
    };
    let known = KnownPerson {
        who: ana(),
        standing: Standing::default(),
    };
    let floor = |least| FloorSetting {
        scope: FloorScope {
            category: None,
            remedy: None,
        },
        least,
    };

    let created = service.create_programme(world.key(), other, usd(0));
    created.await.unwrap();
    last = raised(&world, last, "a new programme").await;
    let changed = service.set_programme_state(world.key(), programme().id, frozen);
    changed.await.unwrap();
    last = raised(&world, last, "the state of a programme").await;
    world.set_purse(None, 500).await;
    last = raised(&world, last, "a purse").await;
    service.set_standing(world.key(), known).await.unwrap();
    last = raised(&world, last, "a standing").await;
    for least in [Some(bps(100)), Some(bps(200)), None] {
        let set = service.set_margin_floor(world.key(), floor(least));
        set.await.unwrap();
        last = raised(&world, last, "a margin floor").await;
    }
    world.activate(0).await;
    last = raised(&world, last, "an activation").await;
    world.case(1).await;
    world.ask(1, 100).await;
    assert_eq!(generation(&world).await, last, "an offer is no rule");
}

async fn what_another_process_changes_is_checked_by_soon(database: Database) {
    let world = World::with_budget(database, 1_000_000).await;
    let other = world.beside(world.tenant.clone());
    let before = check(&world, vec![ana()], MONEY_CAUSE).await;
    assert!(before.refused.is_empty(), "{before:?}");

    let frozen = ProgrammeState::Frozen;
    let changed = other
        .service
        .set_programme_state(other.key(), programme().id, frozen);
    changed.await.unwrap();

    let by_the_other = check(&other, vec![ana()], MONEY_CAUSE).await;
    assert!(
        !by_the_other.refused.is_empty(),
        "at once by whoever made it"
    );
    let seen = async {
        while check(&world, vec![ana()], MONEY_CAUSE)
            .await
            .refused
            .is_empty()
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let seen = tokio::time::timeout(Duration::from_secs(20), seen).await;
    seen.unwrap();
}

async fn generation(world: &World) -> i64 {
    let tenants = std::slice::from_ref(&world.tenant);
    let generations = generations::of_all(world.database().read(), tenants);
    generations.await.unwrap()[0]
}

async fn raised(world: &World, last: i64, by: &str) -> i64 {
    let now = generation(world).await;
    assert!(now > last, "{by} raises the generation {last}");
    now
}

on_each_engine!(
    [
        what_is_granted_on_a_cart_counts_for_those_after_it,
        a_fault_of_one_call_is_that_of_no_other,
        shops_that_ask_together_keep_their_own,
        whoever_changes_a_rule_it_counts_at_once,
        each_change_of_a_rule_raises_the_generation,
        what_another_process_changes_is_checked_by_soon,
    ],
    migrations()
);
