//! The writer on both engines, and two writers on one database.

use std::time::Duration;

use domain::id::{EventId, RequestId, ShopperId};
use domain::time::later;
use messaging::outbox;
use platform::ids::SystemIds;
use sea_orm::{ConnectionTrait, Statement};
use storage::Database;
use testkit::clock::FakeClock;
use testkit::ids::{nth, nth_uuid};
use testkit::on_each_engine;
use tokio::task::JoinHandle;

use super::*;
use crate::event::{CheckoutStep, Payload};
use crate::samples::{add, at, config, decline, event, key, order, search, step};
use crate::snapshot::SessionState;
use crate::store::{Store, migrations};

mod failures;
mod reading;

const DEADLINE: Duration = Duration::from_secs(20);

/// One writer of a database. Dropped, it ends after what it was handed.
struct World {
    clock: FakeClock,
    store: Store,
    ingest: Ingest,
    _writer: JoinHandle<()>,
}

impl World {
    async fn new(database: &Database, partition: u16) -> Self {
        let mut settings = settings();
        settings.ingest.partition = partition;
        Self::with(database, settings, FakeClock::new()).await
    }

    async fn with(database: &Database, settings: Settings, clock: FakeClock) -> Self {
        let store = Store::new(database.clone());
        let ids = Arc::new(SystemIds);
        let (writer, ingest) = Writer::new(settings, store.clone(), clock.shared(), ids)
            .await
            .unwrap();
        Self {
            clock,
            store,
            ingest,
            _writer: tokio::spawn(writer.run()),
        }
    }

    async fn record(&self, events: Vec<Event>) -> Result<Receipt, SessionError> {
        self.ingest
            .try_record(batch(events))
            .unwrap()
            .settled()
            .await
    }

    async fn send(&self, events: Vec<Event>) {
        let expected = events.len();
        assert_eq!(self.record(events).await.unwrap().accepted, expected);
    }

    /// Forgets a person, always by the same request.
    async fn erase(&self, person: impl Into<PersonId>) -> Erased {
        let request = RequestKey {
            tenant: key(1).tenant,
            client: "tests".to_owned(),
            method: "/erase",
            request_id: RequestId::from_uuid(nth_uuid(1)),
            body_hash: [0; 32],
        };
        self.ingest.erase(request, person.into()).await.unwrap()
    }

    async fn snapshot(&self, n: u64) -> Option<Snapshot> {
        let key = key(n);
        self.store.get(&key.tenant, key.session).await.unwrap()
    }
}

fn settings() -> Settings {
    let config = config();
    Settings {
        ingest: config.ingest.clone(),
        signals: config.signals.clone(),
        moments: config.moments.clone(),
        buffered_changes: 64,
    }
}

fn batch(events: Vec<Event>) -> Batch {
    Batch {
        tenant: key(1).tenant,
        events: events.into_iter().enumerate().collect(),
        trace: None,
    }
}

/// Event `n` of session `s`.
fn of(s: u64, n: u64, payload: Payload) -> Event {
    Event {
        id: nth::<EventId>(s * 1_000 + n),
        session: nth(s),
        visitor: nth(s),
        ..event(n, at(n), payload)
    }
}

async fn number(database: &Database, sql: &str) -> i64 {
    let backend = database.read().get_database_backend();
    let statement = Statement::from_string(backend, sql);
    let row = database
        .read()
        .query_one_raw(statement)
        .await
        .unwrap()
        .unwrap();
    row.try_get("", "n").unwrap()
}

async fn what_is_taken_is_there_after_a_restart(database: Database) {
    let world = World::new(&database, 0).await;
    world
        .send(vec![of(1, 1, add("shoe")), of(2, 1, search())])
        .await;
    world
        .send(vec![
            of(1, 2, step(CheckoutStep::Payment)),
            of(1, 3, decline()),
        ])
        .await;
    let before = world.snapshot(1).await.unwrap();
    drop(world);

    let world = World::new(&database, 0).await;
    let again = world
        .record(vec![of(1, 3, decline()), of(1, 1, add("shoe"))])
        .await
        .unwrap();
    assert_eq!((again.accepted, again.duplicates), (0, 2));
    assert_eq!(world.snapshot(1).await.unwrap(), before);
    world.send(vec![of(1, 4, add("hat"))]).await;

    let after = world.snapshot(1).await.unwrap();
    assert_eq!((after.event_count, after.version), (4, 3));
    assert_eq!(after.cart.item_count(), 2);
    assert_eq!(
        number(&database, "SELECT COUNT(*) AS n FROM event_batches").await,
        3
    );
}

async fn a_stale_writer_overwrites_nothing(database: Database) {
    let (first, second) = (
        World::new(&database, 0).await,
        World::new(&database, 1).await,
    );
    first.send(vec![of(1, 1, add("shoe"))]).await;
    second.send(vec![of(1, 2, add("hat"))]).await;
    let before = second.snapshot(1).await.unwrap();
    let outbox = number(&database, "SELECT COUNT(*) AS n FROM outbox").await;

    let stale = first.record(vec![of(1, 3, order("A-1"))]).await;

    assert!(matches!(stale, Err(SessionError::NotKept(_))), "{stale:?}");
    assert_eq!(first.snapshot(1).await.unwrap(), before);
    assert_eq!(
        number(&database, "SELECT COUNT(*) AS n FROM outbox").await,
        outbox
    );
    first.send(vec![of(1, 3, order("A-1"))]).await;
    let after = first.snapshot(1).await.unwrap();
    assert_eq!((after.event_count, after.version), (3, 3));
    assert_eq!(
        (after.state, after.cart.item_count()),
        (SessionState::Ordered, 2)
    );
}

