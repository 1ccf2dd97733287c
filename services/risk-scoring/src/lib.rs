//! Says how likely a shopping session is lost, and why, at one moment.
//!
//! The decision is pure: the same moment and models give the same answer. Each assessment is stored with its moment, so
//! that it can be explained and judged, and proposed to intervention-routing. Deliberately absent: what to do about it.

mod assess;
mod cause;
mod config;
mod error;
mod features;
mod grpc;
mod model;
mod outbound;
mod program;
mod scorecard;
mod service;
mod statistics;
mod store;

use std::sync::Arc;
use std::time::Duration;

use messaging::{DirectTransport, Relay};
use platform::auth::{SigningKey, TokenSource, Verifier};
use platform::client::{ClientConfig, ClientError, Connection, RetryPolicy, connect};
use platform::clock::{Clock, SystemClock};
use platform::ids::{IdSource, SystemIds};
use platform::lifecycle::Tasks;
use platform::server::{Readiness, Server};
use storage::Database;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use config::{Config, DEFAULTS, ModelsConfig, MomentsConfig, RetentionConfig, UpstreamsConfig};
pub use error::{RunError, TableError};
pub use program::RiskScoring;

use service::{Service, Settings, Tables};
use store::Store;

/// The name of this service: in traces, and as the audience of tokens.
pub const NAME: &str = "risk-scoring";

/// Longest wait for background work that was told to end.
const GRACE: Duration = Duration::from_secs(3);

/// Serves until `shutdown`, on a listener that is bound already.
///
/// # Errors
/// The store, a key, an address or the server cannot be set up. Calls never end the service.
pub async fn run(
    config: Config,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> Result<(), RunError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ids: Arc<dyn IdSource> = Arc::new(SystemIds);
    let tables = Tables {
        built_in: model::BuiltIn::load()?,
        causes: cause::CauseTable::built_in()?,
    };
    let database = Database::open(&config.store).await?;
    database.migrate(store::migrations()).await?;
    let verifier = Verifier::open(&config.auth, Arc::clone(&clock)).await?;
    let transport = transport(&config, &tokens(&config, &clock, &ids)?)?;

    let stop = shutdown.child_token();
    let tasks = Tasks::new(stop.clone());
    let readiness = Readiness::waiting();
    let checked = database.clone();
    let check = move || {
        let database = checked.clone();
        async move { database.check().await }
    };
    tasks.spawn("readiness", readiness.clone().follow(check, stop.clone()));
    let relay = Relay::new(database.clone(), Arc::new(transport), Arc::clone(&clock));
    tasks.spawn("relay", relay.run(stop.clone()));

    let store = Store::new(database.clone(), tables.built_in.clone());
    let settings = Settings {
        moments: config.moments,
        models: config.models,
    };
    let service = Service::new(store, tables, (clock, ids), settings);
    let upkeep = service.clone().keep_tidy(config.retention, stop.clone());
    tasks.spawn("upkeep", upkeep);
    let server = Server::new(&config.server, NAME, verifier).readiness(readiness);
    let (server, routes) = grpc::routes(server, &service, &tasks);
    let outcome = server.serve(listener, routes, shutdown).await;

    stop.cancel();
    tasks.finish(GRACE).await;
    database.close().await;
    Ok(outcome?)
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

fn tokens(
    config: &Config,
    clock: &Arc<dyn Clock>,
    ids: &Arc<dyn IdSource>,
) -> Result<TokenSource, RunError> {
    let key = config.auth.signing_key.as_ref();
    let key = Arc::new(SigningKey::from_file(key.ok_or(RunError::NoSigningKey)?)?);
    let issuer = &config.auth.issuer;
    Ok(TokenSource::new(
        key,
        issuer,
        NAME,
        Arc::clone(clock),
        Arc::clone(ids),
    ))
}

/// Ways to the services that are told of assessments. The relay tries again by itself, so its connections do not.
fn transport(config: &Config, tokens: &TokenSource) -> Result<DirectTransport, ClientError> {
    let client = ClientConfig {
        retry: RetryPolicy::Never,
        ..config.client.clone()
    };
    let to = |audience: &str, uri: &str| -> Result<(String, Connection), ClientError> {
        let connection = connect(&client, uri, audience, tokens.clone())?;
        Ok((audience.to_owned(), connection))
    };
    Ok(DirectTransport::new([
        to(outbound::ROUTING, &config.upstreams.intervention_routing)?,
        to(outbound::KPI, &config.upstreams.kpi)?,
    ]))
}
