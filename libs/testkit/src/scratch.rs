//! A database of its own for each test, on each engine, gone when the test ends.
//!
//! SQLite is a file in a temporary folder. PostgreSQL is a new database on the server of `RESCATE_TEST_PG_URL`, or on
//! one that this process starts for itself. Where there is no PostgreSQL, its tests say so and pass; with `CI` set they fail.

mod cluster;
mod postgres;

use std::env;
use std::ffi::OsString;
use std::path::Path;

use sea_orm_migration::MigrationTrait;
use storage::{Database, StoreConfig};
use tempfile::TempDir;

pub use self::cluster::Cluster;
use self::postgres::Created;

/// The two engines that every store must behave alike on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// An empty database that is removed when this guard is dropped.
#[derive(Debug)]
pub struct Scratch {
    url: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Folder(TempDir),
    Server { _database: Created },
}

/// An empty SQLite file in a folder of its own.
pub fn sqlite() -> Scratch {
    let folder = tempfile::tempdir().unwrap();
    Scratch {
        url: format!("sqlite:{}", folder.path().join("scratch.db").display()),
        place: Place::Folder(folder),
    }
}

/// An empty PostgreSQL database, or `None` where there is no server and none is demanded.
pub async fn postgres() -> Option<Scratch> {
    let Some(admin_url) = postgres::admin_url().await else {
        skip();
        return None;
    };
    Some(on_server(&admin_url).await)
}

/// Says that a test does without PostgreSQL, which fails where that is demanded.
fn skip() {
    let missing = "no PostgreSQL: set RESCATE_TEST_PG_URL or PG_BIN, or install `postgresql`";
    assert!(environment("CI").is_none(), "{missing}");
    eprintln!("SKIPPED, {missing}");
}

/// An empty PostgreSQL database on the server of this url, from which databases can be created.
pub async fn on_server(admin_url: &str) -> Scratch {
    let database = Created::new(admin_url.to_owned()).await;
    Scratch {
        url: database.url(),
        place: Place::Server {
            _database: database,
        },
    }
}

impl Engine {
    /// An empty database of this engine, or `None` where the engine is absent and not demanded.
    pub async fn scratch(self) -> Option<Scratch> {
        match self {
            Self::Sqlite => Some(sqlite()),
            Self::Postgres => postgres().await,
        }
    }
}

impl Scratch {
    /// What the setting `store.url` of a service is set to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The folder of the SQLite files, to search or to break them; `None` on PostgreSQL.
    pub fn folder(&self) -> Option<&Path> {
        match &self.place {
            Place::Folder(folder) => Some(folder.path()),
            Place::Server { .. } => None,
        }
    }

    /// The settings of a store on this database. It need not survive a power cut, and the own server would not.
    pub fn config(&self) -> StoreConfig {
        StoreConfig::new(&self.url).unwrap().relaxed()
    }

    /// Opens the database; a second time is a restart, or a second replica.
    pub async fn open(&self) -> Database {
        Database::open(&self.config()).await.unwrap()
    }

    /// Opens the database and applies these migrations.
    pub async fn migrated(&self, migrations: Vec<Box<dyn MigrationTrait>>) -> Database {
        let database = self.open().await;
        database.migrate(migrations).await.unwrap();
        database
    }
}

/// Runs one contract on one engine; [`on_each_engine!`](crate::on_each_engine) calls it.
pub fn run_contract<F, Fut>(engine: Engine, migrations: Vec<Box<dyn MigrationTrait>>, contract: F)
where
    F: FnOnce(Database) -> Fut,
    Fut: Future<Output = ()>,
{
    // More than one thread, so that concurrent writers in a contract really meet.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let Some(scratch) = engine.scratch().await else {
            return;
        };
        contract(scratch.migrated(migrations).await).await;
    });
}

/// What a machine offers to tests is said by its environment: there is no settings file to put it in.
#[expect(clippy::disallowed_methods, reason = "not a setting of a service")]
fn environment(name: &str) -> Option<OsString> {
    env::var_os(name)
}

/// Makes tests `sqlite` and `postgres`, in a module named after it, of each `async fn contract(database: Database)`.
///
/// ```ignore
/// async fn a_hold_survives_a_restart(database: Database) { /* … */ }
///
/// on_each_engine!(a_hold_survives_a_restart);
/// on_each_engine!([one_contract, another_contract], store::migrations());
/// ```
///
/// The second argument is a `Vec<Box<dyn MigrationTrait>>`; without it the database is empty.
#[macro_export]
macro_rules! on_each_engine {
    ($contract:ident $(,)?) => {
        $crate::on_each_engine!([$contract], ::std::vec::Vec::new());
    };
    ($contract:ident, $migrations:expr $(,)?) => {
        $crate::on_each_engine!([$contract], $migrations);
    };
    ([$($contract:ident),+ $(,)?], $migrations:expr $(,)?) => {
        $($crate::on_each_engine!(@one $contract, $migrations);)+
    };
    (@one $contract:ident, $migrations:expr) => {
        mod $contract {
            use super::*;

            #[test]
            fn sqlite() {
                $crate::scratch::run_contract($crate::scratch::Engine::Sqlite, $migrations, $contract);
            }

            #[test]
            fn postgres() {
                $crate::scratch::run_contract($crate::scratch::Engine::Postgres, $migrations, $contract);
            }
        }
    };
}

#[cfg(test)]
mod tests;
