//! The writer on both engines, and two writers on one database.

use std::time::Duration;

use domain::id::{EventId, RequestId, ShopperId};
use domain::time::later;
use messaging::outbox;
use platform::ids::SystemIds;
use platform::paging::PageRequest;
use prost::Message as _;
use sea_orm::{ConnectionTrait, Statement};
use storage::Database;
use testkit::clock::FakeClock;
use testkit::ids::{nth, nth_uuid};
use testkit::on_each_engine;
use tokio::task::JoinHandle;

use super::*;
use crate::event::{CheckoutStep, Payload, wire};
use crate::samples::{add, at, config, decline, event, key, order, rules, search, step};
use crate::service::Service;
use crate::snapshot::SessionState;
use crate::store::{Listing, Store, migrations};

mod consents;
mod failures;
mod forgetting;
mod identity;
mod mends;
mod reading;
mod recovery;

const DEADLINE: Duration = Duration::from_secs(20);

/// One writer of a database. Dropped, it ends after what it was handed.
struct World {
    clock: FakeClock,
    store: Store,
    ingest: Ingest,
    writer: JoinHandle<Ended>,
}

impl World {
    async fn new(database: &Database) -> Self {
        Self::with(database, settings(), FakeClock::new()).await
    }

    /// Cuts the writer off, as a crash does, and starts another one on the same database.
    async fn crash(self, database: &Database) -> Self {
        self.writer.abort();
        let ended = self.writer.await;
        assert!(ended.unwrap_err().is_cancelled());
        Self::with(database, settings(), self.clock).await
    }

    async fn with(database: &Database, settings: Settings, clock: FakeClock) -> Self {
        let store = Store::new(database.clone(), Arc::clone(&settings.rules));
        let ids = Arc::new(SystemIds);
        let (writer, ingest) = Writer::new(settings, store.clone(), clock.shared(), ids)
            .await
            .unwrap();
        Self {
            clock,
            store,
            ingest,
            writer: tokio::spawn(writer.run()),
        }
    }

    fn service(&self) -> Service {
        let config = config();
        let (store, ingest) = (self.store.clone(), self.ingest.clone());
        let watching = config.watch.clone();
        Service::new(store, ingest, self.clock.shared(), config.events, watching)
    }

    async fn record(&self, events: Vec<Event>) -> Result<Receipt, SessionError> {
        self.ingest
            .try_record(batch(events))
            .unwrap()
            .settled()
            .await
    }

    /// Has the rows of all sessions hold everything.
    async fn settle(&self) {
        self.ingest.settle(&key(1).tenant).await.unwrap();
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
        let service = self.service();
        match service.get(&key(n).tenant, key(n).session).await {
            Ok(snapshot) => Some(snapshot),
            Err(SessionError::SessionUnknown) => None,
            Err(failure) => panic!("{failure:?}"),
        }
    }
}

fn settings() -> Settings {
    let config = config();
    Settings {
        ingest: config.ingest.clone(),
        rules: Arc::new(rules()),
        buffered_changes: 64,
    }
}

fn batch(events: Vec<Event>) -> Batch {
    let mut bytes = Vec::new();
    let incoming = |(index, event): (usize, Event)| {
        let start = bytes.len();
        bytes.extend(wire::render(event.clone()).encode_to_vec());
        Incoming {
            index,
            event,
            wire: start..bytes.len(),
        }
    };
    let events = events.into_iter().enumerate().map(incoming).collect();
    Batch {
        tenant: key(1).tenant,
        events,
        bytes,
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
    let world = World::new(&database).await;
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

    let world = World::new(&database).await;
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

async fn a_writer_that_was_followed_writes_no_more(database: Database) {
    let first = World::new(&database).await;
    first.send(vec![of(1, 1, add("shoe"))]).await;
    let second = World::new(&database).await;
    let outbox = number(&database, "SELECT COUNT(*) AS n FROM outbox").await;

    let late = match first.ingest.try_record(batch(vec![of(1, 2, order("A-1"))])) {
        Ok(handed) => handed.settled().await,
        Err(refused) => Err(refused),
    };

    // It may have seen by itself that it was followed.
    let refused = matches!(late, Err(SessionError::NotKept(_) | SessionError::Stopping));
    assert!(refused, "{late:?}");
    assert_eq!(first.writer.await.unwrap(), Ended::Followed);
    let refused = first.ingest.try_record(batch(vec![of(1, 3, search())]));
    assert!(matches!(refused, Err(SessionError::Stopping)));
    assert_eq!(
        number(&database, "SELECT COUNT(*) AS n FROM outbox").await,
        outbox
    );
    second.send(vec![of(1, 2, order("A-1"))]).await;
    let after = second.snapshot(1).await.unwrap();
    assert_eq!((after.event_count, after.version), (2, 2));
    assert_eq!(after.state, SessionState::Ordered);
}

async fn visitors_are_counted_up_and_corrected(database: Database) {
    let one = PersonId::Visitor(nth(1));
    let world = World::new(&database).await;
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
    let abandoned = world.store.histories(&key(1).tenant, &[one]).await.unwrap();
    world.send(vec![of_one(1, 2, order("A-1"))]).await;

    let corrected = world.store.histories(&key(1).tenant, &[one]).await.unwrap();

    let counts = abandoned[&one];
    assert_eq!(
        (
            counts.sessions,
            counts.carts,
            counts.orders,
            counts.abandonments
        ),
        (2, 1, 1, 1)
    );
    let counts = corrected[&one];
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
    let world = World::new(&database).await;
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
    let world = world.crash(&database).await;
    let replayed = vec![
        of(2, 2, add("cap")),
        of(1, 1, add("shoe")),
        of(1, 2, search()),
    ];
    let receipt = world.record(replayed).await.unwrap();

    assert_eq!(receipt.accepted, 1);
    let erased = Refusal::Erased;
    assert_eq!(receipt.refused, [(1, erased), (2, erased)]);
    assert_eq!(world.snapshot(1).await, None);
    assert_eq!(world.snapshot(2).await.unwrap().event_count, 2);
    let page = PageRequest::parse(9, "").unwrap();
    world.settle().await;
    let (tenant, all) = (key(1).tenant, Listing::default());
    let listed = world.store.list(&tenant, &all, at(9), &page).await;
    assert_eq!(listed.unwrap().items.len(), 1);
}

async fn a_moment_waits_in_the_outbox_with_its_change(database: Database) {
    let world = World::new(&database).await;
    world.send(vec![of(1, 1, add("shoe"))]).await;

    let waiting = outbox::pending(&database, later(at(0), Duration::from_secs(1)))
        .await
        .unwrap();

    assert_eq!(waiting.pending, 1);
    world.settle().await;
    let due = world.store.due_after(None).await.unwrap();
    assert_eq!(due.found, [(at(121), key(1))]);
    let next = world.store.due_after(due.next.as_ref()).await.unwrap();
    assert!(next.found.is_empty() && next.next.is_none());
}

on_each_engine!(
    [
        what_is_taken_is_there_after_a_restart,
        a_writer_that_was_followed_writes_no_more,
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
    // Room for two batches, one of each tenant.
    settings.ingest.queue_bytes = 2_048;
    let store = Store::new(database, Arc::clone(&settings.rules));
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
