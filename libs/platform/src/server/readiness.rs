//! Whether a server wants calls, and how the world and its handlers learn of the end.

use std::convert::Infallible;
use std::time::Duration;

use futures::{Stream, StreamExt};
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;
use tokio_util::sync::CancellationToken;
use tonic::Request;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

/// How often a service asks whether its database is there.
const CHECK_PERIOD: Duration = Duration::from_secs(2);

/// Whether a service can do its work. Liveness is another thing and depends on nothing.
#[derive(Debug, Clone)]
pub struct Readiness {
    ready: watch::Sender<bool>,
}

impl Readiness {
    /// Ready from the start.
    pub fn ready() -> Self {
        let (ready, _) = watch::channel(true);
        Self { ready }
    }

    /// Not ready until told.
    pub fn waiting() -> Self {
        let (ready, _) = watch::channel(false);
        Self { ready }
    }

    /// The service can work.
    pub fn set_ready(&self) {
        self.ready.send_replace(true);
    }

    /// The service cannot work, for example without its database.
    pub fn set_waiting(&self) {
        self.ready.send_replace(false);
    }

    /// Ready as long as `check`, which asks the database, is answered. Without it the process stays, and the load
    /// balancer sends its calls elsewhere. Ends with `stop`.
    pub async fn follow<E, F>(self, check: impl Fn() -> F + Send, stop: CancellationToken)
    where
        E: std::error::Error,
        F: Future<Output = Result<(), E>> + Send,
    {
        let mut due = tokio::time::interval(CHECK_PERIOD);
        while stop.run_until_cancelled(due.tick()).await.is_some() {
            match check().await {
                Ok(()) => self.set_ready(),
                Err(error) => {
                    tracing::warn!(%error, "not ready: the database does not answer");
                    self.set_waiting();
                }
            }
        }
    }
}

/// The moment at which streams must end, known to every handler through its request.
#[derive(Debug, Clone, Default)]
pub struct Draining {
    token: CancellationToken,
}

impl Draining {
    /// The signal for the handler of a request: once it is cancelled, a stream ends with a resume token.
    pub fn of<T>(request: &Request<T>) -> CancellationToken {
        request
            .extensions()
            .get::<Self>()
            .map_or_else(CancellationToken::new, |draining| draining.token.clone())
    }

    pub(super) fn token(&self) -> CancellationToken {
        self.token.clone()
    }
}

/// The health service, not serving yet, for the server as a whole and each gRPC service.
pub(super) async fn health(services: &[&'static str]) -> (HealthServer<HealthService>, Reporter) {
    let reporter = Reporter {
        health: HealthReporter::new(),
        services: [""].iter().chain(services).copied().collect(),
    };
    reporter.tell(ServingStatus::NotServing).await;
    let service = HealthService::from_health_reporter(reporter.health.clone());
    (HealthServer::new(service), reporter)
}

pub(super) struct Reporter {
    health: HealthReporter,
    services: Vec<&'static str>,
}

impl Reporter {
    async fn tell(&self, status: ServingStatus) {
        for service in &self.services {
            self.health.set_service_status(service, status).await;
        }
    }
}

/// Tells health what readiness says, until shutdown says no for good.
pub(super) async fn follow(
    reporter: Reporter,
    readiness: Readiness,
    shutdown: CancellationToken,
) -> Infallible {
    let mut changes = changes(&readiness);
    loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            ready = changes.next() => match ready {
                Some(true) => reporter.tell(ServingStatus::Serving).await,
                Some(false) => reporter.tell(ServingStatus::NotServing).await,
                None => break,
            },
        }
    }
    reporter.tell(ServingStatus::NotServing).await;
    std::future::pending().await
}

fn changes(readiness: &Readiness) -> impl Stream<Item = bool> + Unpin {
    WatchStream::new(readiness.ready.subscribe())
}
