//! Turns the facts of the other services into figures: what help was worth, against a holdout.
//!
//! Facts are stored once and never changed; every figure is computed from the set of them when it is asked for. So no
//! figure can drift, a late fact lands where it belongs, and an audit can compute everything again.

mod business_case;
mod config;
mod episodes;
mod error;
mod formulas;
mod grpc;
mod report;
mod service;
mod store;

use std::sync::Arc;
use std::time::Duration;

use platform::auth::{Verifier, VerifierError};
use platform::lifecycle::{TaskPanicked, Tasks};
use platform::limits::BATCH_CALLS;
use platform::program::Program;
use platform::server::{Readiness, ServeError, Server};
use platform::{Sources, limited_batch};
use proto::kpi::v1::kpi_service_server::{KpiServiceServer, SERVICE_NAME};
use storage::{Database, StoreError};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

pub use config::{Config, FactsConfig, ReportsConfig};

use grpc::Api;
use service::Service;
use store::Store;

/// The name of this service: in traces, and as the audience of tokens.
pub const NAME: &str = "kpi";

/// Batches have a pool of calls of their own, because they take the most memory.
const RECORD_FACTS: &str = "/rescate.kpi.v1.KpiService/RecordFacts";

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
    /// Background work panicked.
    #[error("background work failed")]
    Background(#[from] TaskPanicked),
    /// The server cannot serve.
    #[error("the server cannot serve")]
    Serve(#[from] ServeError),
}

/// Facts in, figures out.
#[derive(Debug, Clone, Copy)]
pub struct Kpi;

impl Program for Kpi {
    const NAME: &'static str = NAME;
    const PURPOSE: &'static str = "Computes from facts what help was worth, against a holdout";
    const PORT: u16 = 7105;
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

        let stop = shutdown.child_token();
        let tasks = Tasks::new(stop.clone());
        let readiness = Readiness::waiting();
        let check = database.clone();
        let follow = readiness
            .clone()
            .follow(move || check.check(), stop.clone());
        tasks.spawn("readiness", follow);

        let store = Store::new(database.clone());
        let service = Service::new(store, sources.clock, config.facts, config.reports);
        let streams = Tasks::new(stop.child_token());
        let api = Api::new(Arc::new(service), streams.clone());
        let api = limited_batch!(KpiServiceServer::new(api));
        let served = Server::new(&config.server, NAME, verifier)
            .pool(RECORD_FACTS, BATCH_CALLS)
            .grpc_service(SERVICE_NAME)
            .readiness(readiness)
            .serve(listener, Routes::new(api), stop.clone())
            .await;

        stop.cancel();
        for tasks in [&streams, &tasks] {
            tasks.finish(GRACE).await;
        }
        database.close().await;
        tasks.outcome()?;
        Ok(served?)
    }

    async fn migrate(config: &Config) -> Result<(), RunError> {
        Ok(storage::migrate(&config.store, store::migrations()).await?)
    }
}
