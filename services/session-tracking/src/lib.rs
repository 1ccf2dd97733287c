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
pub mod measuring;
mod moment;
mod outbound;
mod packed;
mod report;
#[cfg(test)]
mod samples;
mod service;
mod session;
mod snapshot;
mod store;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use messaging::{DirectTransport, Relay};
use platform::auth::{KeyError, TokenSource, Verifier, VerifierError};
use platform::client::ClientError;
use platform::lifecycle::{TaskPanicked, Tasks};
use platform::limits::BATCH_CALLS;
use platform::program::Program;
use platform::server::{Readiness, ServeError, Server};
use platform::{Sources, limited_batch};
use proto::session::v1::session_tracking_service_server::{
    SERVICE_NAME, SessionTrackingServiceServer,
};
use storage::{Database, StoreError};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

pub use config::{
    Config, IngestConfig, MomentSettings, RetentionConfig, SignalSettings, TimeBounds,
    UpstreamsConfig, WatchConfig,
};

use grpc::Api;
use ingest::{Ended, Settings, Writer};
use service::{Service, Upkeep};
use session::Rules;
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
    /// Another service cannot be called, ever.
    #[error("a connection cannot be set up")]
    Client(#[from] ClientError),
    /// Another process writes to the same partition of the event log.
    #[error("another process has taken over the event log")]
    Followed,
    /// Background work panicked.
    #[error("background work failed")]
    Background(#[from] TaskPanicked),
    /// The server cannot serve.
    #[error("the server cannot serve")]
    Serve(#[from] ServeError),
}

/// Events in, sessions and moments out.
#[derive(Debug, Clone, Copy)]
pub struct SessionTracking;

impl Program for SessionTracking {
    const NAME: &'static str = NAME;
    const PURPOSE: &'static str =
        "Folds the events of a shop into sessions, and tells of each moment that matters";
    const PORT: u16 = 7101;
    type Config = Config;
    type Error = RunError;

    async fn run(
        config: Config,
        sources: Sources,
        listener: TcpListener,
        shutdown: CancellationToken,
    ) -> Result<(), RunError> {
        let database = Database::open(&config.store).await?;
        database.migrate(store::migrations()).await?;
        let verifier = Verifier::open(&config.auth, Arc::clone(&sources.clock)).await?;
        let transport = transport(&config, &sources)?;
        let settings = settings(&config);
        let store = Store::new(database.clone(), Arc::clone(&settings.rules));
        let Sources { clock, ids } = sources;
        let (writer, ingest) =
            Writer::new(settings, store.clone(), Arc::clone(&clock), ids).await?;

        let stop = shutdown.child_token();
        let readiness = Readiness::waiting();
        let background = Tasks::new(stop.clone());
        let relay = Relay::new(database.clone(), Arc::new(transport), Arc::clone(&clock));
        background.spawn("relay", relay.run(stop.clone()));
        let check = database.clone();
        let follow = readiness
            .clone()
            .follow(move || check.check(), stop.clone());
        background.spawn("readiness", follow);
        // The writer ends when nobody can hand in any more, which is after the last call.
        let writing = Tasks::new(stop.clone());
        let followed = spawn_writer(&writing, writer, stop.clone());

        let streams = Tasks::new(stop.child_token());
        let service = Service::new(store, ingest, clock, config.events, config.watch.clone());
        let upkeep = service.clone().keep_tidy(upkeep(&config), stop.clone());
        background.spawn("upkeep", upkeep);
        let api = limited_batch!(SessionTrackingServiceServer::new(Api::new(
            service,
            streams.clone()
        )));
        let served = Server::new(&config.server, NAME, verifier)
            .pool(RECORD_EVENTS, BATCH_CALLS)
            .grpc_service(SERVICE_NAME)
            .readiness(readiness)
            .serve(listener, Routes::new(api), stop.clone())
            .await;

        stop.cancel();
        for tasks in [&streams, &writing, &background] {
            tasks.finish(GRACE).await;
        }
        database.close().await;
        writing.outcome()?;
        background.outcome()?;
        served?;
        if followed.load(Ordering::Relaxed) {
            return Err(RunError::Followed);
        }
        Ok(())
    }

    async fn migrate(config: &Config) -> Result<(), RunError> {
        Ok(storage::migrate(&config.store, store::migrations()).await?)
    }
}

/// Runs the writer. When another process has taken over, this one stops; the answer says so afterwards.
fn spawn_writer(writing: &Tasks, writer: Writer, stop: CancellationToken) -> Arc<AtomicBool> {
    let followed = Arc::new(AtomicBool::new(false));
    let is_followed = Arc::clone(&followed);
    writing.spawn("writer", async move {
        if writer.run().await == Ended::Followed {
            is_followed.store(true, Ordering::Relaxed);
            stop.cancel();
        }
    });
    followed
}

fn upkeep(config: &Config) -> Upkeep {
    Upkeep {
        retention: config.retention,
        partition: config.ingest.partition,
        session_life: config.signals.session_hard_limit,
    }
}

fn settings(config: &Config) -> Settings {
    Settings {
        rules: Arc::new(Rules {
            signals: config.signals.clone(),
            moments: config.moments.clone(),
            max_events: config.ingest.session_max_events,
        }),
        ingest: config.ingest.clone(),
        buffered_changes: config.watch.buffered_changes,
    }
}

/// The ways to those who are told of sessions.
fn transport(config: &Config, sources: &Sources) -> Result<DirectTransport, RunError> {
    let tokens = TokenSource::open(&config.auth, NAME, sources)?;
    let upstreams = &config.upstreams;
    let destinations = [
        ("risk-scoring", upstreams.risk_scoring.as_str()),
        ("kpi", upstreams.kpi.as_str()),
    ];
    Ok(DirectTransport::connect(
        &config.client,
        &tokens,
        destinations,
    )?)
}
