//! Plays.

use platform::paging::PageRequest;
use storage::{Database, StoreError};
use testkit::builders::other_tenant;
use testkit::on_each_engine;

use super::*;
use crate::play::{Play, PlayState};

fn version(id: &str, version: u32, state: PlayState) -> Play {
    Play {
        version,
        state,
        ..a_play(id, 500)
    }
}

async fn insert(store: &Store, play: Play) {
    store
        .in_tx(move |store, tx| {
            let play = play.clone();
            async move { store.insert_play(tx, &tenant(), &play, start()).await }.boxed()
        })
        .await;
}

async fn versions_are_read_by_number_or_as_the_newest(database: Database) {
    let store = Store::new(database);
    let (old, new) = (
        version("a", 1, PlayState::Live),
        version("a", 2, PlayState::Draft),
    );
    insert(&store, old.clone()).await;
    insert(&store, new.clone()).await;
    let connection = store.database.read();
    let (tenant, id) = (tenant(), play_id("a"));
    let read = |which| store.play(connection, &tenant, &id, which);

    assert_eq!(read(Version::Number(1)).await.unwrap(), Some(old.clone()));
    assert_eq!(read(Version::Newest).await.unwrap(), Some(new));
    assert_eq!(read(Version::Number(3)).await.unwrap(), None);
    let in_use = store.play_in_use(connection, &tenant, &id).await.unwrap();
    assert_eq!(in_use, Some(old));
}

async fn one_version_is_in_use_at_a_time(database: Database) {
    let store = Store::new(database);
    insert(&store, version("a", 1, PlayState::Paused)).await;
    insert(&store, version("a", 2, PlayState::Draft)).await;

    let (same, live) = (store.clone(), version("a", 2, PlayState::Live));
    let second = store.database.write(move |tx| {
        let (store, live) = (same.clone(), live.clone());
        async move { store.save_play_state(tx, &tenant(), &live, start()).await }.boxed()
    });
    let second: Result<(), StoreError> = second.await;

    assert!(matches!(second, Err(StoreError::Conflict(_))));
}

async fn lists_hold_the_newest_version_of_each(database: Database) {
    let store = Store::new(database);
    for (id, number) in [("b", 1), ("a", 1), ("a", 2), ("c", 1)] {
        insert(&store, version(id, number, PlayState::Draft)).await;
    }
    let mut seen = Vec::new();
    let mut token = String::new();
    loop {
        let request = PageRequest::parse(2, &token).unwrap();
        let page = store.list_plays(&tenant(), &request).await.unwrap();
        let named = page
            .items
            .iter()
            .map(|play| (play.id.to_string(), play.version));
        seen.extend(named);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let expected = [("a", 2), ("b", 1), ("c", 1)].map(|(id, number)| (id.to_owned(), number));
    assert_eq!(seen, expected);
    let theirs = store
        .list_plays(&other_tenant(), &PageRequest::first())
        .await
        .unwrap();
    assert!(theirs.items.is_empty());
}

async fn live_plays_are_those_in_the_state_live(database: Database) {
    let store = Store::new(database);
    insert(&store, version("a", 1, PlayState::Live)).await;
    insert(&store, version("b", 1, PlayState::Paused)).await;
    insert(&store, version("c", 1, PlayState::Draft)).await;

    let live = store
        .live_plays(store.database.read(), &tenant())
        .await
        .unwrap();

    assert_eq!(live, [version("a", 1, PlayState::Live)]);
}

async fn starter_plays_are_given_once(database: Database) {
    let store = Store::new(database);
    assert!(!store.has_starter_plays(&tenant()).await.unwrap());
    let claim = || {
        store.in_tx(|store, tx| {
            async move { store.claim_starter_plays(tx, &tenant(), start()).await }.boxed()
        })
    };

    assert!(claim().await);
    assert!(!claim().await);
    assert!(store.has_starter_plays(&tenant()).await.unwrap());
    assert!(!store.has_starter_plays(&other_tenant()).await.unwrap());
}

on_each_engine!(
    [
        versions_are_read_by_number_or_as_the_newest,
        one_version_is_in_use_at_a_time,
        lists_hold_the_newest_version_of_each,
        live_plays_are_those_in_the_state_live,
        starter_plays_are_given_once,
    ],
    migrations()
);
