//! SQLite: one writer, several readers, and a third party that moves the write-ahead log into the file, so that no
//! commit pays for a checkpoint.

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::FutureExt;
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, Statement};
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Opened, PREPARED};
use crate::{Durability, StoreConfig, StoreError};

pub(crate) mod statistics;

/// The first release without the WAL reset bug that corrupts files under concurrent checkpoints.
const OLDEST_VERSION: [u32; 3] = [3, 51, 3];
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const CHECKPOINT_EVERY: Duration = Duration::from_secs(1);
/// Pages that the writer keeps: it touches those of its indexes again with each commit, and would read them from the
/// write-ahead log each time. Taken as needed.
const WRITER_CACHE_KIB: u32 = 65_536;
/// 64 MiB of pages: from here on the log is cut, and commits checkpoint themselves if nobody else does.
const LONG_LOG_PAGES: u32 = 16_384;

pub(super) async fn open(
    file: &Path,
    config: &StoreConfig,
    upkeep: &TaskTracker,
    stop: &CancellationToken,
) -> Result<Opened, StoreError> {
    if let Some(folder) = file.parent() {
        tokio::fs::create_dir_all(folder)
            .await
            .map_err(StoreError::File)?;
    }
    let writer = connect(file, Role::Writer, config).await?;
    refuse_unsafe(&writer).await?;
    let reader = connect(file, Role::Reader, config).await?;
    let checkpointer = connect(file, Role::Checkpointer, config).await?;
    upkeep.spawn(checkpoint_until(checkpointer, stop.clone()));
    Ok(Opened { writer, reader })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Writer,
    Reader,
    Checkpointer,
}

impl Role {
    fn apply(self, options: SqliteConnectOptions, durability: Durability) -> SqliteConnectOptions {
        let options = options
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(match durability {
                Durability::Full => SqliteSynchronous::Full,
                Durability::Relaxed => SqliteSynchronous::Off,
            })
            .foreign_keys(true)
            .statement_cache_capacity(PREPARED)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("wal_autocheckpoint", LONG_LOG_PAGES.to_string())
            .pragma("temp_store", "memory");
        match self {
            Self::Writer => options
                .create_if_missing(true)
                .pragma("cache_size", format!("-{WRITER_CACHE_KIB}")),
            Self::Reader => options.read_only(true),
            // It gives way at once: a checkpoint that waits for readers would hold up commits.
            Self::Checkpointer => options.busy_timeout(Duration::ZERO),
        }
    }
}

async fn connect(
    file: &Path,
    role: Role,
    config: &StoreConfig,
) -> Result<DatabaseConnection, StoreError> {
    let (file, durability) = (PathBuf::from(file), config.durability);
    // The path is set below: a URL would need it percent-encoded.
    let mut options = ConnectOptions::new("sqlite:store");
    options
        .max_connections(match role {
            Role::Reader => config.pool_size,
            Role::Writer | Role::Checkpointer => 1,
        })
        // Writers queue for the one connection, as they would for the lock of the file.
        .acquire_timeout(match role {
            Role::Reader => config.acquire_timeout(),
            Role::Writer | Role::Checkpointer => config.acquire_timeout().max(BUSY_TIMEOUT),
        })
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |options| role.apply(options.filename(&file), durability))
        .map_sqlx_sqlite_pool_opts(|pool| {
            pool.after_release(|connection, _| {
                async move {
                    // A rollback that failed, as after a full disk, leaves a session that thinks it is in a
                    // transaction. The ping lets a rollback that is still queued go first.
                    connection.ping().await?;
                    Ok(!connection.is_in_transaction())
                }
                .boxed()
            })
        });
    Ok(sea_orm::Database::connect(options).await?)
}

async fn refuse_unsafe(writer: &DatabaseConnection) -> Result<(), StoreError> {
    let version = text(writer, "SELECT sqlite_version() AS answer").await?;
    let mut parts = version.split('.').map_while(|part| part.parse().ok());
    let parts: [u32; 3] = std::array::from_fn(|_| parts.next().unwrap_or(0));
    if parts < OLDEST_VERSION {
        return Err(StoreError::Unsafe(format!(
            "SQLite {version} is older than 3.51.3"
        )));
    }
    let mode = text(
        writer,
        "SELECT journal_mode AS answer FROM pragma_journal_mode",
    )
    .await?;
    if mode != "wal" {
        return Err(StoreError::Unsafe(format!(
            "the file system allows journal mode `{mode}` only, not `wal`"
        )));
    }
    Ok(())
}

async fn text(connection: &DatabaseConnection, sql: &'static str) -> Result<String, StoreError> {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    match connection.query_one_raw(statement).await? {
        Some(row) => Ok(row.try_get("", "answer")?),
        None => Ok(String::new()),
    }
}

async fn checkpoint_until(checkpointer: DatabaseConnection, stop: CancellationToken) {
    let mut due = tokio::time::interval(CHECKPOINT_EVERY);
    due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut sql = PASSIVE;
    while stop.run_until_cancelled(due.tick()).await.is_some() {
        sql = match checkpoint(&checkpointer, sql).await {
            Ok(pages) if pages > i64::from(LONG_LOG_PAGES) => TRUNCATE,
            Ok(_) => PASSIVE,
            Err(error) => {
                tracing::debug!(%error, "checkpoint put off");
                PASSIVE
            }
        };
    }
    if let Err(error) = checkpoint(&checkpointer, TRUNCATE).await {
        tracing::debug!(%error, "the log is left to the next start");
    }
    if let Err(error) = checkpointer.close_by_ref().await {
        tracing::warn!(%error, "the checkpoint connection did not close cleanly");
    }
}

const PASSIVE: &str = "PRAGMA wal_checkpoint(PASSIVE)";
const TRUNCATE: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

/// Pages in the log, whether moved or not.
async fn checkpoint(
    connection: &DatabaseConnection,
    sql: &'static str,
) -> Result<i64, sea_orm::DbErr> {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    match connection.query_one_raw(statement).await? {
        Some(row) => row.try_get_by_index::<i64>(1),
        None => Ok(0),
    }
}
