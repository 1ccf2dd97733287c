//! The handle that a service holds: opened once, cloned freely, closed at the end.

use std::fmt;
use std::sync::Arc;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend};
use sea_orm_migration::MigrationTrait;
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::engine::{self, Opened};
use crate::group::Group;
use crate::{StoreConfig, StoreError, migrations};

/// A database of one service, on either engine.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    config: StoreConfig,
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    wakeup: Arc<Notify>,
    /// Where writes meet that share a commit; `None` on PostgreSQL, which commits in groups by itself.
    group: Option<Group>,
    writes: TaskTracker,
    upkeep: TaskTracker,
    stop: CancellationToken,
    _stop_on_drop: DropGuard,
}

impl Database {
    /// Opens the pools and refuses an engine that would lose commits. The schema is left as it is.
    ///
    /// # Errors
    /// The database cannot be reached, is too old, or is set up to lose commits.
    pub async fn open(config: &StoreConfig) -> Result<Self, StoreError> {
        let stop = CancellationToken::new();
        let upkeep = TaskTracker::new();
        let Opened { writer, reader } = engine::open(config, &upkeep, &stop).await?;
        let on_sqlite = writer.get_database_backend() == DbBackend::Sqlite;
        Ok(Self {
            inner: Arc::new(Inner {
                config: config.clone(),
                group: on_sqlite.then(Group::default),
                writer,
                reader,
                wakeup: Arc::default(),
                writes: TaskTracker::new(),
                upkeep,
                _stop_on_drop: stop.clone().drop_guard(),
                stop,
            }),
        })
    }

    /// Brings the schema up to date. Safe to call from several replicas at once: they take turns.
    ///
    /// # Errors
    /// A migration failed, or the schema is newer than this list of migrations.
    pub async fn migrate(
        &self,
        migrations: Vec<Box<dyn MigrationTrait>>,
    ) -> Result<(), StoreError> {
        migrations::run(&self.inner.config, &self.inner.writer, migrations).await
    }

    /// A connection for single reads that decide nothing. What a decision rests on is read inside its write.
    pub fn read(&self) -> &DatabaseConnection {
        &self.inner.reader
    }

    /// Told after each commit of a transaction that asked for it by [`Tx::wake_after_commit`](crate::Tx). It is for
    /// one waiter, the relay of the outbox; a wake-up that comes while nobody waits is kept.
    pub fn wakeup(&self) -> &Arc<Notify> {
        &self.inner.wakeup
    }

    /// Asks the writing side for an answer: the readiness check of a service, which may outlive this handle.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn check(&self) -> impl Future<Output = Result<(), StoreError>> + Send + use<> {
        let inner = Arc::clone(&self.inner);
        async move {
            inner.writer.execute_unprepared("SELECT 1").await?;
            Ok(())
        }
    }

    /// Takes no new writes, waits for those under way, and closes all connections.
    pub async fn close(&self) {
        self.inner.writes.close();
        self.inner.writes.wait().await;
        self.inner.stop.cancel();
        self.inner.upkeep.close();
        self.inner.upkeep.wait().await;
        for pool in [&self.inner.reader, &self.inner.writer] {
            if let Err(error) = pool.close_by_ref().await {
                tracing::warn!(%error, "a connection pool did not close cleanly");
            }
        }
    }

    pub(crate) fn writer(&self) -> &DatabaseConnection {
        &self.inner.writer
    }

    pub(crate) fn group(&self) -> Option<&Group> {
        self.inner.group.as_ref()
    }

    pub(crate) fn writes(&self) -> &TaskTracker {
        &self.inner.writes
    }
}

/// Brings the schema of a database up to date, and no more: what a service does before it is rolled out.
///
/// # Errors
/// As [`Database::open`] and [`Database::migrate`].
pub async fn migrate(
    config: &StoreConfig,
    migrations: Vec<Box<dyn MigrationTrait>>,
) -> Result<(), StoreError> {
    let database = Database::open(config).await?;
    let outcome = database.migrate(migrations).await;
    database.close().await;
    outcome
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("url", &self.inner.config.url)
            .finish_non_exhaustive()
    }
}
