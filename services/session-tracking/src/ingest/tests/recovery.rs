//! What is made again from the log is what was there before, also where the log is the only one to know.

use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};

use super::*;
use crate::samples::{exit, remove};

/// Sends each batch as an act of its own; every so often the clock moves on or the writer is cut off.
#[derive(Debug, Clone)]
enum Act {
    Send(Vec<(u64, u64, u8)>),
    Pass(u64),
    Crash,
    Settle,
}

/// Whether a writer is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Calm,
    Rough,
}

fn act() -> impl Strategy<Value = Act> {
    let event = (1..=3_u64, 0..40_u64, 0..7_u8);
    prop_oneof![
        6 => proptest::collection::vec(event, 1..6).prop_map(Act::Send),
        2 => (1..200_u64).prop_map(Act::Pass),
        1 => Just(Act::Crash),
        1 => Just(Act::Settle),
    ]
}

fn payload(which: u8) -> Payload {
    match which {
        0 => add("shoe"),
        1 => remove("shoe"),
        2 => step(CheckoutStep::Payment),
        3 => decline(),
        4 => exit(),
        5 => order("A-1"),
        _ => search(),
    }
}

/// What others can see of all that was sent.
async fn outcome(database: &Database, acts: &[Act], life: Life) -> Vec<Option<Snapshot>> {
    let mut world = World::new(database).await;
    for act in acts {
        match act {
            Act::Send(events) => {
                let events = events
                    .iter()
                    .map(|(session, n, which)| of(*session, *n, payload(*which)));
                world.record(events.collect()).await.unwrap();
            }
            Act::Pass(seconds) => {
                world.clock.advance(Duration::from_secs(*seconds));
                // Timers are looked at with each group, and here that alone.
                world.record(vec![of(9, 999, search())]).await.unwrap();
            }
            Act::Crash if life == Life::Rough => world = world.crash(database).await,
            Act::Settle if life == Life::Rough => {
                world.settle().await;
            }
            Act::Crash | Act::Settle => {}
        }
    }
    let mut seen = Vec::new();
    for n in 1..=3 {
        seen.push(world.snapshot(n).await);
    }
    seen
}

async fn outbox(database: &Database) -> i64 {
    number(database, "SELECT COUNT(*) AS n FROM outbox").await
}

/// A writer that is cut off again and again comes to the same sessions and tells as much as one that never was.
#[test]
fn crashes_leave_no_trace() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut runner = TestRunner::new(Cases::with_cases(24));
    let acts = proptest::collection::vec(act(), 1..25);
    let result = runner.run(&acts, |acts| {
        runtime.block_on(async {
            let (one, other) = (testkit::scratch::sqlite(), testkit::scratch::sqlite());
            let calm = one.migrated(migrations()).await;
            let rough = other.migrated(migrations()).await;

            let expected = outcome(&calm, &acts, Life::Calm).await;
            let found = outcome(&rough, &acts, Life::Rough).await;

            prop_assert_eq!(found, expected);
            prop_assert_eq!(outbox(&rough).await, outbox(&calm).await);
            Ok(())
        })
    });
    result.unwrap();
}

async fn an_event_that_comes_late_finds_its_place_after_a_crash(database: Database) {
    let world = World::new(&database).await;
    world.send(vec![of(1, 1, add("shoe"))]).await;
    world.send(vec![of(1, 9, remove("shoe"))]).await;
    let world = world.crash(&database).await;

    world
        .send(vec![of(1, 5, add("hat")), of(1, 12, search())])
        .await;

    let after = world.snapshot(1).await.unwrap();
    assert_eq!(after.event_count, 4);
    assert_eq!(after.cart.item_count(), 1);
    assert_eq!(after.last_event_at, at(12));
}

/// Sessions that do not fit into memory leave it with all that they are.
async fn memory_is_bounded_and_loses_nothing(database: Database) {
    let mut settings = settings();
    settings.ingest.live_sessions = 2;
    settings.ingest.memory_bytes = 1_024;
    let world = World::with(&database, settings, FakeClock::new()).await;
    for n in 1..=30 {
        world.send(vec![of(n, 1, add("shoe"))]).await;
    }

    for n in 1..=30 {
        let again = world.record(vec![of(n, 1, add("shoe")), of(n, 2, add("hat"))]);
        let again = again.await.unwrap();
        assert_eq!((again.accepted, again.duplicates), (1, 1));
    }

    for n in 1..=30 {
        assert_eq!(world.snapshot(n).await.unwrap().version, 2);
    }
    let stored = number(&database, "SELECT COUNT(*) AS n FROM sessions").await;
    assert!(stored >= 25, "{stored} sessions have left memory");
}

async fn a_session_of_another_version_is_made_again_from_the_log(database: Database) {
    let world = World::new(&database).await;
    world.send(vec![of(1, 1, add("shoe"))]).await;
    world
        .send(vec![of(1, 2, step(CheckoutStep::Payment))])
        .await;
    world.settle().await;
    let before = world.snapshot(1).await;
    let world = world.crash(&database).await;
    // Nine bytes, the last of which names a form that no version writes.
    let bytes = if database.read().get_database_backend() == sea_orm::DbBackend::Postgres {
        "'\\x000000000000000000'"
    } else {
        "X'000000000000000000'"
    };
    let other = format!("UPDATE sessions SET packed = {bytes}");
    failures::sql_text(&database, other).await;

    assert_eq!(world.snapshot(1).await, before);
    world.send(vec![of(1, 3, decline())]).await;

    let after = world.snapshot(1).await.unwrap();
    assert_eq!((after.event_count, after.version), (3, 3));
}

on_each_engine!(
    [
        an_event_that_comes_late_finds_its_place_after_a_crash,
        memory_is_bounded_and_loses_nothing,
        a_session_of_another_version_is_made_again_from_the_log,
    ],
    migrations()
);
