//! The services of a suite while they run. The first that ends takes the others with it: half a suite is worse than none.

use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::SuiteError;

type Ended = Result<(), SuiteError>;

/// Services that run, and the signal that stops them.
#[derive(Debug)]
pub(super) struct Services {
    tasks: JoinSet<Ended>,
    names: HashMap<Id, &'static str>,
    shutdown: CancellationToken,
}

impl Services {
    pub(super) fn new(shutdown: CancellationToken) -> Self {
        Self {
            tasks: JoinSet::new(),
            names: HashMap::new(),
            shutdown,
        }
    }

    /// The signal for the next service. It is a child of the common one, since a service with a broken part stops itself by
    /// it, and that must not look as if somebody had asked.
    pub(super) fn signal(&self) -> CancellationToken {
        self.shutdown.child_token()
    }

    pub(super) fn spawn(
        &mut self,
        name: &'static str,
        service: impl Future<Output = Ended> + Send + 'static,
    ) {
        let task = self.tasks.spawn(service);
        self.names.insert(task.id(), name);
    }

    /// Watches over the services in a task of its own, so that an end is seen when it happens. Yields the first failure once
    /// all have ended; whoever has not ended so long after the signal is cut off.
    pub(super) fn watched(self, stop_limit: Duration) -> AbortOnDropHandle<Ended> {
        let stopped = self.shutdown.clone();
        AbortOnDropHandle::new(tokio::spawn(async move {
            let too_late = async {
                stopped.cancelled().await;
                tokio::time::sleep(stop_limit).await;
            };
            tokio::select! {
                outcome = self.all() => outcome,
                () = too_late => Err(SuiteError::Stuck),
            }
        }))
    }

    async fn all(mut self) -> Ended {
        let mut outcome = Ok(());
        while let Some(ended) = self.tasks.join_next_with_id().await {
            let was_told = self.shutdown.is_cancelled();
            self.shutdown.cancel();
            outcome = outcome.and(match ended {
                Ok((_, Ok(()))) if was_told => Ok(()),
                Ok((id, Ok(()))) => Err(SuiteError::StoppedItself {
                    service: self.name(id),
                }),
                Ok((_, Err(failure))) => Err(failure),
                Err(panic) => Err(self.panicked(&panic)),
            });
        }
        outcome
    }

    /// What was said in the panic may hold a personal value, so only the log tells where it was.
    fn panicked(&self, panic: &JoinError) -> SuiteError {
        SuiteError::Panicked {
            service: self.name(panic.id()),
        }
    }

    fn name(&self, id: Id) -> &'static str {
        self.names.get(&id).copied().unwrap_or("a service")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    /// One service that waits for the signal, and one that does as `other` says.
    async fn outcome_with(other: impl Future<Output = Ended> + Send + 'static) -> Ended {
        let mut services = Services::new(CancellationToken::new());
        let signal = services.signal();
        services.spawn("patient", async move {
            signal.cancelled().await;
            Ok(())
        });
        services.spawn("other", other);
        let watched = services.watched(SOON);
        tokio::time::timeout(SOON, watched).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn services_that_are_told_to_stop_end_well() {
        let shutdown = CancellationToken::new();
        let mut services = Services::new(shutdown.clone());
        let signal = services.signal();
        services.spawn("patient", async move {
            signal.cancelled().await;
            Ok(())
        });
        let watched = services.watched(SOON);

        shutdown.cancel();

        assert!(watched.await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn a_service_that_panics_is_named_and_stops_the_others() {
        let failure = outcome_with(async { panic!("somebody's name") }).await;

        let text = failure.unwrap_err().to_string();
        assert!(
            text.contains("other") && !text.contains("somebody"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn a_service_that_stops_itself_is_a_failure() {
        let failure = outcome_with(async { Ok(()) }).await.unwrap_err();

        assert!(matches!(
            failure,
            SuiteError::StoppedItself { service: "other" }
        ));
    }

    #[tokio::test]
    async fn a_service_that_does_not_stop_is_cut_off() {
        let shutdown = CancellationToken::new();
        let mut services = Services::new(shutdown.clone());
        services.spawn("deaf", std::future::pending());
        let watched = services.watched(Duration::from_millis(20));

        shutdown.cancel();

        assert!(matches!(watched.await.unwrap(), Err(SuiteError::Stuck)));
    }
}
