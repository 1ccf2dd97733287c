//! Calls that share a transaction and its statements: what waits while one batch is written is decided together in the next,
//! so that a budget that everybody draws on is read once, written once and synced once for all of them.
//!
//! Each call keeps its request key, and gets its own answer or its own error. Nobody is answered before the commit. Whatever
//! spoils a batch (a statement that failed, a panic, a request that came before) spoils nothing else: its calls then run one by
//! one, each as [`Database::write_once`] would.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::time::Timestamp;
use futures::FutureExt;
use futures::future::BoxFuture;
use opentelemetry::Context;
use opentelemetry::context::FutureExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;
use tracing::{Instrument, Span, debug};

use crate::request::{self, Answered, RequestKey};
use crate::{Database, StoreError, Tx, column};

/// A call in a batch.
#[derive(Debug, Clone)]
pub struct Call<C> {
    pub key: RequestKey,
    /// When it came, which is what it is judged by.
    pub now: Timestamp,
    pub command: C,
    span: Span,
    context: Context,
}

/// What a batch comes to: an answer or an error for each call, in their order.
pub type Answers<T, E> = Vec<Result<T, E>>;

/// Decides on calls, and writes what was decided.
///
/// A call that answers with an error has written nothing. An error of the whole means that the batch is undone.
type Work<C, T, E> = for<'t> fn(&'t Tx, Arc<[Call<C>]>) -> BoxFuture<'t, Result<Answers<T, E>, E>>;

/// Where calls of one kind meet. Clones share everything.
pub struct Batcher<C, T, E> {
    shared: Arc<Shared<C, T, E>>,
}

struct Shared<C, T, E> {
    database: Database,
    work: Work<C, T, E>,
    /// Most calls of one batch.
    most: usize,
    line: Mutex<Line<C, T, E>>,
}

struct Line<C, T, E> {
    waiting: VecDeque<Waiting<C, T, E>>,
    /// Whether somebody takes from the line.
    is_served: bool,
}

struct Waiting<C, T, E> {
    call: Call<C>,
    /// Told nothing, a call runs by itself.
    answer: oneshot::Sender<Result<T, E>>,
}

impl<C> Call<C> {
    fn new(key: RequestKey, now: Timestamp, command: C) -> Self {
        Self {
            key,
            now,
            command,
            span: Span::current(),
            context: Context::current(),
        }
    }

    /// Where the call was made: what is done for it belongs to its trace.
    pub async fn within<F: Future>(&self, work: F) -> F::Output {
        let work = work.instrument(self.span.clone());
        work.with_context(self.context.clone()).await
    }
}

impl<C, T, E> Batcher<C, T, E>
where
    C: Clone + Send + Sync + 'static,
    T: Serialize + DeserializeOwned + Send + Sync + 'static,
    E: From<StoreError> + Send + 'static,
{
    /// `most` calls are taken at a time. `work` may be called again with the same calls, as that of
    /// [`Database::write`].
    pub fn new(database: Database, most: usize, work: Work<C, T, E>) -> Self {
        let line = Line {
            waiting: VecDeque::new(),
            is_served: false,
        };
        Self {
            shared: Arc::new(Shared {
                database,
                work,
                most,
                line: Mutex::new(line),
            }),
        }
    }

    /// Makes a call, together with whatever else waits. It takes effect at most once, and its first answer is given to each
    /// replay; an error of its own stores nothing.
    ///
    /// # Errors
    /// As [`Database::write_once`].
    pub async fn call(&self, key: RequestKey, now: Timestamp, command: C) -> Result<T, E> {
        let call = Call::new(key, now, command);
        let (answer, answered) = oneshot::channel();
        let is_first = self.shared.join(Waiting {
            call: call.clone(),
            answer,
        });
        if is_first {
            let shared = Arc::clone(&self.shared);
            // The task belongs to the service that the first caller called, and to the trace of nobody.
            let serving = async move { shared.serve().await };
            let serving = serving.instrument(Span::none());
            let writes = self.shared.database.writes();
            writes.spawn(serving.with_context(call.context.clone()));
        }
        match answered.await {
            Ok(outcome) => outcome,
            Err(_) => self.alone(call).await,
        }
    }

    async fn alone(&self, call: Call<C>) -> Result<T, E> {
        let (key, now, work) = (call.key.clone(), call.now, self.shared.work);
        let call: Arc<[Call<C>]> = Arc::from([call]);
        let database = &self.shared.database;
        let write = database.write_once(key, now, move |tx| {
            let call = Arc::clone(&call);
            async move {
                let mut answers = work(tx, call).await?;
                answers.pop().unwrap_or(Err(StoreError::Closed.into()))
            }
            .boxed()
        });
        write.await
    }
}

