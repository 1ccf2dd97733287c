//! What fails harms nothing else, and nothing for longer than it lasts.

use futures::FutureExt;
use storage::StoreError;
use testkit::eventually;

use super::*;

const HOUR: Duration = Duration::from_hours(1);

/// Changes the database behind the back of the writer.
async fn sql(database: &Database, statement: &str) {
    sql_text(database, statement.to_owned()).await;
}

pub(super) async fn sql_text(database: &Database, statement: String) {
    let done: Result<(), StoreError> = database
        .write(move |tx| {
            let statement = statement.clone();
            async move {
                tx.execute_unprepared(&statement).await?;
                Ok(())
            }
            .boxed()
        })
        .await;
    done.unwrap();
}

impl World {
    /// Waits for a timer to end session `n`.
    async fn ended(&self, n: u64) {
        eventually(DEADLINE, || async {
            let state = self.snapshot(n).await.map(|snapshot| snapshot.state);
            state == Some(SessionState::Abandoned)
        })
        .await;
    }
}

/// What becomes of timers that were to be set by a commit that failed.
async fn a_commit_that_failed_leaves_all_as_it_was(database: Database) {
    let world = World::new(&database).await;
    world.send(vec![of(1, 1, add("shoe"))]).await;
    let before = world.snapshot(1).await;
    sql(&database, "ALTER TABLE event_batches RENAME TO hidden").await;
    for n in 2..=3 {
        let failed = world.record(vec![of(1, n, order("A-1")), of(2, n, search())]);
        let failed = failed.await;
        assert!(
            matches!(failed, Err(SessionError::NotKept(_))),
            "{failed:?}"
        );
    }
    sql(&database, "ALTER TABLE hidden RENAME TO event_batches").await;

    eventually(DEADLINE, || async { world.snapshot(1).await == before }).await;
    assert_eq!(world.snapshot(2).await, None);
    world.send(vec![of(1, 2, search())]).await;
    world.clock.advance(HOUR);
    world.ended(1).await;
}

/// Two callers share a commit that one of them makes impossible.
async fn a_batch_that_cannot_be_stored_harms_no_other(database: Database) {
    let world = World::new(&database).await;
    // As a value does that one engine refuses.
    sql(
        &database,
        "CREATE UNIQUE INDEX poison ON histories (orders)",
    )
    .await;
    world.send(vec![of(1, 1, order("A-1"))]).await;

    let poison = batch(vec![of(2, 1, order("B-1"))]);
    let good = batch(vec![of(3, 1, search())]);
    let (poison, good) = (
        world.ingest.try_record(poison).unwrap(),
        world.ingest.try_record(good).unwrap(),
    );

    let refused = poison.settled().await;
    assert!(
        matches!(refused, Err(SessionError::NotKept(_))),
        "{refused:?}"
    );
    assert_eq!(good.settled().await.unwrap().accepted, 1);
    assert_eq!(world.snapshot(2).await, None);
    assert_eq!(world.snapshot(3).await.unwrap().event_count, 1);
}

async fn a_store_that_fails_for_a_while_stops_no_timer(database: Database) {
    let world = World::new(&database).await;
    world.send(vec![of(1, 1, add("shoe"))]).await;
    sql(&database, "ALTER TABLE event_batches RENAME TO hidden").await;
    world.clock.advance(HOUR);
    // The writer works in turns: when this is answered, it has looked at its timers.
    let failed = world.record(vec![of(1, 2, search())]).await;
    assert!(
        matches!(failed, Err(SessionError::NotKept(_))),
        "{failed:?}"
    );
    sql(&database, "ALTER TABLE hidden RENAME TO event_batches").await;

    world.clock.advance(HOUR);

    world.ended(1).await;
}

/// Cuts the writer off and hands its clock on.
async fn crash_of(world: World) -> FakeClock {
    world.writer.abort();
    let _aborted = world.writer.await;
    world.clock
}

async fn a_corrupt_session_harms_no_other(database: Database) {
    let world = World::new(&database).await;
    world.send(vec![of(1, 1, add("shoe"))]).await;
    world.send(vec![of(2, 1, add("hat"))]).await;
    world.settle().await;
    let ended = crash_of(world).await;
    sql(
        &database,
        "UPDATE sessions SET packed = places WHERE changed = 1",
    )
    .await;
    // With its part of the log, it could be made again.
    sql(&database, "DELETE FROM event_batches WHERE sequence = 1").await;
    let world = World::with(&database, settings(), ended).await;

    let batch = vec![of(2, 2, search()), of(1, 2, search()), of(3, 1, search())];
    let receipt = world.record(batch).await.unwrap();

    assert_eq!(receipt.accepted, 2);
    assert_eq!(receipt.refused, [(1, Refusal::Unreadable)]);
    world.clock.advance(HOUR);
    world.ended(2).await;
}

/// More than one transaction takes, with the next look at the timers far away.
async fn all_timers_that_are_due_fire(database: Database) {
    let world = World::new(&database).await;
    for n in 1..=5 {
        world.send(vec![of(n, 1, add("shoe"))]).await;
    }
    drop(world);
    let mut settings = settings();
    settings.ingest.timer_max_sessions = 1;
    settings.ingest.timer_tick = HOUR;
    let clock = FakeClock::new();
    clock.advance(HOUR);

    let world = World::with(&database, settings, clock).await;

    for n in 1..=5 {
        world.ended(n).await;
    }
}

/// A reader asks while more batches wait than one transaction takes.
async fn nothing_waits_behind_a_reader(database: Database) {
    let mut settings = settings();
    settings.ingest.group_max_events = 1;
    settings.ingest.timer_tick = HOUR;
    let world = World::with(&database, settings, FakeClock::new()).await;
    let handed: Vec<_> = (1..=20)
        .map(|n| world.ingest.try_record(batch(vec![of(n, 1, search())])))
        .collect();

    world.settle().await;

    for pending in handed {
        assert_eq!(pending.unwrap().settled().await.unwrap().accepted, 1);
    }
}

on_each_engine!(
    [
        nothing_waits_behind_a_reader,
        a_commit_that_failed_leaves_all_as_it_was,
        a_batch_that_cannot_be_stored_harms_no_other,
        a_store_that_fails_for_a_while_stops_no_timer,
        a_corrupt_session_harms_no_other,
        all_timers_that_are_due_fire,
    ],
    migrations()
);
