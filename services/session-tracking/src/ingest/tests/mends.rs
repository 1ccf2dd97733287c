//! What must hold when something has gone wrong behind the writer's back.

use domain::moment::VisitHistory;
use testkit::eventually;
use tokio::time::timeout;

use super::failures::sql_text;
use super::*;
use crate::event::PersonEvent;
use crate::samples::hex;
use crate::service::{Update, Watch};
use crate::session::LogPlace;
use crate::store::{Commit, Entries, Filter, Position, Record, Section};

const HOUR: Duration = Duration::from_hours(1);

async fn next(watch: &mut Watch) -> Option<(u64, u64)> {
    match timeout(DEADLINE, watch.next()).await.unwrap().unwrap() {
        Update::Session(session) => Some((u64::from(session.event_count), session.version)),
        Update::SnapshotComplete => None,
    }
}

impl World {
    /// Makes a change durable as a commit does whose answer is lost: the writer does not know of it.
    async fn commit_unknown(&self, event: Event) {
        let heads = self.store.heads(0).await.unwrap();
        let mut entries = Entries::default();
        let bytes = wire::render(event.clone()).encode_to_vec();
        entries.push(event.received_at, &bytes);
        let mut commit = Commit::new(0, heads, at(20));
        commit.heads.sequence += 1;
        commit.heads.change += 1;
        commit.records = vec![Record {
            place: LogPlace {
                partition: 0,
                sequence: commit.heads.sequence,
            },
            tenant: key(1).tenant,
            now: at(20),
            sections: vec![Section {
                session: event.session,
                change: commit.heads.change,
                began: None,
                met: None,
                entries,
            }],
        }];
        self.store.commit(commit).await.unwrap();
    }

    async fn is_active(&self, n: u64) -> bool {
        self.snapshot(n).await.unwrap().state == SessionState::Active
    }
}

async fn a_watcher_learns_of_a_change_whose_answer_was_lost(database: Database) {
    let world = World::new(&database).await;
    world.send(vec![of(1, 1, search())]).await;
    let mut watch = world
        .service()
        .watch(&key(1).tenant, Filter::default(), Position::default());
    assert_eq!(next(&mut watch).await, Some((1, 1)));
    assert_eq!(next(&mut watch).await, None);

    world.commit_unknown(of(1, 2, add("shoe"))).await;
    let unknown = world.record(vec![of(2, 1, search())]).await;

    assert!(
        matches!(unknown, Err(SessionError::NotKept(_))),
        "{unknown:?}"
    );
    assert_eq!(next(&mut watch).await, Some((2, 2)));
    // The snapshot is not told a second time.
    world.send(vec![of(2, 1, search())]).await;
    assert_eq!(next(&mut watch).await, Some((1, 1)));
}

async fn an_idle_writer_notices_that_it_was_followed(database: Database) {
    let first = World::new(&database).await;
    let _second = World::new(&database).await;

    let ended = timeout(DEADLINE, first.writer).await.unwrap().unwrap();

    assert_eq!(ended, Ended::Followed);
}

/// What was in memory when another process took over was never committed.
async fn nothing_is_read_from_a_writer_that_was_followed(database: Database) {
    let first = World::new(&database).await;
    let _second = World::new(&database).await;
    let batch = first.ingest.try_record(batch(vec![of(1, 1, add("shoe"))]));
    let reads = (0..20).map(|_| first.ingest.read(key(1)));

    for read in futures::future::join_all(reads).await {
        assert!(!matches!(read, Ok(Some(_))), "{read:?}");
    }
    // The first may have noticed before: then it takes nothing at all.
    if let Ok(batch) = batch {
        assert!(batch.settled().await.is_err());
    }
}

async fn break_record(database: &Database, sequence: i64) {
    let backend = database.read().get_database_backend();
    let select = format!("SELECT payload FROM event_batches WHERE sequence = {sequence}");
    let row = database
        .read()
        .query_one_raw(Statement::from_string(backend, select))
        .await;
    let mut payload: Vec<u8> = row.unwrap().unwrap().try_get("", "payload").unwrap();
    let end = payload.len() - 1;
    payload[end] = 0xff;
    let digits = hex(&payload);
    let literal = if backend == sea_orm::DbBackend::Postgres {
        format!("'\\x{digits}'")
    } else {
        format!("X'{digits}'")
    };
    let update =
        format!("UPDATE event_batches SET payload = {literal} WHERE sequence = {sequence}");
    sql_text(database, update).await;
}

/// Its session is closed until somebody has looked; it is never gone on with as if nothing had been there.
async fn events_that_cannot_be_read_are_not_passed_over(database: Database) {
    let world = World::new(&database).await;
    world.send(vec![of(1, 1, add("shoe"))]).await;
    world.settle().await;
    world.send(vec![of(1, 2, add("hat"))]).await;
    world.send(vec![of(2, 1, add("cap"))]).await;
    break_record(&database, 2).await;
    let mut world = world.crash(&database).await;

    for start in 0..2 {
        let batch = vec![of(1, 3, search()), of(2, 2 + start, search())];
        let receipt = world.record(batch).await.unwrap();

        assert_eq!(receipt.refused, [(0, Refusal::Unreadable)]);
        let read = world.ingest.read(key(1)).await;
        assert!(read.is_err(), "{read:?}");
        world.settle().await;
        // Whoever begins next meets it again.
        let settled = number(&database, "SELECT settled AS n FROM log_heads").await;
        assert_eq!(settled, 1);
        world = world.crash(&database).await;
    }
    assert_eq!(world.snapshot(2).await.unwrap().event_count, 3);
}

