//! A store with one table of counters, and statements on it.

use futures::FutureExt;
use sea_orm::{ConnectionTrait, Statement};
use storage::schema::{Migration, count, text_id};
use storage::{Database, StoreError, Tx};
use testkit::scratch::Scratch;

/// Opens the store, brings it up to date and leaves the counters as they are.
pub(crate) async fn open(scratch: &Scratch) -> Database {
    let mut migrations = storage::migrations();
    migrations.push(counters());
    scratch.migrated(migrations).await
}

fn counters() -> Box<dyn sea_orm_migration::MigrationTrait> {
    let table = sea_orm::sea_query::Table::create()
        .table("counters")
        .col(text_id("name").primary_key())
        .col(count("used"))
        .take();
    Migration::named("m20260101_000002_counters")
        .create_table(table)
        .boxed()
}

/// Runs a contract, `async fn(Scratch)`, on each engine: testkit's own hands out an open store, and these close and
/// reopen theirs.
macro_rules! on_each_engine {
    ($($contract:ident),+ $(,)?) => { $(
        mod $contract {
            use testkit::scratch;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$contract(scratch::sqlite()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(scratch) = scratch::postgres().await {
                    super::$contract(scratch).await;
                }
            }
        }
    )+ };
}

/// Inserts a counter at zero.
pub(crate) async fn insert(tx: &Tx, name: &str) -> Result<(), StoreError> {
    let sql = format!("INSERT INTO counters (name, used) VALUES ('{name}', 0)");
    tx.execute_unprepared(&sql).await?;
    Ok(())
}

/// Adds one when the limit allows it, and says whether it did.
pub(crate) async fn take_one(tx: &Tx, name: &str, limit: i64) -> Result<bool, StoreError> {
    let sql = format!(
        "UPDATE counters SET used = used + 1 WHERE name = '{name}' AND used + 1 <= {limit}"
    );
    Ok(tx.execute_unprepared(&sql).await?.rows_affected() == 1)
}

pub(crate) async fn used(database: &Database, name: &str) -> Option<i64> {
    let sql = format!("SELECT used FROM counters WHERE name = '{name}'");
    one(database, &sql).await
}

/// The first column of the first row.
pub(crate) async fn one(database: &Database, sql: &str) -> Option<i64> {
    let statement = Statement::from_string(database.read().get_database_backend(), sql);
    let row = database.read().query_one_raw(statement).await.unwrap()?;
    Some(row.try_get_by_index(0).unwrap())
}

pub(crate) async fn create(database: &Database, name: &'static str) {
    database
        .write(move |tx| insert(tx, name).boxed())
        .await
        .unwrap();
}
