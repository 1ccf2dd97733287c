//! Group commit on SQLite, where only one transaction can write at a time anyway: what waits for its turn shares one
//! transaction, a savepoint each, and is answered once that transaction is durable. A disk that can sync 200 times a
//! second then carries thousands of small writes.
//!
//! Whose work answers with an error is undone alone. After a statement that *failed* nothing about the transaction is
//! taken for granted: it is rolled back whole, and the other works run again, each in a transaction of its own.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt;
use futures::future::BoxFuture;
use opentelemetry::Context;
use opentelemetry::context::FutureExt as _;
use sea_orm::{DatabaseTransaction, DbErr};
use tokio::sync::{Notify, oneshot};
use tracing::{Instrument, Span};

use crate::tx::Hook;
use crate::{Database, StoreError, Tx};

/// Works that one transaction takes at most, so that nobody waits long for a commit.
const GROUP: usize = 128;

/// Work that waits for its turn.
#[derive(Default)]
pub(crate) struct Group {
    waiting: Mutex<VecDeque<Box<dyn Job>>>,
    turn: tokio::sync::Mutex<()>,
}

/// How one work of a group ended.
pub(crate) enum Grouped<T, E> {
    /// With its answer, which is durable unless it is an error.
    Done(Result<T, E>),
    /// Not at all: it is to run in a transaction of its own.
    Alone,
}

/// What became of the transaction that works shared.
#[derive(Clone)]
enum Outcome {
    Durable,
    Failed(DbErr),
    Alone,
}

/// A work and the way back to its caller, without their types.
trait Job: Send {
    /// Runs the work in a savepoint of `outer`.
    fn run(self: Box<Self>, outer: &DatabaseTransaction) -> BoxFuture<'_, Ran>;

    /// Sends the work back, to run by itself.
    fn decline(self: Box<Self>);
}

/// A work that ran, and waits for the commit.
struct Ran {
    /// Whether a statement failed, so that the transaction cannot be trusted.
    sound: Soundness,
    hooks: Vec<Hook>,
    tell: Box<dyn FnOnce(Outcome) + Send>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Soundness {
    Sound,
    Broken,
}

struct Waiting<T, E, F> {
    work: Arc<F>,
    wakeup: Arc<Notify>,
    span: Span,
    context: Context,
    answer: oneshot::Sender<Grouped<T, E>>,
}

impl<T, E, F> Job for Waiting<T, E, F>
where
    F: for<'t> Fn(&'t Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    fn run(self: Box<Self>, outer: &DatabaseTransaction) -> BoxFuture<'_, Ran> {
        let Self {
            work,
            wakeup,
            span,
            context,
            answer,
        } = *self;
        async move {
            let Ok(tx) = Tx::nested(outer, &wakeup).await else {
                return Ran::broken(answer);
            };
            // A panic is the caller's alone: it runs the work again, by itself, and panics there.
            let ran = AssertUnwindSafe(work(&tx)).catch_unwind().await;
            match (ran, tx.failure()) {
                (Err(_), _) => {
                    tx.roll_back().await;
                    Ran::broken(answer)
                }
                (Ok(outcome), Some(failure)) => {
                    tx.roll_back().await;
                    let error = outcome
                        .err()
                        .unwrap_or_else(|| StoreError::from(failure).into());
                    Ran {
                        sound: Soundness::Broken,
                        ..Ran::undone(error, answer)
                    }
                }
                (Ok(Ok(value)), None) => match tx.release().await {
                    Ok(hooks) => Ran::kept(hooks, value, answer),
                    Err(_) => Ran::broken(answer),
                },
                (Ok(Err(error)), None) => match tx.undo().await {
                    Ok(()) => Ran::undone(error, answer),
                    Err(_) => Ran::broken(answer),
                },
            }
        }
        .instrument(span)
        .with_context(context)
        .boxed()
    }

    fn decline(self: Box<Self>) {
        // A caller who is gone needs no answer.
        let _ = self.answer.send(Grouped::Alone);
    }
}

impl Ran {
    fn kept<T, E>(hooks: Vec<Hook>, value: T, answer: oneshot::Sender<Grouped<T, E>>) -> Self
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let tell = move |outcome| {
            let _ = answer.send(match outcome {
                Outcome::Durable => Grouped::Done(Ok(value)),
                Outcome::Failed(error) => Grouped::Done(Err(StoreError::from(error).into())),
                Outcome::Alone => Grouped::Alone,
            });
        };
        Self {
            sound: Soundness::Sound,
            hooks,
            tell: Box::new(tell),
        }
    }

    /// An error of the work itself needs no commit to be true.
    fn undone<T, E>(error: E, answer: oneshot::Sender<Grouped<T, E>>) -> Self
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        let tell = move |_| {
            let _ = answer.send(Grouped::Done(Err(error)));
        };
        Self {
            sound: Soundness::Sound,
            hooks: Vec::new(),
            tell: Box::new(tell),
        }
    }

    fn broken<T, E>(answer: oneshot::Sender<Grouped<T, E>>) -> Self
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        let tell = move |_| {
            let _ = answer.send(Grouped::Alone);
        };
        Self {
            sound: Soundness::Broken,
            hooks: Vec::new(),
            tell: Box::new(tell),
        }
    }
}

impl Database {
    /// Runs `work` together with whatever else waits.
    pub(crate) async fn grouped<T, E, F>(&self, group: &Group, work: Arc<F>) -> Grouped<T, E>
    where
        F: for<'t> Fn(&'t Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        group.push(Box::new(Waiting {
            work,
            wakeup: Arc::clone(self.wakeup()),
            span: Span::current(),
            context: Context::current(),
            answer,
        }));
        // INVARIANT: each waiting work brings a turn of its own, so none is left behind.
        let turn = group.turn.lock().await;
        let jobs = group.take();
        if !jobs.is_empty() {
            self.run_group(jobs).await;
        }
        drop(turn);
        answered.await.unwrap_or(Grouped::Alone)
    }

    async fn run_group(&self, jobs: Vec<Box<dyn Job>>) {
        let Ok(outer) = Tx::open(self.writer()).await else {
            for job in jobs {
                job.decline();
            }
            return;
        };
        let mut ran: Vec<Ran> = Vec::with_capacity(jobs.len());
        let mut left = jobs.into_iter();
        for job in left.by_ref() {
            let one = job.run(&outer).await;
            let broken = one.sound == Soundness::Broken;
            ran.push(one);
            if broken {
                break;
            }
        }
        let broken = ran.iter().any(|one| one.sound == Soundness::Broken);
        let outcome = if broken {
            Tx::roll_back_open(outer).await;
            Outcome::Alone
        } else {
            match outer.commit().await {
                Ok(()) => Outcome::Durable,
                Err(error) => Outcome::Failed(error),
            }
        };
        for one in ran {
            one.settle(outcome.clone());
        }
        for job in left {
            job.decline();
        }
    }
}

impl Ran {
    fn settle(self, outcome: Outcome) {
        if matches!(outcome, Outcome::Durable) {
            for hook in self.hooks {
                hook();
            }
        }
        (self.tell)(outcome);
    }
}

impl Group {
    fn push(&self, job: Box<dyn Job>) {
        self.lock().push_back(job);
    }

    fn take(&self) -> Vec<Box<dyn Job>> {
        let mut waiting = self.lock();
        let count = waiting.len().min(GROUP);
        waiting.drain(..count).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Box<dyn Job>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
