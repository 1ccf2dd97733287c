//! What only the store knows of. The rest is tested with the writer, which is its one user.

use testkit::on_each_engine;

use super::*;
use crate::samples::{at, rules};

fn store(database: Database) -> Store {
    Store::new(database, Arc::new(rules()))
}

/// Each tenant has a record of its own in the log, and together they have more values than one statement may name.
async fn a_commit_of_many_tenants_is_taken(database: Database) {
    const TENANTS: u64 = 14_000;
    let store = store(database);
    let claimed = store.claim(0).await.unwrap();
    let record = |sequence| Record {
        place: LogPlace {
            partition: 0,
            sequence,
        },
        tenant: TenantId::parse(&format!("tenant-{sequence}")).unwrap(),
        now: at(0),
        sections: Vec::new(),
    };
    let heads = Heads {
        sequence: TENANTS,
        change: 1,
        ..claimed
    };
    let mut commit = Commit::new(0, claimed, at(0));
    commit.heads = heads;
    commit.records = (1..=TENANTS).map(record).collect();

    store.commit(commit.clone()).await.unwrap();
    let again = store.commit(commit.clone()).await;

    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
    assert_eq!(store.heads(0).await.unwrap(), heads);
    let read = store.records_after(0, TENANTS - 1).await.unwrap();
    assert_eq!(read, commit.records[commit.records.len() - 1..]);
}

async fn a_partition_has_one_writer(database: Database) {
    let store = store(database);
    let first = store.claim(0).await.unwrap();
    let second = store.claim(0).await.unwrap();
    let other = store.claim(1).await.unwrap();

    let late = store.commit(Commit::new(0, first, at(0))).await;

    assert!(matches!(late, Err(StoreError::Conflict(_))), "{late:?}");
    assert_eq!((first.epoch, second.epoch, other.epoch), (1, 2, 1));
    store.commit(Commit::new(0, second, at(0))).await.unwrap();
}

on_each_engine!(
    [
        a_commit_of_many_tenants_is_taken,
        a_partition_has_one_writer
    ],
    migrations()
);
