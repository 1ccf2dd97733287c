//! What others read while the writer writes: lists, changes, and the way from one to the other.

use domain::id::{SessionId, VisitorId};
use domain::phase::RiskPhase;
use platform::paging::PageRequest;
use tokio::time::timeout;

use super::*;
use crate::service::{Update, Watch};
use crate::store::{Filter, Hesitating, Listing, Position};

/// More sessions than one read of changes brings.
const CROWD: u64 = 201;

fn active() -> Filter {
    Filter {
        phase: None,
        state: Some(SessionState::Active),
    }
}

impl World {
    fn watch(&self, filter: Filter, from: Position) -> Watch {
        self.service().watch(&key(1).tenant, filter, from)
    }
}

async fn next(watch: &mut Watch) -> Update {
    timeout(DEADLINE, watch.next()).await.unwrap().unwrap()
}

/// The sessions of the next updates, with their states, until a snapshot is complete.
async fn rest_of_snapshot(watch: &mut Watch) -> Vec<(SessionId, SessionState)> {
    let mut told = Vec::new();
    loop {
        match next(watch).await {
            Update::Session(session) => told.push((session.session, session.state)),
            Update::SnapshotComplete => return told,
        }
    }
}

async fn told(watch: &mut Watch) -> (SessionId, u64) {
    match next(watch).await {
        Update::Session(session) => (session.session, session.version),
        Update::SnapshotComplete => panic!("no session was told"),
    }
}

async fn sessions_are_listed_by_activity_and_filtered(database: Database) {
    let world = World::new(&database).await;
    let tenant = key(1).tenant;
    world
        .send(vec![
            of(1, 9, search()),
            of(2, 8, step(CheckoutStep::Review)),
        ])
        .await;
    world
        .send(vec![of(2, 10, decline()), of(3, 10, order("A-1"))])
        .await;
    world.settle().await;
    let list = async |filter, hesitating, page: &PageRequest<_>| {
        let listing = Listing {
            filter,
            hesitating,
            ..Listing::default()
        };
        let page = world.store.list(&tenant, &listing, at(11), page).await;
        let page = page.unwrap();
        let ids: Vec<_> = page.items.iter().map(|found| found.session).collect();
        (ids, page.next_page_token)
    };
    let first = PageRequest::parse(2, "").unwrap();

    let (ids, token) = list(Filter::default(), None, &first).await;
    assert_eq!(ids, [nth(3), nth(2)]);
    let (ids, token) = list(
        Filter::default(),
        None,
        &PageRequest::parse(2, &token).unwrap(),
    )
    .await;
    assert_eq!((ids, token.as_str()), (vec![nth(1)], ""));
    let phase = Some(RiskPhase::TransactionalFriction);
    let (ids, _) = list(Filter { phase, state: None }, None, &first).await;
    assert_eq!(ids, [nth(2)]);
    let (ids, _) = list(Filter::default(), Some(Hesitating::Yes), &first).await;
    assert_eq!(ids, [nth(2)]);
    let (ids, _) = list(Filter::default(), Some(Hesitating::No), &first).await;
    assert_eq!(ids, [nth(3), nth(1)]);
}

async fn changes_are_told_in_their_order(database: Database) {
    let world = World::new(&database).await;
    let tenant = key(1).tenant;
    for s in [1, 2, 3] {
        world.send(vec![of(s, 1, search())]).await;
    }
    world.send(vec![of(1, 2, order("A-1"))]).await;
    world.settle().await;
    let active = active();
    let changed = async |known, head, told| {
        let position = Position { known, head, told };
        let found = world
            .store
            .changed(&tenant, active, (position, u64::MAX))
            .await;
        let numbered = found
            .unwrap()
            .into_iter()
            .map(|found| (found.change, found.snapshot.unwrap().session));
        numbered.collect::<Vec<_>>()
    };

    // A reader from the start never knew session 1, which has ended when it comes to that change.
    assert_eq!(changed(0, 4, 0).await, [(2, nth(2)), (3, nth(3))]);
    assert_eq!(changed(0, 4, 2).await, [(3, nth(3))]);
    // One who began before it ended has been told of it, and one who had read so far before may have been.
    assert_eq!(changed(0, 3, 2).await, [(3, nth(3)), (4, nth(1))]);
    assert_eq!(changed(1, 4, 2).await, [(3, nth(3)), (4, nth(1))]);
}

