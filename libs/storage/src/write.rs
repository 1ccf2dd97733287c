//! Running a write: in a task of its own, so that a caller who goes away neither leaves a transaction open nor loses a
//! commit, and again when the engine gave it up for another transaction.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use opentelemetry::context::FutureExt;
use tracing::Instrument;

use crate::error::is_serialization_failure;
use crate::group::Grouped;
use crate::{Database, StoreError, Tx};

/// How often work is tried again after a serialization failure or a deadlock.
const RETRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(5);

impl Database {
    /// Runs `work` in one transaction and commits it: `BEGIN IMMEDIATE` on SQLite, where works that wait for each other share
    /// a commit, and `READ COMMITTED` on PostgreSQL.
    ///
    /// The transaction runs to its end although the caller's future is dropped. `work` may be called again, at most five
    /// times, so it owns what it needs and clones it for each run. An error of `work`, and any statement that failed
    /// inside it, rolls everything back.
    ///
    /// ```ignore
    /// store.write(move |tx| {
    ///     let offer = offer.clone();
    ///     async move { insert(tx, &offer).await }.boxed()
    /// }).await
    /// ```
    ///
    /// # Errors
    /// What `work` answers, or a [`StoreError`] when the engine refuses. After `Unavailable` the outcome is unknown.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t> Fn(&'t Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let database = self.clone();
        self.run_to_end(async move {
            let work = Arc::new(work);
            if let Some(group) = database.group()
                && let Grouped::Done(outcome) = database.grouped(group, Arc::clone(&work)).await
            {
                return outcome;
            }
            database.retried(&*work).await
        })
        .await
    }

    /// Spawns `work` as a tracked task and waits for it.
    async fn run_to_end<T, E>(
        &self,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        if self.writes().is_closed() {
            return Err(StoreError::Closed.into());
        }
        // The span says where in its trace the work is, the context to which service of the process it belongs.
        let work = work.in_current_span().with_current_context();
        match self.writes().spawn(work).await {
            Ok(outcome) => outcome,
            Err(stopped) => match stopped.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(StoreError::Closed.into()),
            },
        }
    }

    async fn retried<T, E, F>(&self, work: &F) -> Result<T, E>
    where
        F: for<'t> Fn(&'t Tx) -> BoxFuture<'t, Result<T, E>>,
        E: From<StoreError>,
    {
        let mut pause = FIRST_PAUSE;
        for _ in 0..RETRIES {
            match self.attempt(work).await {
                Attempt::Done(outcome) => return outcome,
                Attempt::GivenUp(_) => {
                    tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..1.5))).await;
                    pause *= 2;
                }
            }
        }
        match self.attempt(work).await {
            Attempt::Done(outcome) | Attempt::GivenUp(outcome) => outcome,
        }
    }

    async fn attempt<T, E, F>(&self, work: &F) -> Attempt<T, E>
    where
        F: for<'t> Fn(&'t Tx) -> BoxFuture<'t, Result<T, E>>,
        E: From<StoreError>,
    {
        let tx = match Tx::begin(self.writer(), self.wakeup()).await {
            Ok(tx) => tx,
            Err(error) => return Attempt::failed(error),
        };
        let outcome = work(&tx).await;
        match (outcome, tx.failure()) {
            (Ok(answer), None) => match tx.commit().await {
                Ok(()) => Attempt::Done(Ok(answer)),
                Err(error) => Attempt::failed(error),
            },
            // INVARIANT: a transaction in which a statement failed is never committed.
            (Ok(_), Some(failure)) => {
                tx.roll_back().await;
                Attempt::failed(failure)
            }
            (Err(error), failure) => {
                tx.roll_back().await;
                match failure {
                    Some(failure) if is_serialization_failure(&failure) => {
                        Attempt::GivenUp(Err(error))
                    }
                    Some(_) | None => Attempt::Done(Err(error)),
                }
            }
        }
    }
}

enum Attempt<T, E> {
    Done(Result<T, E>),
    /// The engine chose another transaction: the same work may succeed when tried again.
    GivenUp(Result<T, E>),
}

impl<T, E: From<StoreError>> Attempt<T, E> {
    fn failed(error: sea_orm::DbErr) -> Self {
        if is_serialization_failure(&error) {
            Self::GivenUp(Err(StoreError::from(error).into()))
        } else {
            Self::Done(Err(StoreError::from(error).into()))
        }
    }
}
