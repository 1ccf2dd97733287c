//! Decides what may be offered to a shopper, by whom and up to which amount, holds the money for it, and keeps the ledger.
//!
//! A refusal is an answer with all its reasons. The caps of budgets, purses and uses hold at every instant, because one
//! conditional update of one counter is the decision, and every change of a counter is an entry of an append-only
//! ledger. Deliberately absent: who is contacted, which routing decides, and what it was worth, which kpi works out.

mod amounts;
mod authority;
mod case;
mod config;
mod decision;
mod error;
mod grpc;
mod ledger;
mod offer;
mod program;
mod programme;
#[cfg(test)]
mod samples;
mod service;
mod store;
mod token;

use std::sync::Arc;
use std::time::Duration;

use messaging::{DirectTransport, Relay};
use platform::auth::{KeyError, SigningKey, TokenSource, Verifier, VerifierError};
use platform::client::{self, ClientError};
use platform::clock::{Clock, SystemClock};
use platform::ids::{IdSource, SystemIds};
use platform::lifecycle::Tasks;
use platform::limited;
use platform::server::{Readiness, ServeError, Server};
use proto::offers::v1::offer_authorization_service_server::{
    self as authorization, OfferAuthorizationServiceServer,
};
use proto::offers::v1::offer_program_service_server::{
    self as program_service, OfferProgramServiceServer,
};
use storage::{Database, StoreError};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

pub use config::{Config, DEFAULTS, OffersConfig, TokensConfig, UpstreamsConfig};
pub use program::OfferAuthorization;

use grpc::{AuthorizationApi, ProgramApi};
use service::{Parts, Service};
use token::TokenKeys;

/// The name of this service: in traces, and as the audience of tokens.
pub const NAME: &str = "offer-authorization";

/// A checkout must not wait behind anybody's reports.
const REDEEM_OFFER: &str = "/rescate.offers.v1.OfferAuthorizationService/RedeemOffer";
const REDEEM_CALLS: usize = 16;

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
    /// Offer tokens cannot be signed.
    #[error("the keys of offer tokens cannot be used")]
    TokenKeys(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The starter policy that is compiled in is none.
    #[error("the starter policy cannot be used")]
    Starter(#[source] Box<dyn std::error::Error + Send + Sync>),
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
    let verifier = Verifier::open(&config.auth, Arc::clone(&sources.clock)).await?;
    let transport = transport(&config, &sources)?;
    let database = Database::open(&config.store).await?;
    database.migrate(store::migrations()).await?;
    let service = service(&config, &sources, database.clone())?;

    let stop = shutdown.child_token();
    let tasks = Tasks::new(stop.clone());
    let readiness = Readiness::waiting();
    let relay = Relay::new(database.clone(), transport, sources.clock);
    tasks.spawn("relay", relay.run(stop.clone()));
    tasks.spawn("expiry", service.clone().expire_until(stop.clone()));
    tasks.spawn("sweep", service.clone().sweep_until(stop.clone()));
    tasks.spawn("audit", service.clone().audit_until(stop.clone()));
    tasks.spawn("readiness", follow(database.clone(), &readiness, &stop));

    let offers = limited!(OfferAuthorizationServiceServer::new(AuthorizationApi::new(
        service.clone()
    )));
    let programmes = limited!(OfferProgramServiceServer::new(ProgramApi::new(service)));
    let served = Server::new(&config.server, NAME, verifier)
        .pool(REDEEM_OFFER, REDEEM_CALLS)
        .grpc_service(authorization::SERVICE_NAME)
        .grpc_service(program_service::SERVICE_NAME)
        .readiness(readiness)
        .serve(
            listener,
            Routes::new(offers).add_service(programmes),
            shutdown,
        )
        .await;

    stop.cancel();
    tasks.finish(GRACE).await;
    database.close().await;
    Ok(served?)
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

fn service(config: &Config, sources: &Sources, database: Database) -> Result<Service, RunError> {
    let keys = TokenKeys::open(&config.tokens.key_folder);
    let starter = authority::starter_policy();
    Ok(Service::new(Parts {
        database,
        clock: Arc::clone(&sources.clock),
        ids: Arc::clone(&sources.ids),
        settings: config.offers.settings(),
        keys: keys.map_err(|failure| RunError::TokenKeys(Box::new(failure)))?,
        starter: starter.map_err(|failure| RunError::Starter(Box::new(failure)))?,
    }))
}

/// The way to whoever is told of offers.
fn transport(config: &Config, sources: &Sources) -> Result<Arc<DirectTransport>, RunError> {
    let key = config.auth.signing_key.as_ref().ok_or(RunError::NoKey)?;
    let tokens = TokenSource::new(
        Arc::new(SigningKey::from_file(key)?),
        &config.auth.issuer,
        NAME,
        Arc::clone(&sources.clock),
        Arc::clone(&sources.ids),
    );
    let kpi = client::connect(&config.client, &config.upstreams.kpi, service::KPI, tokens)?;
    Ok(Arc::new(DirectTransport::new([(
        service::KPI.to_owned(),
        kpi,
    )])))
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