async fn two_writers_of_one_partition_lose_nothing(database: Database) {
    let (first, second) = (
        World::new(&database, 0).await,
        World::new(&database, 0).await,
    );
    first.send(vec![of(1, 1, add("shoe"))]).await;
    second.send(vec![of(2, 1, add("shoe"))]).await;

    let taken = first.record(vec![of(1, 2, add("hat"))]).await;
    assert!(matches!(taken, Err(SessionError::NotKept(_))), "{taken:?}");
    first.send(vec![of(1, 2, add("hat"))]).await;

    assert_eq!(first.snapshot(1).await.unwrap().event_count, 2);
    assert_eq!(second.snapshot(2).await.unwrap().event_count, 1);
}

async fn visitors_are_counted_up_and_corrected(database: Database) {
    let world = World::new(&database, 0).await;
    let of_one = |s, n, payload| Event {
        visitor: nth(1),
        ..of(s, n, payload)
    };
    world
        .send(vec![of_one(1, 1, add("shoe")), of_one(2, 1, order("B-1"))])
        .await;
    world.clock.advance(Duration::from_hours(1));
    // Timers are looked at with each group too.
    world.send(vec![of(3, 1, search())]).await;
    let abandoned = world
        .store
        .histories(&key(1).tenant, &[nth(1)])
        .await
        .unwrap();
    world.send(vec![of_one(1, 2, order("A-1"))]).await;

    let corrected = world
        .store
        .histories(&key(1).tenant, &[nth(1)])
        .await
        .unwrap();

    let counts = abandoned[&nth(1)];
    assert_eq!(
        (
            counts.sessions,
            counts.carts,
            counts.orders,
            counts.abandonments
        ),
        (2, 1, 1, 1)
    );
    let counts = corrected[&nth(1)];
    assert_eq!(
        (
            counts.sessions,
            counts.carts,
            counts.orders,
            counts.abandonments
        ),
        (2, 1, 2, 0)
    );
}

async fn a_person_is_forgotten_once_and_wholly(database: Database) {
    let world = World::new(&database, 0).await;
    let shopper: ShopperId = nth(7);
    let known = Event {
        shopper: Some(shopper),
        ..of(1, 1, add("shoe"))
    };
    world.send(vec![known, of(2, 1, add("hat"))]).await;

    let erased = world.erase(shopper).await;
    world.clock.advance(Duration::from_secs(9));
    let again = world.erase(shopper).await;

    assert_eq!((erased.session_count, &again), (1, &erased));
    assert_eq!(world.snapshot(1).await, None);
    drop(world);
    let world = World::new(&database, 0).await;
    world
        .send(vec![of(2, 2, add("cap")), of(1, 1, add("shoe"))])
        .await;
    assert_eq!(world.snapshot(2).await.unwrap().event_count, 2);
    assert_eq!(world.snapshot(1).await.unwrap().version, 1);
}

async fn a_moment_waits_in_the_outbox_with_its_change(database: Database) {
    let world = World::new(&database, 0).await;
    world.send(vec![of(1, 1, add("shoe"))]).await;

    let waiting = outbox::pending(&database, later(at(0), Duration::from_secs(1)))
        .await
        .unwrap();

    assert_eq!(waiting.pending, 1);
    let due = world.store.due().await.unwrap();
    assert_eq!(due, [(at(121), key(1))]);
}

on_each_engine!(
    [
        what_is_taken_is_there_after_a_restart,
        a_stale_writer_overwrites_nothing,
        two_writers_of_one_partition_lose_nothing,
        visitors_are_counted_up_and_corrected,
        a_person_is_forgotten_once_and_wholly,
        a_moment_waits_in_the_outbox_with_its_change,
    ],
    migrations()
);

#[tokio::test]
async fn a_full_queue_refuses_one_caller_and_slows_another_down() {
    let scratch = testkit::scratch::sqlite();
    let database = scratch.migrated(migrations()).await;
    let mut settings = settings();
    settings.ingest.queue_batches = 1;
    let store = Store::new(database);
    let clock = FakeClock::new().shared();
    let (writer, ingest) = Writer::new(settings, store, clock, Arc::new(SystemIds))
        .await
        .unwrap();
    let first = ingest.try_record(batch(vec![of(1, 1, search())])).unwrap();

    let refused = ingest
        .try_record(batch(vec![of(1, 2, search())]))
        .unwrap_err();
    let slowed = ingest.record(batch(vec![of(1, 3, search())]));
    let (second, _writer) = tokio::join!(slowed, async {
        // Runs on until nobody can hand in any more.
        drop(tokio::spawn(writer.run()));
    });

    assert!(matches!(refused, SessionError::QueueFull));
    assert_eq!(first.settled().await.unwrap().accepted, 1);
    assert_eq!(second.unwrap().settled().await.unwrap().accepted, 1);
}
