use std::time::Duration;

use futures::FutureExt;
use sea_orm::{ConnectionTrait, Statement};
use storage::StoreError;

use super::*;
use crate::eventually;

const DEADLINE: Duration = Duration::from_secs(10);

async fn is_empty_and_writable(database: Database) {
    let created = database.write(|tx| {
        async move {
            tx.execute_unprepared("CREATE TABLE probe (id BIGINT PRIMARY KEY)")
                .await?;
            Ok::<_, StoreError>(())
        }
        .boxed()
    });
    created.await.unwrap();
}

crate::on_each_engine!(is_empty_and_writable);

#[test]
fn a_dropped_sqlite_database_leaves_no_file() {
    let scratch = sqlite();
    let folder = scratch.folder().unwrap().to_owned();

    drop(scratch);

    assert!(!folder.exists());
}

#[tokio::test]
async fn two_databases_of_one_server_are_apart() {
    let Some(first) = postgres().await else {
        return;
    };
    let second = postgres().await.unwrap();

    for scratch in [&first, &second] {
        is_empty_and_writable(scratch.open().await).await;
    }
}

/// Counts what is there, on a connection of its own.
async fn count(database: &Database) -> Result<usize, StoreError> {
    let rows = database.read().query_all_raw(Statement::from_string(
        database.read().get_database_backend(),
        "SELECT id FROM probe",
    ));
    Ok(rows.await?.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_ends_the_server_and_loses_nothing_that_was_acknowledged() {
    let Some(mut cluster) = Cluster::durable() else {
        return;
    };
    let scratch = on_server(&cluster.url()).await;
    // With full durability, which a server that forgets is refused for.
    let config = StoreConfig::new(scratch.url()).unwrap();
    let database = Database::open(&config).await.unwrap();
    is_empty_and_writable(database.clone()).await;
    let written = database.write(|tx| {
        async move {
            tx.execute_unprepared("INSERT INTO probe VALUES (7)")
                .await?;
            Ok::<_, StoreError>(())
        }
        .boxed()
    });
    written.await.unwrap();

    tokio::task::block_in_place(|| cluster.crash());
    count(&database).await.expect_err("there is no server");
    tokio::task::block_in_place(|| cluster.restart());

    let found = eventually(DEADLINE, || count(&database)).await;
    assert_eq!(found, 1);
    database.close().await;
    drop(scratch);
}
