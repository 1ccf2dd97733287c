//! Group commit on SQLite, where only one transaction can write at a time anyway: what waits for its turn shares one
//! transaction, and is answered once that transaction is durable. A disk that can sync 200 times a second then carries
//! thousands of small writes.
//!
//! The first work has nothing before it that its failure could undo, so it needs no savepoint, for which SQLite would
//! copy each page that it changes; the others have one each. Whose work answers with an error is undone alone. After a
//! statement that *failed* nothing about the transaction is taken for granted: it is rolled back whole, and its works run
//! again, each in a transaction of its own. Nobody is answered before the commit, an error neither, unless it is the
//! first: it may rest on what another work of the group has written.

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

use crate::tx::{self, Hook};
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
enum Fate {
    Durable,
    Failed(DbErr),
    Undone,
}

/// A work and the way back to its caller, without their types.
trait Job: Send {
    /// Runs the work as the first of a transaction, and gives that back if others may follow. If not, it is undone, and
    /// the caller was answered.
    fn lead(
        self: Box<Self>,
        open: DatabaseTransaction,
    ) -> BoxFuture<'static, Option<(DatabaseTransaction, Ran)>>;

    /// Runs the work in a savepoint of `outer`.
    fn run(self: Box<Self>, outer: &DatabaseTransaction) -> BoxFuture<'_, Ran>;

    /// Sends the work back, to run by itself.
    fn decline(self: Box<Self>);
}

/// A work that ran, and waits for the commit.
struct Ran {
    soundness: Soundness,
    hooks: Vec<Hook>,
    tell: Box<dyn FnOnce(Fate) + Send>,
}

/// Whether the transaction can be trusted after a work: not when a statement failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Soundness {
    Sound,
    Broken,
}

/// What a work came to before anybody knows whether it becomes durable.
enum Worked<T, E> {
    Done(T),
    /// It answers with an error of its own.
    Refused(E),
    /// A statement failed, or it panicked. A panic is the caller's alone: it runs the work again, by itself, and panics
    /// there.
    Broken,
}

async fn worked<T, E, F>(work: &F, tx: &Tx) -> Worked<T, E>
where
    F: for<'t> Fn(&'t Tx) -> BoxFuture<'t, Result<T, E>>,
{
    let ran = AssertUnwindSafe(async { work(tx).await })
        .catch_unwind()
        .await;
    match (ran, tx.failure()) {
        (Ok(Ok(value)), None) => Worked::Done(value),
        (Ok(Err(error)), None) => Worked::Refused(error),
        (Err(_), _) | (Ok(_), Some(_)) => Worked::Broken,
    }
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
    fn lead(
        self: Box<Self>,
        open: DatabaseTransaction,
    ) -> BoxFuture<'static, Option<(DatabaseTransaction, Ran)>> {
        let Self {
            work,
            wakeup,
            span,
            context,
            answer,
        } = *self;
        async move {
            let tx = Tx::of(open, &wakeup);
            let refused = match worked(&*work, &tx).await {
                Worked::Done(value) => {
                    let (open, hooks) = tx.into_parts();
                    return Some((open, Ran::sound(Ok(value), hooks, answer)));
                }
                Worked::Refused(error) => Grouped::Done(Err(error)),
                Worked::Broken => Grouped::Alone,
            };
            tx.roll_back().await;
            // A caller who is gone needs no answer.
            let _ = answer.send(refused);
            None
        }
        .instrument(span)
        .with_context(context)
        .boxed()
    }

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
            match worked(&*work, &tx).await {
                Worked::Done(value) => match tx.release().await {
                    Ok(hooks) => Ran::sound(Ok(value), hooks, answer),
                    Err(_) => Ran::broken(answer),
                },
                Worked::Refused(error) => match tx.undo().await {
                    Ok(()) => Ran::sound(Err(error), Vec::new(), answer),
                    Err(_) => Ran::broken(answer),
                },
                Worked::Broken => {
                    tx.roll_back().await;
                    Ran::broken(answer)
                }
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
    /// The outcome is told once it is durable.
    fn sound<T, E>(
        outcome: Result<T, E>,
        hooks: Vec<Hook>,
        answer: oneshot::Sender<Grouped<T, E>>,
    ) -> Self
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let tell = move |fate| {
            // A caller who is gone needs no answer.
            let _ = answer.send(match fate {
                Fate::Durable => Grouped::Done(outcome),
                Fate::Failed(error) => Grouped::Done(Err(StoreError::from(error).into())),
                Fate::Undone => Grouped::Alone,
            });
        };
        Self {
            soundness: Soundness::Sound,
            hooks,
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
            soundness: Soundness::Broken,
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

    async fn run_group(&self, jobs: VecDeque<Box<dyn Job>>) {
        let mut left = jobs;
        while let Some(first) = left.pop_front() {
            let Ok(open) = Tx::open(self.writer()).await else {
                left.push_front(first);
                break;
            };
            if let Some((outer, led)) = first.lead(open).await {
                follow(outer, led, &mut left).await;
            }
        }
        for job in left {
            job.decline();
        }
    }
}

/// Runs the works that share the transaction of the first, and commits it. Works are left over after one that broke it.
async fn follow(outer: DatabaseTransaction, led: Ran, left: &mut VecDeque<Box<dyn Job>>) {
    let mut ran = vec![led];
    let mut soundness = Soundness::Sound;
    while soundness == Soundness::Sound
        && let Some(job) = left.pop_front()
    {
        let one = job.run(&outer).await;
        soundness = one.soundness;
        ran.push(one);
    }
    let fate = match soundness {
        Soundness::Sound => match outer.commit().await {
            Ok(()) => Fate::Durable,
            Err(error) => Fate::Failed(error),
        },
        Soundness::Broken => {
            Tx::roll_back_open(outer).await;
            Fate::Undone
        }
    };
    for one in ran {
        one.settle(fate.clone());
    }
    if soundness == Soundness::Broken {
        for job in left.drain(..) {
            job.decline();
        }
    }
}

impl Ran {
    fn settle(self, fate: Fate) {
        if matches!(fate, Fate::Durable) {
            tx::run(self.hooks);
        }
        (self.tell)(fate);
    }
}

impl Group {
    fn push(&self, job: Box<dyn Job>) {
        self.lock().push_back(job);
    }

    fn take(&self) -> VecDeque<Box<dyn Job>> {
        let mut waiting = self.lock();
        let count = waiting.len().min(GROUP);
        waiting.drain(..count).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Box<dyn Job>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
