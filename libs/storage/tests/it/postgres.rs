//! What is true of the PostgreSQL engine alone.

use futures::FutureExt;
use sea_orm::{ConnectionTrait, Statement};
use storage::{Database, Durability, StoreConfig, StoreError};
use testkit::scratch;

use crate::support::{one, open};

#[tokio::test]
async fn sessions_have_time_limits() {
    let Some(scratch) = scratch::postgres().await else {
        return;
    };
    let database = open(&scratch).await;
    for (name, expected) in [
        ("statement_timeout", "3s"),
        ("lock_timeout", "1s"),
        ("idle_in_transaction_session_timeout", "5s"),
    ] {
        let statement = Statement::from_string(
            database.read().get_database_backend(),
            format!("SHOW {name}"),
        );
        let row = database.read().query_one_raw(statement).await.unwrap();
        let value: String = row.unwrap().try_get_by_index(0).unwrap();
        assert_eq!(value, expected, "{name}");
    }
}

#[tokio::test]
async fn writes_read_what_is_committed_whatever_the_default_of_the_database() {
    let Some(scratch) = scratch::postgres().await else {
        return;
    };
    let before = scratch.open().await;
    before
        .read()
        .execute_unprepared(
            "DO $$ BEGIN EXECUTE format(
                'ALTER DATABASE %I SET default_transaction_isolation = serializable',
                current_database()); END $$",
        )
        .await
        .unwrap();
    before.close().await;
    let database = scratch.open().await;

    let level: Result<String, StoreError> = database
        .write(|tx| {
            async move {
                let show = "SHOW transaction_isolation";
                let statement = Statement::from_string(tx.get_database_backend(), show);
                let row = tx.query_one_raw(statement).await?;
                Ok(row.unwrap().try_get_by_index(0)?)
            }
            .boxed()
        })
        .await;

    assert_eq!(level.unwrap(), "read committed");
}

#[tokio::test]
async fn a_session_with_an_open_transaction_is_not_used_again() {
    let Some(scratch) = scratch::postgres().await else {
        return;
    };
    let config = StoreConfig {
        pool_size: 1,
        ..scratch.config()
    };
    let database = Database::open(&config).await.unwrap();
    let session = "SELECT pg_backend_pid()::bigint";
    let before = one(&database, session).await;
    assert_eq!(one(&database, session).await, before);
    // What sqlx 0.9.0 leaves behind when it is cancelled inside `BEGIN`.
    database.read().execute_unprepared("BEGIN").await.unwrap();
    assert_ne!(one(&database, session).await, before);
}

#[tokio::test]
async fn a_server_that_loses_commits_is_refused() {
    let Some(scratch) = scratch::postgres().await else {
        return;
    };
    let config = StoreConfig {
        durability: Durability::Full,
        ..scratch.config()
    };
    let relaxed = Database::open(&scratch.config()).await.unwrap();
    let fsync = "SELECT (current_setting('fsync') = 'on')::int::bigint";
    let full = Database::open(&config).await;
    if one(&relaxed, fsync).await == Some(1) {
        full.unwrap();
    } else {
        assert!(matches!(full, Err(StoreError::Unsafe(_))), "{full:?}");
    }
}

#[tokio::test]
async fn an_absent_server_is_unavailable() {
    let config = StoreConfig::new("postgres://nobody@127.0.0.1:1/none").unwrap();
    let outcome = Database::open(&config).await;
    assert!(
        matches!(outcome, Err(StoreError::Unavailable(_))),
        "{outcome:?}"
    );
}
