//! Sees a shopper hesitate: takes the events of a shop, folds them into sessions, and tells risk-scoring of each moment
//! that matters.
//!
//! The log of events is the record, a session is a fold over its part of it, and deciding is pure, so any history can be
//! folded again. An answer to a batch means that its events are on durable storage, once.

mod config;
mod error;
mod event;
mod fold;
mod grpc;
mod ingest;
mod moment;
mod outbound;
mod program;
mod report;
#[cfg(test)]
mod samples;
mod service;
mod session;
mod snapshot;
mod store;

use std::sync::Arc;
use std::time::Duration;

use messaging::{DirectTransport, Relay};
use platform::auth::{KeyError, SigningKey, TokenSource, Verifier, VerifierError};
use platform::client::{self, ClientError};
use platform::clock::{Clock, SystemClock};
use platform::ids::{IdSource, SystemIds};
use platform::lifecycle::Tasks;
use platform::limited_batch;
use platform::limits::BATCH_CALLS;
use platform::server::{Readiness, ServeError, Server};
use proto::session::v1::session_tracking_service_server::{
    SERVICE_NAME, SessionTrackingServiceServer,
};
use storage::{Database, StoreError};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

pub use config::{
    Config, DEFAULTS, IngestConfig, MomentSettings, SignalSettings, TimeBounds, UpstreamsConfig,
    WatchConfig,
};
pub use program::SessionTracking;

use grpc::Api;
use ingest::{Settings, Writer};
use service::Service;
use store::Store;

/// The name of this service: in traces, and as the audience of tokens.
pub const NAME: &str = "session-tracking";

/// Batches have a pool of calls of their own, because they take the most memory.
const RECORD_EVENTS: &str = "/rescate.session.v1.SessionTrackingService/RecordEvents";

/// Longest wait for what is under way when everything was told to end.
const GRACE: Duration = Duration::from_secs(3);

/// Why the service could not start, or stopped.
#[derive(Debug, Error)]
pub enum RunError {
    /// The store cannot be opened or migrated.
    #[error("the store cannot be used")]
    Store(#[from] StoreError),
    /// Tokens cannot be checked.
    #[error("access cannot be set up")]
    Access(#[from] VerifierError),
    /// Own tokens cannot be made.
    #[error("the signing key cannot be used")]
    Key(#[from] KeyError),
    /// There is no key to make own tokens with.
    #[error("`auth.signing_key` must be given")]
    NoKey,
    /// Another service cannot be called, ever.
    #[error("a connection cannot be set up")]
    Client(#[from] ClientError),
    /// The server cannot serve.
    #[error("the server cannot serve")]
    Serve(#[from] ServeError),
}

/// Where time and ids come from.
#[derive(Clone)]
pub struct Sources {
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
}

impl Sources {
    /// Those of the machine.
    pub fn system() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
        }
    }
}

/// Serves until `shutdown`, on a listener that is bound already.
///
/// # Errors
/// The store, the keys or the server cannot be set up. Calls never end the service.
pub async fn run(
    config: Config,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> Result<(), RunError> {
    run_with(config, Sources::system(), listener, shutdown).await
}

/// [`run`] by another clock, for tests and replays.
///
/// # Errors
/// As [`run`].
pub async fn run_with(
    config: Config,
    sources: Sources,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> Result<(), RunError> {
    let database = Database::open(&config.store).await?;
    database.migrate(store::migrations()).await?;
    let verifier = Verifier::open(&config.auth, Arc::clone(&sources.clock)).await?;
    let transport = transport(&config, &sources)?;
    let store = Store::new(database.clone());
    let Sources { clock, ids } = sources;
    let (writer, ingest) =
        Writer::new(settings(&config), store.clone(), Arc::clone(&clock), ids).await?;

    let stop = shutdown.child_token();
    let readiness = Readiness::waiting();
    let background = Tasks::new(stop.clone());
    let relay = Relay::new(database.clone(), transport, Arc::clone(&clock));
    background.spawn("relay", relay.run(stop.clone()));
    background.spawn("readiness", follow(database.clone(), &readiness, &stop));
    // The writer ends when nobody can hand in any more, which is after the last call.
    let writing = Tasks::new(stop.clone());
    writing.spawn("writer", writer.run());

    let streams = Tasks::new(stop.clone());
    let service = Service::new(store, ingest, clock, config.events, config.watch.clone());
    let api = limited_batch!(SessionTrackingServiceServer::new(Api::new(
        service,
        streams.clone()
    )));
    let served = Server::new(&config.server, NAME, verifier)
        .pool(RECORD_EVENTS, BATCH_CALLS)
        .grpc_service(SERVICE_NAME)
        .readiness(readiness)
        .serve(listener, Routes::new(api), shutdown)
        .await;

    stop.cancel();
    for tasks in [streams, writing, background] {
        tasks.finish(GRACE).await;
    }
    database.close().await;
    Ok(served?)
}

fn settings(config: &Config) -> Settings {
    Settings {
        ingest: config.ingest.clone(),
        signals: config.signals.clone(),
        moments: config.moments.clone(),
        buffered_changes: config.watch.buffered_changes,
    }
}

/// The ways to those who are told of sessions.
fn transport(config: &Config, sources: &Sources) -> Result<Arc<DirectTransport>, RunError> {
    let key = config.auth.signing_key.as_ref().ok_or(RunError::NoKey)?;
    let tokens = TokenSource::new(
        Arc::new(SigningKey::from_file(key)?),
        &config.auth.issuer,
        NAME,
        Arc::clone(&sources.clock),
        Arc::clone(&sources.ids),
    );
    let upstreams = [
        ("risk-scoring", &config.upstreams.risk_scoring),
        ("kpi", &config.upstreams.kpi),
    ];
    let mut connections = Vec::new();
    for (audience, uri) in upstreams {
        let connection = client::connect(&config.client, uri, audience, tokens.clone())?;
        connections.push((audience.to_owned(), connection));
    }
    Ok(Arc::new(DirectTransport::new(connections)))
}

fn follow(
    database: Database,
    readiness: &Readiness,
    stop: &CancellationToken,
) -> impl Future<Output = ()> + Send + use<> {
    let check = move || {
        let database = database.clone();
        async move { database.check().await }
    };
    readiness.clone().follow(check, stop.clone())
}

/// Brings the schema up to date, and no more.
///
/// # Errors
/// The store cannot be opened or migrated.
pub async fn migrate(config: &Config) -> Result<(), RunError> {
    let database = Database::open(&config.store).await?;
    let outcome = database.migrate(store::migrations()).await;
    database.close().await;
    Ok(outcome?)
}
