//! Decides whether a hesitating shopper is helped, and brings the help: nothing, a notice, an invitation, a person.
//!
//! Every decision is kept with its reasons. Deliberately absent: what may be given away, which offer-authorization
//! decides, and what the help was worth, which kpi works out.

mod cases;
mod config;
mod decide;
mod decision;
mod desk;
mod error;
mod facts;
mod grpc;
mod hub;
mod intervention;
mod invitation;
mod play;
mod program;
mod refused;
mod reservation;
mod service;
mod settings;
mod starter;
mod store;
mod task;
mod upstreams;

use std::sync::Arc;
use std::time::Duration;

use platform::auth::{SigningKey, TokenSource, Verifier};
use platform::clock::{Clock, SystemClock};
use platform::ids::{IdSource, SystemIds};
use platform::lifecycle::Tasks;
use platform::server::{Readiness, Server};
use storage::Database;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use config::{
    Config, DesksConfig, InvitationsConfig, Outreach, PageChange, PartnerConfig, RetentionConfig,
    RulesConfig, TenantRules, Upstreams,
};
pub use error::RunError;
pub use program::InterventionRouting;

use service::Service;
use store::Store;

/// The name of the service, in traces and as the audience of tokens.
pub const NAME: &str = "intervention-routing";

/// How long background work may take to end.
const GRACE: Duration = Duration::from_secs(3);

/// Where time and ids come from.
#[derive(Clone)]
pub struct Sources {
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// New ids.
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

/// Serves on `listener` until `shutdown`, then drains.
///
/// # Errors
/// The store, a key or an address cannot be used; later failures are answered to callers instead.
pub async fn run(
    config: Config,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> Result<(), RunError> {
    run_with(config, Sources::system(), listener, shutdown).await
}

/// [`run`] with time and ids of one's own.
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
    let connections = upstreams::connect(&config, tokens(&config, &sources)?)?;
    let readiness = Readiness::waiting();
    let tasks = Tasks::new(shutdown.child_token());

    let relay = connections.relay(database.clone(), Arc::clone(&sources.clock));
    let store = Store::new(database.clone());
    let service = Service::new(store, sources, config.settings(), connections.clients());
    let stop = tasks.shutdown().clone();
    tasks.spawn("relay", relay.run(stop));
    service.start_background(&tasks);
    tasks.spawn("readiness", follow(&database, &readiness, &tasks));

    let server = Server::new(&config.server, NAME, verifier).readiness(readiness);
    let (server, routes) = grpc::routes(server, &service, &tasks);
    let result = server.serve(listener, routes, shutdown.clone()).await;
    tasks.shutdown().cancel();
    tasks.finish(GRACE).await;
    database.close().await;
    result.map_err(RunError::from)
}

/// Brings the schema of the database up to date.
///
/// # Errors
/// The database cannot be reached, or a migration fails.
pub async fn migrate(config: &Config) -> Result<(), RunError> {
    let database = Database::open(&config.store).await?;
    database.migrate(store::migrations()).await?;
    database.close().await;
    Ok(())
}

/// Ready as long as the database answers.
fn follow(
    database: &Database,
    readiness: &Readiness,
    tasks: &Tasks,
) -> impl Future<Output = ()> + Send + use<> {
    let database = database.clone();
    let check = move || {
        let database = database.clone();
        async move { database.check().await }
    };
    readiness.clone().follow(check, tasks.shutdown().clone())
}

fn tokens(config: &Config, sources: &Sources) -> Result<TokenSource, RunError> {
    let key = config
        .auth
        .signing_key
        .as_ref()
        .ok_or(RunError::NoSigningKey)?;
    let key = Arc::new(SigningKey::from_file(key)?);
    Ok(TokenSource::new(
        key,
        &config.auth.issuer,
        NAME,
        Arc::clone(&sources.clock),
        Arc::clone(&sources.ids),
    ))
}
