//! What is true of the SQLite engine alone.

use futures::FutureExt;
use sea_orm::sea_query::{Index, Table};
use sea_orm::{ConnectionTrait, Statement};
use storage::schema::{Migration, text_id};
use storage::{Database, StoreConfig, StoreError, Tx};
use testkit::scratch;

use crate::support::{create, insert, one, open, take_one, used};

#[tokio::test]
async fn commits_reach_the_disk() {
    let scratch = scratch::sqlite();
    let database = Database::open(&StoreConfig::new(scratch.url()).unwrap()).await;
    let database = database.unwrap();
    let settings = database
        .write::<_, StoreError, _>(|tx| {
            async move {
                let mut settings = Vec::new();
                for name in ["synchronous", "foreign_keys"] {
                    let sql = format!("SELECT {name} FROM pragma_{name}");
                    let statement = Statement::from_string(tx.get_database_backend(), sql);
                    let row = tx.query_one_raw(statement).await?.unwrap();
                    settings.push(row.try_get_by_index::<i64>(0)?);
                }
                Ok(settings)
            }
            .boxed()
        })
        .await
        .unwrap();
    assert_eq!(settings, [2, 1]);
}

#[tokio::test]
async fn readers_cannot_write() {
    let scratch = scratch::sqlite();
    let database = open(&scratch).await;
    let outcome = database
        .read()
        .execute_unprepared("DELETE FROM counters")
        .await;
    assert!(outcome.is_err());
}

#[tokio::test]
async fn any_path_will_do_and_closing_leaves_one_file() {
    let scratch = scratch::sqlite();
    // A folder that does not exist yet, and characters that a URL would have to escape.
    let folder = scratch.folder().unwrap().join("new/100% #1");
    let database = Database::open(&StoreConfig::sqlite(folder.join("store.db"))).await;
    let database = database.unwrap();
    database.migrate(storage::migrations()).await.unwrap();
    database.close().await;
    let files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(files, ["store.db"]);
}

#[tokio::test]
async fn a_full_disk_is_told_and_passes() {
    let scratch = scratch::sqlite();
    let database = open(&scratch).await;
    create(&database, "n").await;
    let filled: Result<(), StoreError> = database
        .write(|tx| {
            async move {
                allow_pages(tx, 1).await?;
                for n in 0..10_000 {
                    insert(tx, &format!("{n}{}", "x".repeat(500))).await?;
                }
                Ok(())
            }
            .boxed()
        })
        .await;
    assert!(matches!(filled, Err(StoreError::Full(_))), "{filled:?}");
    let work = database.write(|tx| {
        async move {
            allow_pages(tx, 1_000_000).await?;
            take_one(tx, "n", 1).await
        }
        .boxed()
    });
    assert!(work.await.unwrap());
    assert_eq!(used(&database, "n").await, Some(1));
    assert_eq!(
        one(&database, "SELECT COUNT(*) FROM counters").await,
        Some(1)
    );
}

/// SQLite refuses to grow the file beyond so many pages, as it does on a full disk; each connection has its own limit.
async fn allow_pages(tx: &Tx, pages: u32) -> Result<(), StoreError> {
    let limit = format!("PRAGMA max_page_count = {pages}");
    tx.execute_unprepared(&limit).await?;
    Ok(())
}

/// Without being told, the planner reads all rows of the tenant, as these come in the order that is asked for.
#[tokio::test]
async fn an_index_is_used_though_its_rows_have_to_be_sorted() {
    let scratch = scratch::sqlite();
    let mut migrations = storage::migrations();
    let table = Table::create()
        .table("cases")
        .col(text_id("tenant"))
        .col(text_id("case_id"))
        .col(text_id("session_id"))
        .primary_key(Index::create().col("tenant").col("case_id"))
        .take();
    let by_session = Index::create()
        .name("cases_by_session")
        .table("cases")
        .col("tenant")
        .col("session_id")
        .take();
    let made = Migration::named("m20260101_000002_cases")
        .create_table(table)
        .create_index(by_session);
    migrations.push(made.boxed());
    let database = scratch.migrated(migrations).await;
    let sql = "EXPLAIN QUERY PLAN SELECT * FROM cases WHERE tenant = 'shop' AND session_id = 'one' ORDER BY case_id";
    let explain = Statement::from_string(database.read().get_database_backend(), sql);
    let plan = database.read().query_all_raw(explain).await.unwrap();
    let plan: Vec<String> = plan
        .iter()
        .map(|step| step.try_get("", "detail").unwrap())
        .collect();
    assert!(plan[0].contains("cases_by_session"), "{plan:?}");
}
