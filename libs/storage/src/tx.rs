//! The transaction that a write works in. It remembers a failed statement, since a transaction that went on after one
//! would be rolled back by PostgreSQL at its "successful" commit, and it holds what is to happen after the commit.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::prelude::async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    IsolationLevel, QueryResult, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait,
};
use tokio::sync::Notify;

type Hook = Box<dyn FnOnce() + Send>;

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
        let on_postgres = connection.get_database_backend() == DbBackend::Postgres;
        let options = TransactionOptions {
            isolation_level: on_postgres.then_some(IsolationLevel::ReadCommitted),
            access_mode: None,
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        };
        Ok(Self {
            transaction: connection.begin_with_options(options).await?,
            failure: Mutex::default(),
            hooks: Mutex::default(),
            wakeup: Arc::clone(wakeup),
        })
    }

    /// The first statement that failed in this transaction.
    pub(crate) fn failure(&self) -> Option<DbErr> {
        lock(&self.failure).clone()
    }

    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        self.transaction.commit().await?;
        for hook in self
            .hooks
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
        {
            hook();
        }
        Ok(())
    }

    pub(crate) async fn roll_back(self) {
        // The pool checks each session that comes back, so a failed rollback costs a session and nothing else.
        if let Err(error) = self.transaction.rollback().await {
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
