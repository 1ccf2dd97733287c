//! The transaction that a write works in. It remembers a failed statement, since a transaction that went on after one
//! would be rolled back by PostgreSQL at its "successful" commit, and it holds what is to happen after the commit.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::prelude::async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    QueryResult, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use tokio::sync::Notify;

pub(crate) type Hook = Box<dyn FnOnce() + Send>;

/// An open write transaction. It is a sea-orm connection; only `Database` opens and ends it.
pub struct Tx {
    transaction: DatabaseTransaction,
    failure: Mutex<Option<DbErr>>,
    hooks: Mutex<Vec<Hook>>,
    wakeup: Arc<Notify>,
}

impl Tx {
    /// Runs `hook` once this transaction is durable, never when it is rolled back. It must not block.
    pub fn after_commit(&self, hook: impl FnOnce() + Send + 'static) {
        lock(&self.hooks).push(Box::new(hook));
    }

    /// Wakes whoever waits on [`Database::wakeup`](crate::Database::wakeup) once this transaction is durable.
    pub fn wake_after_commit(&self) {
        let wakeup = Arc::clone(&self.wakeup);
        self.after_commit(move || wakeup.notify_one());
    }

    pub(crate) async fn begin(
        connection: &DatabaseConnection,
        wakeup: &Arc<Notify>,
    ) -> Result<Self, DbErr> {
        Ok(Self::of(Self::open(connection).await?, wakeup))
    }

    /// A savepoint of a transaction that several works share.
    pub(crate) async fn nested(
        outer: &DatabaseTransaction,
        wakeup: &Arc<Notify>,
    ) -> Result<Self, DbErr> {
        Ok(Self::of(outer.begin().await?, wakeup))
    }

    /// A bare transaction that may write.
    pub(crate) async fn open(
        connection: &DatabaseConnection,
    ) -> Result<DatabaseTransaction, DbErr> {
        let options = TransactionOptions {
            // That of the session: see `engine::postgres`.
            isolation_level: None,
            access_mode: None,
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        };
        connection.begin_with_options(options).await
    }

    /// Works in a transaction that somebody else ends.
    pub(crate) fn of(transaction: DatabaseTransaction, wakeup: &Arc<Notify>) -> Self {
        Self {
            transaction,
            failure: Mutex::default(),
            hooks: Mutex::default(),
            wakeup: Arc::clone(wakeup),
        }
    }

    /// The first statement that failed in this transaction.
    pub(crate) fn failure(&self) -> Option<DbErr> {
        lock(&self.failure).clone()
    }

    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        run(self.release().await?);
        Ok(())
    }

    /// Leaves the transaction open, and hands out what is to happen once it is durable.
    pub(crate) fn into_parts(self) -> (DatabaseTransaction, Vec<Hook>) {
        let hooks = self.hooks.into_inner();
        (
            self.transaction,
            hooks.unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Ends the transaction or savepoint with its effects, and hands out what is to happen once they are durable.
    pub(crate) async fn release(self) -> Result<Vec<Hook>, DbErr> {
        let (transaction, hooks) = self.into_parts();
        transaction.commit().await?;
        Ok(hooks)
    }

    /// Ends the transaction or savepoint without its effects.
    pub(crate) async fn undo(self) -> Result<(), DbErr> {
        self.transaction.rollback().await
    }

    pub(crate) async fn roll_back(self) {
        Self::roll_back_open(self.transaction).await;
    }

    /// The pool checks each session that comes back, so a failed rollback costs a session and nothing else.
    pub(crate) async fn roll_back_open(transaction: DatabaseTransaction) {
        if let Err(error) = transaction.rollback().await {
            tracing::debug!(%error, "rollback failed, the session is dropped");
        }
    }

    fn noted<T>(&self, outcome: Result<T, DbErr>) -> Result<T, DbErr> {
        if let Err(error) = &outcome {
            lock(&self.failure).get_or_insert_with(|| error.clone());
        }
        outcome
    }
}

/// Runs what was to happen after the commit.
///
/// INVARIANT: the answer to a durable write says so. A hook that panics takes nothing with it but itself.
pub(crate) fn run(hooks: Vec<Hook>) {
    for hook in hooks {
        if catch_unwind(AssertUnwindSafe(hook)).is_err() {
            tracing::error!("a hook panicked after its commit");
        }
    }
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").finish_non_exhaustive()
    }
}

#[async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.transaction.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.noted(self.transaction.execute_raw(statement).await)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.noted(self.transaction.execute_unprepared(sql).await)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.noted(self.transaction.query_one_raw(statement).await)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.noted(self.transaction.query_all_raw(statement).await)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
