//! What is kept no longer than it may be, and what a forgotten person leaves behind: nothing.

use domain::channel::Channel;
use domain::consent::{Consent, ConsentState, Purpose};
use domain::fact::FollowUp;
use domain::id::{IssueCode, VisitorId};
use domain::text::Text;
use platform::clock::Clock;
use proto::kpi::v1::RecordFactsRequest;
use sea_orm::QueryResult;
use testkit::canary::contains;

use super::failures::sql_text;
use super::*;
use crate::event::PersonEvent;
use crate::service::{Forgotten, Upkeep};

const DAY: Duration = Duration::from_hours(24);
const SECOND: Duration = Duration::from_secs(1);

fn upkeep() -> Upkeep {
    Upkeep {
        retention: config().retention,
        partition: 0,
        session_life: config().signals.session_hard_limit,
    }
}

impl World {
    async fn sweep(&self) -> Forgotten {
        self.service().sweep(&upkeep()).await.unwrap()
    }

    /// Lets the time come at which so many days have passed since the start, less a second.
    fn just_before(&self, days: u32) {
        let then = later(at(0), DAY * days);
        let wait = domain::time::elapsed(self.clock.now(), then);
        self.clock.advance(wait.saturating_sub(SECOND));
    }
}

fn person(s: u64, n: u64, event: PersonEvent) -> Event {
    of(s, n, Payload::Person(event))
}

fn consent(s: u64, n: u64) -> Event {
    let consent = Consent {
        channel: Channel::Sms,
        purpose: Purpose::Marketing,
        state: ConsentState::Confirmed,
        text_version: Text::parse("canary-text").unwrap(),
        source: Text::parse("canary-source").unwrap(),
        zone: None,
        recorded_at: at(n),
    };
    person(s, n, PersonEvent::ConsentChanged(consent))
}

/// What is stored of persons.
const STORED: &[&str] = &[
    "event_batches",
    "sessions",
    "histories",
    "consents",
    "session_names",
    "request_keys",
];
/// What is to be told of them.
const WAITING: &[&str] = &["outbox", "outbox_undelivered"];

