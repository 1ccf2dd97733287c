//! The guards behind the rules: what happens when something is wrong all the same.

use std::time::Duration;

use domain::offer::OfferRefusal;
use futures::FutureExt;
use sea_orm::ConnectionTrait;
use storage::{Database, StoreError};
use testkit::builders::{other_tenant, usd};
use testkit::ids::nth;
use testkit::on_each_engine;

use super::World;
use crate::ledger::Draw;
use crate::samples::programme;
use crate::store::ledger::{self, Caps, Stamp};
use crate::store::{migrations, programmes};

/// Runs a statement that no code of ours contains.
async fn tamper(world: &World, sql: &'static str) -> Result<(), StoreError> {
    let tampered = world.database().write(move |tx| {
        async move {
            tx.execute_unprepared(sql).await?;
            Ok(())
        }
        .boxed()
    });
    tampered.await
}

async fn a_counter_that_is_not_the_sum_of_its_entries_is_found(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    world.hold(1, 100).await;
    world.prove().await;

    let more = "UPDATE limits SET held = held + 1 WHERE scope = 'budget'";
    tamper(&world, more).await.unwrap();

    let found = ledger::discrepancies(world.database().read(), &world.tenant).await;
    let found = found.unwrap();
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    let rule = "budget `rescue` of `acme`: the counter is not the sum of its entries";
    assert_eq!(found, [rule]);
}

async fn the_ledgers_of_all_tenants_are_proven(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    let beside = world.beside(other_tenant());
    beside.open(programme(), usd(1_000)).await;

    let tenants = programmes::tenants(world.database().read()).await;

    let mut tenants = tenants.unwrap();
    tenants.sort();
    assert_eq!(tenants, [world.tenant, beside.tenant]);
}

async fn a_top_up_that_is_not_booked_is_found(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    tamper(&world, "UPDATE limits SET cap = cap + 1")
        .await
        .unwrap();

    let found = ledger::discrepancies(world.database().read(), &world.tenant).await;
    assert_eq!(found.unwrap().len(), 1);
}

async fn the_database_itself_keeps_counters_within_their_caps(database: Database) {
    let world = World::with_budget(database, 1_000).await;

    for beyond in [
        "UPDATE limits SET held = cap + 1",
        "UPDATE limits SET redeemed = -1",
        "UPDATE limits SET cap = -1",
    ] {
        assert!(tamper(&world, beyond).await.is_err(), "{beyond}");
    }
    world.prove().await;
}

async fn an_entry_is_booked_once(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    world.hold(1, 100).await;

    let again = "INSERT INTO ledger_entries (entry_id, tenant, kind, offer_id, ordinal, programme_id, amount_minor, \
                 amount_currency, uses, booked_at) SELECT 'led', tenant, kind, offer_id, ordinal, programme_id, \
                 amount_minor, amount_currency, uses, booked_at FROM ledger_entries WHERE kind = 'hold'";

    assert!(matches!(
        tamper(&world, again).await,
        Err(StoreError::Conflict(_))
    ));
}

async fn a_hold_is_claimed_once(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    let offer = world.hold(1, 100).await;
    let tenant = world.tenant.clone();
    let again = world.database().write(move |tx| {
        let (tenant, offer) = (tenant.clone(), offer.clone());
        async move {
            let draw = Draw::of(&offer.terms, offer.state.hold().unwrap());
            let caps = Caps {
                uses: 1_000,
                agent_purse: None,
                partner_purse: None,
            };
            let stamp = Stamp {
                entry: nth(1),
                now: offer.terms.created_at,
            };
            ledger::hold(tx, &tenant, &draw, caps, stamp).await
        }
        .boxed()
    });

    assert!(matches!(again.await, Err(StoreError::Conflict(_))));
    assert_eq!(world.money().await, (100, 0));
    world.prove().await;
}

/// More offers than are read at once, so that they would fill every round.
async fn offers_that_cannot_be_ended_keep_no_other_from_it(database: Database) {
    let world = World::with_budget(database, 1_000).await;
    for number in 100..301 {
        world.hold(number, 1).await;
    }
    tamper(&world, "UPDATE offers SET remedy = 'unheard_of'")
        .await
        .unwrap();
    world.clock.advance(Duration::from_secs(1));
    world.hold(2, 700).await;
    world.case(3).await;

    world.pass(Duration::from_mins(15)).await;

    assert_eq!(world.money().await, (201, 0));
    assert_eq!(world.refused(3, 800).await, [OfferRefusal::BudgetExhausted]);
    world.prove().await;
}

on_each_engine!(
    [
        a_counter_that_is_not_the_sum_of_its_entries_is_found,
        the_ledgers_of_all_tenants_are_proven,
        a_top_up_that_is_not_booked_is_found,
        the_database_itself_keeps_counters_within_their_caps,
        an_entry_is_booked_once,
        a_hold_is_claimed_once,
        offers_that_cannot_be_ended_keep_no_other_from_it,
    ],
    migrations()
);
