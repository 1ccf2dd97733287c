//! From start to exit: the signal that ends a process, the tasks that must finish first, and the exit code.

use std::future::Future;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use thiserror::Error;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use crate::telemetry;

/// A token that is cancelled by the first Ctrl-C or SIGTERM. A second one ends the process at once, with code 130,
/// because whoever asks twice has stopped waiting.
pub fn shutdown_on_signal() -> CancellationToken {
    let shutdown = CancellationToken::new();
    let cancelled = shutdown.clone();
    tokio::spawn(async move {
        let name = signal().await;
        info!(signal = name, "stopping");
        cancelled.cancel();
        let name = signal().await;
        warn!(signal = name, "second signal, exiting at once");
        std::process::exit(130);
    });
    shutdown
}

async fn signal() -> &'static str {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = tokio::signal::ctrl_c() => "SIGINT",
            },
            Err(_) => interrupt().await,
        }
    }
    #[cfg(not(unix))]
    interrupt().await
}

async fn interrupt() -> &'static str {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler the default action of the system still ends the process.
        std::future::pending::<()>().await;
    }
    "SIGINT"
}

/// Turns the result of a service into an exit code, and logs the chain of an error once.
pub fn exit_code<E: std::error::Error>(result: Result<(), E>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            error!(error = %crate::status::chain(&failure), "service failed");
            ExitCode::FAILURE
        }
    }
}

/// A background task panicked, and the service stopped because of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the background task `{0}` panicked")]
pub struct TaskPanicked(&'static str);

/// Background work of one service: it is told to stop, and the service waits for it.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    shutdown: CancellationToken,
    panicked: Arc<OnceLock<&'static str>>,
}

impl Tasks {
    /// Tasks that stop with `shutdown`.
    pub fn new(shutdown: CancellationToken) -> Self {
        Self {
            tracker: TaskTracker::new(),
            shutdown,
            panicked: Arc::default(),
        }
    }

    /// The signal the tasks watch.
    pub fn shutdown(&self) -> &CancellationToken {
        &self.shutdown
    }

    /// Starts a task that belongs, in traces, to the service of the caller. A task that panics cancels the signal: half
    /// a service is worse than none. Work for single callers, such as a stream, runs in tasks with a signal of its own.
    pub fn spawn<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let Self {
            shutdown, panicked, ..
        } = self.clone();
        let task = telemetry::in_this_service(task);
        self.tracker.spawn(async move {
            if let Err(failure) = tokio::spawn(task).await
                && failure.is_panic()
            {
                error!(task = name, "background task panicked, stopping");
                // The first one is the cause.
                let _ = panicked.set(name);
                shutdown.cancel();
            }
        });
    }

    /// Whether all tasks that ended did so without a panic.
    pub fn outcome(&self) -> Result<(), TaskPanicked> {
        match self.panicked.get() {
            Some(name) => Err(TaskPanicked(name)),
            None => Ok(()),
        }
    }

    /// Waits until every task has ended, at most `grace`. Says whether all of them did.
    pub async fn finish(&self, grace: Duration) -> bool {
        self.tracker.close();
        let finished = tokio::time::timeout(grace, self.tracker.wait())
            .await
            .is_ok();
        if !finished {
            warn!(
                tasks = self.tracker.len(),
                "background tasks did not stop in time"
            );
        }
        finished
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panicking_task_stops_the_service() {
        let tasks = Tasks::new(CancellationToken::new());
        tasks.spawn("broken", async { panic!("broken") });
        tasks.shutdown().cancelled().await;
        assert!(tasks.finish(Duration::from_secs(1)).await);
        assert_eq!(tasks.outcome(), Err(TaskPanicked("broken")));
    }

    #[tokio::test]
    async fn waiting_for_tasks_has_a_limit() {
        let tasks = Tasks::new(CancellationToken::new());
        tasks.spawn("stuck", std::future::pending());
        assert!(!tasks.finish(Duration::from_millis(20)).await);
    }
}
