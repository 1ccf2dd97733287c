//! What fails harms nothing else, and nothing for longer than it lasts.

use futures::FutureExt;
use storage::StoreError;
use testkit::eventually;

use super::*;

const HOUR: Duration = Duration::from_hours(1);

/// Changes the database behind the back of the writer.
async fn sql(database: &Database, statement: &'static str) {
    let done: Result<(), StoreError> = database
        .write(move |tx| {
            async move {
                tx.execute_unprepared(statement).await?;
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

/// What a commit leaves whose answer was lost: the store holds a session, and the writer was told that it does not.
async fn a_session_of_a_commit_that_failed_keeps_its_timers(database: Database) {
    let (first, second) = (
        World::new(&database, 0).await,
        World::new(&database, 1).await,
    );
    second.send(vec![of(1, 1, search())]).await;
    first.send(vec![of(1, 2, search())]).await;
    first.send(vec![of(2, 1, add("shoe"))]).await;
    drop(first);
    let batch = vec![of(1, 3, search()), of(2, 2, search())];
    let failed = second.record(batch).await;
    assert!(
        matches!(failed, Err(SessionError::NotKept(_))),
        "{failed:?}"
    );

    second.clock.advance(HOUR);

    second.ended(2).await;
}

async fn a_store_that_fails_for_a_while_stops_no_timer(database: Database) {
    World::new(&database, 0)
        .await
        .send(vec![of(1, 1, add("shoe"))])
        .await;
    sql(&database, "ALTER TABLE event_batches RENAME TO hidden").await;
    let world = World::new(&database, 0).await;
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

async fn a_corrupt_session_harms_no_other(database: Database) {
    let world = World::new(&database, 0).await;
    world.send(vec![of(1, 1, add("shoe"))]).await;
    world.send(vec![of(2, 1, add("hat"))]).await;
    drop(world);
    // A part of the log is lost, and with it the events of the first session.
    sql(&database, "DELETE FROM event_batches WHERE sequence = 1").await;
    let world = World::new(&database, 0).await;

    let batch = vec![of(2, 2, search()), of(1, 2, search()), of(3, 1, search())];
    let receipt = world.record(batch).await.unwrap();

    assert_eq!(receipt.accepted, 2);
    assert_eq!(receipt.refused, [(1, Refusal::SessionUnreadable)]);
    world.clock.advance(HOUR);
    world.ended(2).await;
    assert_eq!(world.snapshot(1).await.unwrap().state, SessionState::Active);
}

/// More than one transaction takes, with the next look at the timers far away.
async fn all_timers_that_are_due_fire(database: Database) {
    let world = World::new(&database, 0).await;
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

on_each_engine!(
    [
        a_session_of_a_commit_that_failed_keeps_its_timers,
        a_store_that_fails_for_a_while_stops_no_timer,
        a_corrupt_session_harms_no_other,
        all_timers_that_are_due_fire,
    ],
    migrations()
);
