//! One method of a stand-in.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use platform::status::{Fault, Kind};
use platform::telemetry::TraceContext;
use tokio::sync::watch;
use tonic::{Request, Status};

use crate::wait::eventually;

/// Longer than anything takes that happens at all.
const DEADLINE: Duration = Duration::from_secs(10);

/// Where a stand-in takes the calls of one method. It keeps what it takes, in order; a call that it refuses, or that ends
/// while it is silent, is only counted. Clones are the same intake.
#[derive(Debug)]
pub struct Intake<T> {
    /// Fails the test for a message that the real receiver would not take.
    check: fn(&T),
    /// By what the real receiver knows a message that comes again; `None` when it does not.
    identity: Option<fn(&T) -> &str>,
    state: Arc<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    told: Mutex<Vec<Told<T>>>,
    asked: watch::Sender<usize>,
    manner: watch::Sender<Manner>,
}

/// What a stand-in was told, and where in which trace.
#[derive(Debug, Clone)]
pub struct Told<T> {
    pub message: T,
    pub trace: Option<TraceContext>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Answering,
    Refusing(Kind),
    Silent,
}

impl<T> Clone for Intake<T> {
    fn clone(&self) -> Self {
        Self {
            check: self.check,
            identity: self.identity,
            state: Arc::clone(&self.state),
        }
    }
}

impl<T> Default for Intake<T> {
    /// Takes everything.
    fn default() -> Self {
        Self::checking(|_| {})
    }
}

impl<T> Intake<T> {
    /// Takes what passes `check`, which panics at anything that the real receiver would not take.
    pub fn checking(check: fn(&T)) -> Self {
        Self {
            check,
            identity: None,
            state: Arc::new(State {
                told: Mutex::default(),
                asked: watch::Sender::new(0),
                manner: watch::Sender::new(Manner::Answering),
            }),
        }
    }

    /// Keeps a message that comes again only once, as a receiver does that knows it by this id: what was delivered is
    /// delivered again when its sender dies before having noted that.
    #[must_use]
    pub fn once_each(self, identity: fn(&T) -> &str) -> Self {
        Self {
            identity: Some(identity),
            ..self
        }
    }

    /// Refuses each call from now on, as the real service does for this kind of reason.
    pub fn refuse(&self, kind: Kind) {
        self.state.manner.send_replace(Manner::Refusing(kind));
    }

    /// Answers nobody from now on: calls wait until [`answer`](Self::answer) or their own end.
    pub fn fall_silent(&self) {
        self.state.manner.send_replace(Manner::Silent);
    }

    /// Answers again, also the calls that wait.
    pub fn answer(&self) {
        self.state.manner.send_replace(Manner::Answering);
    }

    /// Calls so far, whatever became of them.
    pub fn asked(&self) -> usize {
        *self.state.asked.borrow()
    }

    /// Lets a call in as the test has said, and hands out its message and the place in a trace that it came with.
    async fn admit<M>(&self, request: Request<M>) -> Result<(M, Option<TraceContext>), Status> {
        let metadata = request.metadata();
        assert!(
            metadata.contains_key("authorization"),
            "a call without a token"
        );
        let trace = metadata.get("traceparent").map(|trace| {
            let trace = trace.to_str().unwrap();
            TraceContext::parse(trace).unwrap()
        });
        self.state.asked.send_modify(|asked| *asked += 1);
        let mut manner = self.state.manner.subscribe();
        let manner = manner.wait_for(|manner| *manner != Manner::Silent).await;
        match *manner.expect("an intake outlives its calls") {
            Manner::Refusing(kind) => Err(Fault::new(kind, "told to refuse").to_status()),
            Manner::Answering | Manner::Silent => Ok((request.into_inner(), trace)),
        }
    }
}

impl<T: Clone + PartialEq> Intake<T> {
    /// Takes a call, and hands out its message to be answered.
    ///
    /// # Errors
    /// The refusal that the test has asked for.
    pub async fn take(&self, request: Request<T>) -> Result<T, Status> {
        let mut taken = None;
        let keep = |message: T| {
            taken = Some(message.clone());
            vec![message]
        };
        self.take_each(request, keep).await?;
        Ok(taken.expect("a message was let in"))
    }

    /// Takes a call of several messages at once.
    ///
    /// # Errors
    /// The refusal that the test has asked for.
    pub async fn take_each<M>(
        &self,
        request: Request<M>,
        split: impl FnOnce(M) -> Vec<T>,
    ) -> Result<(), Status> {
        let (message, trace) = self.admit(request).await?;
        for message in split(message) {
            (self.check)(&message);
            let trace = trace.clone();
            self.keep(Told { message, trace });
        }
        Ok(())
    }

    fn keep(&self, told: Told<T>) {
        let mut all = self.state.told.lock().unwrap();
        let earlier = self.identity.and_then(|identity| {
            let id = identity(&told.message);
            all.iter().find(|known| identity(&known.message) == id)
        });
        match earlier {
            Some(earlier) => assert!(
                earlier.message == told.message,
                "a message comes again and says something else"
            ),
            None => all.push(told),
        }
    }

    /// All that was told so far, in order.
    pub fn told(&self) -> Vec<Told<T>> {
        self.state.told.lock().unwrap().clone()
    }

    /// The messages alone.
    pub fn messages(&self) -> Vec<T> {
        let told = self.told().into_iter();
        told.map(|told| told.message).collect()
    }

    /// The traces of those messages that came in one.
    pub fn traces(&self) -> Vec<TraceContext> {
        let told = self.told().into_iter();
        told.filter_map(|told| told.trace).collect()
    }

    /// Waits until so many messages were told, and yields all.
    #[track_caller]
    pub fn some(&self, count: usize) -> impl Future<Output = Vec<T>> {
        eventually(DEADLINE, move || async move {
            let messages = self.messages();
            (messages.len() >= count).then_some(messages)
        })
    }

    /// Waits for the `n`th message, counted from 1.
    #[track_caller]
    pub fn nth(&self, n: usize) -> impl Future<Output = T> {
        eventually(DEADLINE, move || async move {
            self.messages().get(n - 1).cloned()
        })
    }

    /// Waits for the first message that `wanted` accepts.
    #[track_caller]
    pub fn found(&self, wanted: impl Fn(&T) -> bool) -> impl Future<Output = T> {
        eventually(DEADLINE, move || {
            let found = self.messages().into_iter().find(|message| wanted(message));
            async move { found }
        })
    }
}