/// Rows that somebody has broken, of which one is the first in the order of times.
async fn a_row_that_cannot_be_read_stops_neither_timers_nor_watchers(database: Database) {
    let world = World::new(&database).await;
    for n in 1..=3 {
        world.send(vec![of(n, 1, add("shoe"))]).await;
    }
    world.settle().await;
    world.writer.abort();
    let _aborted = world.writer.await;
    for broken in [
        "UPDATE sessions SET due_at = -9000000000000000000 WHERE changed = 1",
        "UPDATE sessions SET packed = places WHERE changed = 2",
        "DELETE FROM event_batches WHERE sequence = 2",
    ] {
        sql_text(&database, broken.to_owned()).await;
    }

    let world = World::with(&database, settings(), FakeClock::new()).await;
    world.clock.advance(HOUR);

    eventually(DEADLINE, || async { !world.is_active(3).await }).await;
    let mut watch = world
        .service()
        .watch(&key(1).tenant, Filter::default(), Position::default());
    let mut told = 0;
    while next(&mut watch).await.is_some() {
        told += 1;
    }
    assert_eq!(told, 2);
}

/// The end of one session is refused, for as long as the index is there.
async fn a_timer_that_is_refused_harms_no_other_and_is_put_off(database: Database) {
    let mut settings = settings();
    // Timers are looked at with each group, and here then alone.
    settings.ingest.timer_tick = HOUR;
    let world = World::with(&database, settings, FakeClock::new()).await;
    sql_text(
        &database,
        "CREATE UNIQUE INDEX poison ON histories (abandonments)".to_owned(),
    )
    .await;
    for n in 1..=2 {
        world.send(vec![of(n, 1, add("shoe"))]).await;
    }
    world.send(vec![of(3, 1, search())]).await;
    world.clock.advance(HOUR);
    world.send(vec![of(4, 3_600, search())]).await;
    world.send(vec![of(4, 3_601, search())]).await;

    let active = [world.is_active(1).await, world.is_active(2).await];
    assert!(active[0] != active[1], "one of two is refused: {active:?}");
    assert!(!world.is_active(3).await);
    sql_text(&database, "DROP INDEX poison".to_owned()).await;
    world.send(vec![of(4, 3_602, search())]).await;
    assert!(world.is_active(1).await || world.is_active(2).await);

    world.clock.advance(Duration::from_mins(10));
    world.send(vec![of(4, 4_200, search())]).await;

    assert!(!world.is_active(1).await && !world.is_active(2).await);
}

async fn who_counts_again_after_an_unlink_brings_their_history(database: Database) {
    let world = World::new(&database).await;
    let linked = |s, n, shopper| {
        of(
            s,
            n,
            Payload::Person(PersonEvent::IdentityLinked(nth(shopper))),
        )
    };
    world
        .send(vec![linked(1, 1, 7), of(1, 2, order("A-1"))])
        .await;
    world.send(vec![linked(2, 1, 7)]).await;
    world.send(vec![linked(2, 2, 8)]).await;

    let unlinked = Payload::Person(PersonEvent::IdentityUnlinked(nth(8)));
    world.send(vec![of(2, 3, unlinked)]).await;

    let session = world.snapshot(2).await.unwrap();
    assert_eq!(session.shopper, Some(nth(7)));
    let expected = VisitHistory {
        earlier_sessions: 1,
        earlier_orders: 1,
        ..VisitHistory::default()
    };
    assert_eq!(session.history, expected);
}

async fn a_reader_has_the_rows_of_its_own_tenant_written(database: Database) {
    let world = World::new(&database).await;
    world.send(vec![of(1, 1, search())]).await;
    let theirs = Batch {
        tenant: TenantId::parse("other").unwrap(),
        ..batch(vec![of(2, 1, search())])
    };
    let theirs = world.ingest.try_record(theirs).unwrap();
    assert_eq!(theirs.settled().await.unwrap().accepted, 1);

    world.settle().await;

    let rows = "SELECT COUNT(*) AS n FROM sessions WHERE tenant = ";
    assert_eq!(number(&database, &format!("{rows}'acme'")).await, 1);
    assert_eq!(number(&database, &format!("{rows}'other'")).await, 0);
}

on_each_engine!(
    [
        a_watcher_learns_of_a_change_whose_answer_was_lost,
        an_idle_writer_notices_that_it_was_followed,
        nothing_is_read_from_a_writer_that_was_followed,
        events_that_cannot_be_read_are_not_passed_over,
        a_row_that_cannot_be_read_stops_neither_timers_nor_watchers,
        a_timer_that_is_refused_harms_no_other_and_is_put_off,
        who_counts_again_after_an_unlink_brings_their_history,
        a_reader_has_the_rows_of_its_own_tenant_written,
    ],
    migrations()
);