/// All that these tables hold.
async fn everything(database: &Database, tables: &[&[&str]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for table in tables.concat() {
        let backend = database.read().get_database_backend();
        let all = Statement::from_string(backend, format!("SELECT * FROM {table}"));
        for row in database.read().query_all_raw(all).await.unwrap() {
            for column in row.column_names() {
                bytes.extend(of_column(&row, &column));
                bytes.push(b'\n');
            }
        }
    }
    bytes
}

fn of_column(row: &QueryResult, column: &str) -> Vec<u8> {
    if let Ok(text) = row.try_get::<Option<String>>("", column) {
        return text.unwrap_or_default().into_bytes();
    }
    row.try_get::<Vec<u8>>("", column).unwrap_or_default()
}

/// The first session ends, the second one goes on; both lie in one record.
async fn the_log_goes_first_and_the_row_of_a_session_last(database: Database) {
    let world = World::new(&database).await;
    world
        .send(vec![of(1, 0, add("past-shoe")), of(2, 0, add("kept-hat"))])
        .await;
    world.clock.advance(DAY);
    world.send(vec![of(9, 86_400, search())]).await;
    world.just_before(60);
    world.send(vec![of(2, 60 * 86_400, order("A-1"))]).await;
    world.settle().await;
    let before = (world.snapshot(1).await, world.snapshot(2).await);

    // A day beyond, since sessions of one record may live for that long.
    world.just_before(91);
    assert_eq!(world.sweep().await, Forgotten::default());
    world.clock.advance(2 * SECOND);
    world.sweep().await;

    let left = everything(&database, &[STORED]).await;
    assert!(contains(&left, b"kept-hat"));
    let log = number(
        &database,
        "SELECT COUNT(*) AS n FROM event_batches WHERE sequence = 1",
    );
    assert_eq!(log.await, 1);
    assert_eq!((world.snapshot(1).await, world.snapshot(2).await), before);

    world.just_before(120);
    assert_eq!(world.sweep().await.sessions, 0);
    assert!(world.snapshot(1).await.is_some());
    world.clock.advance(2 * SECOND);

    assert_eq!(world.sweep().await.sessions, 1);
    assert_eq!(world.snapshot(1).await, None);
    assert!(world.snapshot(2).await.is_some());
    let left = everything(&database, &[STORED]).await;
    assert!(!contains(&left, b"past-shoe") && contains(&left, b"kept-hat"));
}

/// A record of which nobody is left goes whole, and what nobody has looked at yet stays for a start to read.
async fn a_record_goes_with_the_last_of_its_sessions(database: Database) {
    let world = World::new(&database).await;
    world.send(vec![of(1, 0, add("shoe"))]).await;
    world.clock.advance(DAY);
    world.send(vec![of(2, 86_400, search())]).await;
    world.settle().await;
    world.just_before(92);
    let first = "SELECT COUNT(*) AS n FROM event_batches WHERE sequence = 1";
    assert_eq!(number(&database, first).await, 1);

    assert_eq!(world.sweep().await.records, 1);

    assert_eq!(number(&database, first).await, 0);
    let world = world.crash(&database).await;
    assert_eq!(world.snapshot(1).await.unwrap().event_count, 1);
    assert_eq!(world.sweep().await.records, 0);
}

/// Other settings would fold it otherwise, but it is never made again from a part of its events.
async fn a_session_whose_log_is_gone_in_part_stays_as_it_is(database: Database) {
    let world = World::new(&database).await;
    world.send(vec![of(1, 1, add("shoe"))]).await;
    world.send(vec![of(1, 2, add("hat"))]).await;
    world.settle().await;
    let before = world.snapshot(1).await.unwrap();
    world.writer.abort();
    let _aborted = world.writer.await;
    sql_text(
        &database,
        "DELETE FROM event_batches WHERE sequence = 1".to_owned(),
    )
    .await;

    let mut settings = settings();
    let mut rules = rules();
    rules.signals.search_count += 1;
    settings.rules = Arc::new(rules);
    let world = World::with(&database, settings, FakeClock::new()).await;

    assert_eq!(world.snapshot(1).await.unwrap(), before);
    world.send(vec![of(1, 3, add("cap"))]).await;
    assert_eq!(world.snapshot(1).await.unwrap().cart.item_count(), 3);
}

/// Many records, and events that came late: all in their places.
async fn a_session_is_made_again_from_all_of_its_records(database: Database) {
    let world = World::new(&database).await;
    for n in [1, 5, 3, 9, 7, 2] {
        let article = format!("article-{n}");
        world.send(vec![of(1, n, add(&article))]).await;
    }
    world.settle().await;
    let before = world.snapshot(1).await.unwrap();
    world.writer.abort();
    let _aborted = world.writer.await;

    let mut settings = settings();
    let mut rules = rules();
    rules.signals.search_count += 1;
    settings.rules = Arc::new(rules);
    let world = World::with(&database, settings, FakeClock::new()).await;

    assert_eq!(world.snapshot(1).await.unwrap(), before);
}

async fn all_else_goes_by_its_age(database: Database) {
    let world = World::new(&database).await;
    world
        .send(vec![
            of(1, 0, order("A-1")),
            consent(2, 0),
            of(3, 0, search()),
        ])
        .await;
    world.erase(nth::<VisitorId>(3)).await;

    world.just_before(30);
    assert_eq!(world.sweep().await.erased, 0);
    world.clock.advance(2 * SECOND);
    assert_eq!(world.sweep().await.erased, 1);
    // The session that was erased is no longer known, and begins anew.
    world.send(vec![of(3, 30 * 86_400, search())]).await;

    world.just_before(400);
    let almost = world.sweep().await;
    assert_eq!((almost.histories, almost.requests), (0, 0));
    world.clock.advance(DAY);
    let past = world.sweep().await;
    assert_eq!(past.requests, 1);
    assert!(past.histories >= 1, "{past:?}");

    world.just_before(1_095);
    assert_eq!(world.sweep().await.consents, 0);
    world.clock.advance(2 * SECOND);
    assert_eq!(world.sweep().await.consents, 1);
}

/// Known by a name that was taken back, by one that another took over, and by a device: each is found.
async fn a_forgotten_person_is_found_by_every_name(database: Database) {
    let world = World::new(&database).await;
    let linked = |s, n, name| person(s, n, PersonEvent::IdentityLinked(nth(name)));
    world
        .send(vec![
            linked(1, 1, 7),
            person(1, 2, PersonEvent::IdentityUnlinked(nth(7))),
            of(4, 1, add("kept-hat")),
        ])
        .await;
    world.send(vec![linked(2, 1, 7)]).await;
    world.send(vec![linked(2, 2, 8)]).await;
    let denied = Event {
        shopper: Some(nth(7)),
        ..of(3, 3, add("canary-shoe"))
    };
    world
        .send(vec![person(3, 1, PersonEvent::IdentityUnlinked(nth(7)))])
        .await;
    world.send(vec![denied]).await;
    let shopper: ShopperId = nth(7);

    let erased = world.erase(shopper).await;

    assert_eq!(erased.session_count, 3);
    let left = everything(&database, &[STORED, WAITING]).await;
    assert!(!contains(&left, shopper.to_string().as_bytes()));
    assert!(!contains(&left, shopper.uuid().as_bytes()));
    assert!(!contains(&left, b"canary-shoe") && contains(&left, b"kept-hat"));
}

/// By the visitor whom the first event names, even when it comes last, and however long ago the session began.
async fn a_forgotten_visitor_is_found_whenever_the_session_began(database: Database) {
    let world = World::new(&database).await;
    world
        .send(vec![
            of(1, 5, search()),
            of(2, 5, search()),
            of(3, 5, search()),
        ])
        .await;
    world.settle().await;
    let device: VisitorId = nth(9);
    let early = |s| Event {
        visitor: device,
        ..of(s, 1, search())
    };
    world.send(vec![early(1), early(2)]).await;
    world.settle().await;
    let of_device = format!("SELECT COUNT(*) AS n FROM sessions WHERE visitor_id = '{device}'");
    assert_eq!(number(&database, &of_device).await, 2);
    let session: SessionId = nth(2);
    let late = format!("UPDATE sessions SET created = 50000000 WHERE session_id = '{session}'");
    sql_text(&database, late).await;

    assert_eq!(world.erase(device).await.session_count, 2);

    assert_eq!(number(&database, &of_device).await, 0);
    assert!(world.snapshot(3).await.is_some());
}

/// What waits to be told goes too, but for sums that name nobody.
async fn a_forgotten_person_leaves_no_value_behind(database: Database) {
    let world = World::new(&database).await;
    let contact = PersonEvent::ContactReceived {
        channel: Channel::Email,
        follow_up: FollowUp::Unrelated,
        issue: IssueCode::parse("size").unwrap(),
    };
    let known = Event {
        shopper: Some(nth(7)),
        page: Some(Text::parse("/canary-page").unwrap()),
        ..of(1, 1, add("canary-shoe"))
    };
    world
        .send(vec![known, consent(1, 2), person(1, 3, contact)])
        .await;
    world.send(vec![of(1, 9, order("A-1"))]).await;
    world.settle().await;
    let planted: Vec<Vec<u8>> = vec![
        nth::<ShopperId>(7).to_string().into_bytes(),
        nth::<ShopperId>(7).uuid().as_bytes().to_vec(),
        nth::<VisitorId>(1).to_string().into_bytes(),
        b"canary-page".to_vec(),
        b"canary-shoe".to_vec(),
        b"canary-text".to_vec(),
        b"canary-source".to_vec(),
    ];
    let before = everything(&database, &[STORED, WAITING]).await;
    for value in &planted {
        assert!(contains(&before, value), "{value:?}");
    }

    world.erase(nth::<ShopperId>(7)).await;

    let left = everything(&database, &[STORED, WAITING]).await;
    for value in &planted {
        assert!(
            !contains(&left, value),
            "{}",
            String::from_utf8_lossy(value)
        );
    }
    let facts = facts(&database).await;
    assert!(!facts.is_empty());
    assert!(
        facts
            .iter()
            .all(|fact| fact.person_id.is_none() && fact.session_id.is_none())
    );
    let moments = "SELECT COUNT(*) AS n FROM outbox WHERE method LIKE '%AssessSession'";
    assert_eq!(number(&database, moments).await, 0);
}

/// The facts that wait to be told.
async fn facts(database: &Database) -> Vec<proto::fact::v1::Fact> {
    let backend = database.read().get_database_backend();
    let query = "SELECT payload FROM outbox WHERE method LIKE '%RecordFacts'";
    let rows = database
        .read()
        .query_all_raw(Statement::from_string(backend, query))
        .await;
    let requests = rows.unwrap().into_iter().map(|row| {
        let payload: Vec<u8> = row.try_get("", "payload").unwrap();
        RecordFactsRequest::decode(payload.as_slice()).unwrap()
    });
    requests.flat_map(|request| request.facts).collect()
}

on_each_engine!(
    [
        the_log_goes_first_and_the_row_of_a_session_last,
        a_record_goes_with_the_last_of_its_sessions,
        a_session_whose_log_is_gone_in_part_stays_as_it_is,
        a_session_is_made_again_from_all_of_its_records,
        all_else_goes_by_its_age,
        a_forgotten_person_is_found_by_every_name,
        a_forgotten_visitor_is_found_whenever_the_session_began,
        a_forgotten_person_leaves_no_value_behind,
    ],
    migrations()
);
