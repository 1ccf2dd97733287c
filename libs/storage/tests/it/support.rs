//! Scratch databases with one table of counters, and statements on it.

use std::path::Path;

use sea_orm::{ConnectionTrait, Database as Plain, Statement};
use storage::schema::{Migration, count, text_id};
use storage::{Database, StoreConfig, StoreError, Tx};
use tempfile::TempDir;
use uuid::Uuid;

/// A database of its own for one test.
pub(crate) struct Scratch {
    config: StoreConfig,
    folder: TempDir,
}

impl Scratch {
    pub(crate) fn sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        // A folder that does not exist yet, and a character that a URL would have to escape.
        let config = StoreConfig::sqlite(folder.path().join("data 100%/store.db"));
        Self { config, folder }
    }

    pub(crate) async fn postgres() -> Option<Self> {
        #[expect(clippy::disallowed_methods, reason = "not a setting of a service")]
        let Ok(server) = std::env::var("RESCATE_TEST_PG_URL") else {
            eprintln!("SKIPPED: RESCATE_TEST_PG_URL names no PostgreSQL server");
            return None;
        };
        let name = format!("t_{}", Uuid::from_u128(rand::random()).simple());
        let admin = Plain::connect(&server).await.unwrap();
        admin
            .execute_unprepared(&format!("CREATE DATABASE {name} TEMPLATE template0"))
            .await
            .unwrap();
        admin.close().await.unwrap();
        let (address, _) = server.rsplit_once('/').unwrap();
        Some(Self {
            config: StoreConfig::new(&format!("{address}/{name}"))
                .unwrap()
                .relaxed(),
            folder: TempDir::new().unwrap(),
        })
    }

    pub(crate) fn config(&self) -> StoreConfig {
        self.config.clone()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Opens the store, brings it up to date and leaves the counters as they are.
    pub(crate) async fn open(&self) -> Database {
        let database = Database::open(&self.config).await.unwrap();
        let mut migrations = storage::migrations();
        migrations.push(counters());
        database.migrate(migrations).await.unwrap();
        database
    }
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

/// Runs a contract, `async fn(Scratch)`, on each engine.
macro_rules! on_each_engine {
    ($($contract:ident),+ $(,)?) => { $(
        mod $contract {
            use crate::support::Scratch;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$contract(Scratch::sqlite()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(scratch) = Scratch::postgres().await {
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
    use futures::FutureExt;
    database
        .write(move |tx| insert(tx, name).boxed())
        .await
        .unwrap();
}
