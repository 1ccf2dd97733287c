//! Writes that share a commit on SQLite: each is whole or absent by itself, whatever the others do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::FutureExt;
use futures::future::join_all;
use storage::StoreError;
use testkit::scratch;

use crate::support::{create, insert, one, open};

const WRITES: u32 = 120;

#[tokio::test(flavor = "multi_thread")]
async fn writes_that_meet_are_whole_or_absent_each() {
    let scratch = scratch::sqlite();
    let database = open(&scratch).await;
    create(&database, "taken").await;
    let hooks = Arc::new(AtomicU32::new(0));
    let writes = (0..WRITES).map(|n| {
        let (database, hooks) = (database.clone(), Arc::clone(&hooks));
        tokio::spawn(async move {
            database
                .write::<_, StoreError, _>(move |tx| {
                    let hooks = Arc::clone(&hooks);
                    tx.after_commit(move || {
                        hooks.fetch_add(1, Ordering::SeqCst);
                    });
                    async move {
                        insert(tx, &format!("row-{n}")).await?;
                        match n % 10 {
                            // A unique key that is taken: the statement fails.
                            3 => insert(tx, "taken").await,
                            // The work itself says no.
                            5 => Err(StoreError::Closed),
                            // The work has a fault.
                            7 => panic!("on purpose"),
                            _ => Ok(()),
                        }
                    }
                    .boxed()
                })
                .await
        })
    });
    let outcomes = join_all(writes).await;

    let done = outcomes
        .iter()
        .filter(|one| matches!(one, Ok(Ok(()))))
        .count();
    let panicked = outcomes.iter().filter(|one| one.is_err()).count();
    assert_eq!((done, panicked), (84, 12));
    let stored = one(
        &database,
        "SELECT COUNT(*) FROM counters WHERE name LIKE 'row-%'",
    )
    .await;
    assert_eq!(stored, Some(84));
    assert_eq!(
        hooks.load(Ordering::SeqCst),
        84,
        "a hook runs once, after its commit"
    );
}