impl<C, T, E> Shared<C, T, E>
where
    C: Clone + Send + Sync + 'static,
    T: Serialize + DeserializeOwned + Send + Sync + 'static,
    E: From<StoreError> + Send + 'static,
{
    /// Stands in line, and says whether nobody serves it yet.
    fn join(&self, waiting: Waiting<C, T, E>) -> bool {
        let mut line = self.line();
        // After the database was closed its tasks are waited for, and no new one is begun.
        if self.database.writes().is_closed() {
            return false;
        }
        line.waiting.push_back(waiting);
        !std::mem::replace(&mut line.is_served, true)
    }

    /// Takes from the line until it is empty.
    async fn serve(&self) {
        while let Some(batch) = self.next() {
            // A panic is that of one call, which meets it again when it runs by itself.
            let _ = AssertUnwindSafe(self.run(batch)).catch_unwind().await;
        }
    }

    fn next(&self) -> Option<Vec<Waiting<C, T, E>>> {
        let mut line = self.line();
        let count = line.waiting.len().min(self.most);
        line.is_served = count > 0;
        (count > 0).then(|| line.waiting.drain(..count).collect())
    }

    async fn run(&self, batch: Vec<Waiting<C, T, E>>) {
        // A repetition waits for the first, and then finds its answer: both at once would wait for each other's locks.
        let [batch, repeated] = first_of_each_key(batch);
        let work = self.work;
        let calls: Arc<[Call<C>]> = batch.iter().map(|waiting| waiting.call.clone()).collect();
        let written = self.database.write(move |tx| {
            let calls = Arc::clone(&calls);
            async move { write(tx, &calls, work).await }.boxed()
        });
        let Ok::<_, E>(outcomes) = written.await else {
            // Whoever is told nothing runs by itself.
            debug!(calls = batch.len(), "a batch was undone");
            return;
        };
        for (waiting, outcome) in batch.into_iter().zip(outcomes) {
            if let Some(outcome) = outcome {
                // A caller who is gone needs no answer.
                let _ = waiting.answer.send(outcome);
            }
        }
        drop(repeated);
    }

    fn line(&self) -> MutexGuard<'_, Line<C, T, E>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Decides on the calls that are new, and stores their answers. `None` for a request that has come before.
async fn write<C, T, E>(
    tx: &Tx,
    calls: &[Call<C>],
    work: Work<C, T, E>,
) -> Result<Vec<Option<Result<T, E>>>, E>
where
    C: Clone,
    T: Serialize,
    E: From<StoreError>,
{
    let keys: Vec<&RequestKey> = calls.iter().map(|call| &call.key).collect();
    let known = request::known(tx, &keys).await?;
    let is_new = |call: &&Call<C>| !known.contains(&call.key.request_id);
    let new: Arc<[Call<C>]> = calls.iter().filter(is_new).cloned().collect();
    let answers = work(tx, Arc::clone(&new)).await?;
    let mut stored = Vec::with_capacity(answers.len());
    for (call, answer) in new.iter().zip(&answers) {
        if let Ok(answer) = answer {
            stored.push((call, column::json(answer)?));
        }
    }
    let answered: Vec<Answered<'_>> = stored
        .iter()
        .map(|(call, answer)| Answered {
            key: &call.key,
            answer,
            now: call.now,
        })
        .collect();
    request::settle_all(tx, &answered).await?;
    let mut answers = answers.into_iter();
    let outcomes = calls
        .iter()
        .map(|call| is_new(&call).then(|| answers.next()).flatten());
    Ok(outcomes.collect())
}

/// The first call of each request id, and its repetitions.
fn first_of_each_key<C, T, E>(batch: Vec<Waiting<C, T, E>>) -> [Vec<Waiting<C, T, E>>; 2] {
    let mut seen = HashSet::new();
    let mut is_first = |waiting: &Waiting<C, T, E>| seen.insert(waiting.call.key.request_id);
    let (first, repeated) = batch.into_iter().partition(|waiting| is_first(waiting));
    [first, repeated]
}

impl<C, T, E> Clone for Batcher<C, T, E> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<C, T, E> fmt::Debug for Batcher<C, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batcher")
            .field("most", &self.shared.most)
            .finish_non_exhaustive()
    }
}
