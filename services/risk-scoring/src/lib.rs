//! Says how likely a shopping session is lost, and why, at one moment.
//!
//! The decision is pure: the same moment and models give the same answer. Each assessment is stored with its moment, so
//! that it can be explained and judged, and proposed to intervention-routing. Deliberately absent: what to do about it.

mod assess;
mod cause;
mod config;
mod drift;
mod error;
mod evaluator;
mod features;
#[cfg(test)]
mod golden;
mod grpc;
mod logistic;
mod model;
mod model_file;
mod outbound;
mod score;
mod scorecard;
mod service;
mod statistics;
mod store;
#[cfg(feature = "training")]
pub mod training;
mod trees;

use std::sync::Arc;
use std::time::Duration;

use messaging::{DirectTransport, Relay};
use platform::Sources;
use platform::auth::{TokenSource, Verifier};
use platform::lifecycle::Tasks;
use platform::program::Program;
use platform::server::{Readiness, Server};
use storage::Database;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use config::{
    Config, DriftConfig, ModelsConfig, MomentsConfig, RetentionConfig, UpstreamsConfig,
};
pub use error::{RunError, TableError};
pub use model_file::ModelFormat;
pub use statistics::{Figures, ReliabilityBin};

use service::{Service, Settings, Tables};
use store::Store;

/// The name of this service: in traces, and as the audience of tokens.
pub const NAME: &str = "risk-scoring";

/// Longest wait for background work that was told to end.
const GRACE: Duration = Duration::from_secs(3);

/// Moments in, assessments out.
#[derive(Debug, Clone, Copy)]
pub struct RiskScoring;

impl Program for RiskScoring {
    const NAME: &'static str = NAME;
    const PURPOSE: &'static str = "Says how likely a shopping session is lost, and why";
    const PORT: u16 = 7102;
    type Config = Config;
    type Error = RunError;

    async fn run(
        config: Config,
        sources: Sources,
        listener: TcpListener,
        shutdown: CancellationToken,
    ) -> Result<(), RunError> {
        let tables = Tables {
            built_in: model::BuiltIn::load()?,
            causes: cause::CauseTable::built_in()?,
        };
        let database = Database::open(&config.store).await?;
        database.migrate(store::migrations()).await?;
        let verifier = Verifier::open(&config.auth, Arc::clone(&sources.clock)).await?;
        let transport = Arc::new(transport(&config, &sources)?);

        let stop = shutdown.child_token();
        let tasks = Tasks::new(stop.clone());
        let readiness = Readiness::waiting();
        let check = database.clone();
        let follow = readiness
            .clone()
            .follow(move || check.check(), stop.clone());
        tasks.spawn("readiness", follow);
        let relay = Relay::new(database.clone(), transport, Arc::clone(&sources.clock));
        tasks.spawn("relay", relay.run(stop.clone()));

        let store = Store::new(database.clone(), tables.built_in.clone());
        let settings = Settings {
            moments: config.moments,
            models: config.models,
            drift: config.drift,
        };
        let service = Service::new(store, tables, sources, settings);
        let upkeep = service.clone().keep_tidy(config.retention, stop.clone());
        tasks.spawn("upkeep", upkeep);
        tasks.spawn("watch", service.clone().watch_models(stop.clone()));
        let server = Server::new(&config.server, NAME, verifier).readiness(readiness);
        let streams = Tasks::new(stop.child_token());
        let (server, routes) = grpc::routes(server, &service, &streams);
        let ended = server.serve(listener, routes, stop.clone()).await;

        stop.cancel();
        for tasks in [&streams, &tasks] {
            tasks.finish(GRACE).await;
        }
        database.close().await;
        tasks.outcome()?;
        Ok(ended?)
    }

    async fn migrate(config: &Config) -> Result<(), RunError> {
        Ok(storage::migrate(&config.store, store::migrations()).await?)
    }
}

/// The ways to those who are told of assessments.
fn transport(config: &Config, sources: &Sources) -> Result<DirectTransport, RunError> {
    let tokens = TokenSource::open(&config.auth, NAME, sources)?;
    let upstreams = &config.upstreams;
    let destinations = [
        (outbound::ROUTING, upstreams.intervention_routing.as_str()),
        (outbound::KPI, upstreams.kpi.as_str()),
    ];
    Ok(DirectTransport::connect(
        &config.client,
        &tokens,
        destinations,
    )?)
}