async fn a_number_of_an_erased_change_is_not_given_out_again(database: Database) {
    let world = World::new(&database).await;
    world.send(vec![of(1, 1, search())]).await;
    world.send(vec![of(2, 1, search())]).await;
    world.erase(nth::<VisitorId>(2)).await;
    drop(world);

    let world = World::new(&database).await;
    world.send(vec![of(3, 1, search())]).await;
    let mut watch = world.watch(Filter::default(), Position::after(2));

    assert_eq!(told(&mut watch).await, (nth(3), 1));
}

/// A session that the reader was told of ends before the others were told.
async fn a_session_that_ends_during_a_snapshot_is_told_again(database: Database) {
    let world = World::new(&database).await;
    for n in 1..=CROWD {
        world.send(vec![of(n, 1, search())]).await;
    }
    let mut watch = world.watch(active(), Position::default());
    assert_eq!(told(&mut watch).await, (nth(1), 1));

    world.send(vec![of(1, 2, order("A-1"))]).await;
    world.send(vec![of(CROWD + 1, 1, order("A-2"))]).await;
    world.send(vec![of(CROWD + 2, 1, search())]).await;
    let rest = rest_of_snapshot(&mut watch).await;

    assert_eq!(rest.len(), usize::try_from(CROWD - 1).unwrap());
    assert!(!rest.iter().any(|(id, _)| *id == nth(1)));
    assert_eq!(told(&mut watch).await, (nth(1), 2));
    // The one between was never known and never matched.
    assert_eq!(told(&mut watch).await, (nth(CROWD + 2), 1));
}

async fn a_snapshot_that_was_cut_is_told_to_its_end(database: Database) {
    let world = World::new(&database).await;
    for n in 1..=3 {
        world.send(vec![of(n, 1, search())]).await;
    }
    let mut cut = world.watch(active(), Position::default());
    assert_eq!(told(&mut cut).await, (nth(1), 1));
    world.send(vec![of(1, 2, order("A-1"))]).await;

    let mut watch = world.watch(active(), cut.position());

    let rest = rest_of_snapshot(&mut watch).await;
    assert_eq!(
        rest,
        [
            (nth(2), SessionState::Active),
            (nth(3), SessionState::Active),
            (nth(1), SessionState::Ordered),
        ]
    );
    world.send(vec![of(2, 2, search())]).await;
    assert_eq!(told(&mut watch).await, (nth(2), 2));
}

async fn a_watch_of_all_sessions_goes_on_where_it_ended(database: Database) {
    let world = World::new(&database).await;
    world.send(vec![of(1, 1, search())]).await;
    let mut watch = world.watch(Filter::default(), Position::default());
    rest_of_snapshot(&mut watch).await;
    let position = watch.position();
    drop(watch);

    world.send(vec![of(2, 1, order("A-1"))]).await;
    world.send(vec![of(1, 2, search())]).await;
    let mut watch = world.watch(Filter::default(), position);

    assert_eq!(told(&mut watch).await, (nth(2), 1));
    assert_eq!(told(&mut watch).await, (nth(1), 2));
}

on_each_engine!(
    [
        sessions_are_listed_by_activity_and_filtered,
        changes_are_told_in_their_order,
        a_number_of_an_erased_change_is_not_given_out_again,
        a_session_that_ends_during_a_snapshot_is_told_again,
        a_snapshot_that_was_cut_is_told_to_its_end,
        a_watch_of_all_sessions_goes_on_where_it_ended,
    ],
    migrations()
);
