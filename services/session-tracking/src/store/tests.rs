//! What only the store knows of. The rest is tested with the writer, which is its one user.

use futures::FutureExt;
use sea_orm::ConnectionTrait;
use testkit::on_each_engine;

use super::*;
use crate::samples::at;
use crate::session::LogPlace;

/// Each tenant has a batch of its own in the log, and together they have more values than one statement may name.
async fn a_commit_of_many_tenants_is_taken(database: Database) {
    const TENANTS: u64 = 14_000;
    database.migrate(migrations()).await.unwrap();
    let batch = |sequence| LogBatch {
        place: LogPlace {
            partition: 0,
            sequence,
        },
        tenant: TenantId::parse(&format!("tenant-{sequence}")).unwrap(),
        sections: Vec::new(),
    };
    let commit = Commit {
        now: at(0),
        partition: 0,
        heads: Heads {
            sequence: TENANTS,
            change: 1,
        },
        batches: (1..=TENANTS).map(batch).collect(),
        sessions: Vec::new(),
        visitors: BTreeMap::new(),
        messages: Vec::new(),
    };
    let store = Store::new(database);

    store.commit(commit.clone()).await.unwrap();

    assert_eq!(store.heads(0).await.unwrap(), commit.heads);
}

async fn numbers_go_on_from_a_database_that_did_not_keep_them(database: Database) {
    let mut before = migrations();
    before.retain(|step| !step.name().ends_with("log_heads"));
    database.migrate(before).await.unwrap();
    for row in [
        "INSERT INTO event_batches VALUES (0, 7, 'acme', '', 0)",
        "INSERT INTO sessions VALUES ('acme', 's', 'v', NULL, 'active', 'p', 0, NULL, 0, NULL, 1, 40, 1, '', '', '')",
    ] {
        let done: Result<(), StoreError> = database
            .write(move |tx| {
                async move { Ok(tx.execute_unprepared(row).await.map(|_| ())?) }.boxed()
            })
            .await;
        done.unwrap();
    }

    database.migrate(migrations()).await.unwrap();

    let store = Store::new(database);
    let heads = |sequence| Heads {
        sequence,
        change: 40,
    };
    assert_eq!(store.heads(0).await.unwrap(), heads(7));
    assert_eq!(store.heads(1).await.unwrap(), heads(0));
}

on_each_engine!(
    [
        a_commit_of_many_tenants_is_taken,
        numbers_go_on_from_a_database_that_did_not_keep_them,
    ],
    Vec::new()
);
