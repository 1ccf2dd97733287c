//! Decides what may be offered to a shopper, by whom and up to which amount, holds the money for it, and keeps the ledger.
//!
//! A refusal is an answer with all its reasons. The caps of budgets, purses and uses hold at every instant, because one
//! conditional update of one counter is the decision, and every change of a counter is an entry of an append-only
//! ledger. Deliberately absent: who is contacted, which routing decides, and what it was worth, which kpi works out.

mod amounts;
mod audit;
mod authority;
mod budget;
mod case;
mod config;
mod day;
mod decision;
mod error;
mod floors;
mod grpc;
mod inspection;
mod ledger;
pub mod measuring;
mod offer;
mod programme;
#[cfg(test)]
mod samples;
mod service;
mod statement;
mod store;
mod token;

use std::sync::Arc;
use std::time::Duration;

use messaging::{DirectTransport, Relay};
use platform::auth::{KeyError, TokenSource, Verifier, VerifierError};
use platform::client::ClientError;
use platform::lifecycle::{TaskPanicked, Tasks};
use platform::program::Program;
use platform::server::{Readiness, ServeError, Server};
use platform::{Sources, limited};
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

pub use config::{Config, OffersConfig, TokensConfig, UpstreamsConfig, WorthConfig};
pub use inspection::{InspectionError, Inspector, Verified};

use audit::Checkpoints;
use authority::PolicyFault;
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
    /// Offer tokens cannot be signed.
    #[error("the keys of offer tokens cannot be used")]
    TokenKeys(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Checkpoints of audit trails cannot be kept.
    #[error("the folder of checkpoints cannot be used")]
    Checkpoints(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The starter policy that is compiled in is none.
    #[error("the starter policy cannot be used")]
    Starter(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Another service cannot be called, ever.
    #[error("a connection cannot be set up")]
    Client(#[from] ClientError),
    /// Background work panicked.
    #[error("background work failed")]
    Background(#[from] TaskPanicked),
    /// The server cannot serve.
    #[error("the server cannot serve")]
    Serve(#[from] ServeError),
}

/// May this be offered, and is the money there?
#[derive(Debug, Clone, Copy)]
pub struct OfferAuthorization;

impl Program for OfferAuthorization {
    const NAME: &'static str = NAME;
    const PURPOSE: &'static str = "Decides what may be offered, and keeps the ledger of it";
    const PORT: u16 = 7104;
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
        let transport = Arc::new(transport(&config, &sources)?);
        let service = service(&config, &sources, database.clone())?;

        let stop = shutdown.child_token();
        let tasks = Tasks::new(stop.clone());
        let readiness = Readiness::waiting();
        let check = database.clone();
        let follow = readiness
            .clone()
            .follow(move || check.check(), stop.clone());
        tasks.spawn("readiness", follow);
        let relay = Relay::new(database.clone(), transport, sources.clock);
        tasks.spawn("relay", relay.run(stop.clone()));
        tasks.spawn("expiry", service.clone().expire_until(stop.clone()));
        tasks.spawn("sweep", service.clone().sweep_until(stop.clone()));
        tasks.spawn("proof", service.clone().prove_until(stop.clone()));
        tasks.spawn("trails", service.clone().sign_trails_until(stop.clone()));
        tasks.spawn(
            "watchers",
            service.clone().stir_watchers_until(stop.clone()),
        );

        let offers = AuthorizationApi::new(service.clone(), tasks.clone());
        let offers = limited!(OfferAuthorizationServiceServer::new(offers));
        let programmes = limited!(OfferProgramServiceServer::new(ProgramApi::new(service)));
        let routes = Routes::new(offers).add_service(programmes);
        let served = Server::new(&config.server, NAME, verifier)
            .pool(REDEEM_OFFER, REDEEM_CALLS)
            .grpc_service(authorization::SERVICE_NAME)
            .grpc_service(program_service::SERVICE_NAME)
            .readiness(readiness)
            .serve(listener, routes, stop.clone())
            .await;

        stop.cancel();
        tasks.finish(GRACE).await;
        database.close().await;
        tasks.outcome()?;
        Ok(served?)
    }

    async fn migrate(config: &Config) -> Result<(), RunError> {
        Ok(storage::migrate(&config.store, store::migrations()).await?)
    }
}

fn service(config: &Config, sources: &Sources, database: Database) -> Result<Service, RunError> {
    let keys = TokenKeys::open(&config.tokens.key_folder)
        .map_err(|failure| RunError::TokenKeys(Box::new(failure)))?;
    let checkpoints = Checkpoints::open(config.checkpoint_folder(), keys.clone())
        .map_err(|failure| RunError::Checkpoints(Box::new(failure)))?;
    let none = |fault: PolicyFault| RunError::Starter(Box::new(fault));
    let parts = Parts {
        database,
        clock: Arc::clone(&sources.clock),
        ids: Arc::clone(&sources.ids),
        settings: config.offers.settings(),
        keys,
        checkpoints,
        starter: authority::starter_policy().map_err(none)?,
        worths: config.worths(),
    };
    Service::new(parts).map_err(none)
}

/// The way to whoever is told of offers.
fn transport(config: &Config, sources: &Sources) -> Result<DirectTransport, RunError> {
    let tokens = TokenSource::open(&config.auth, NAME, sources)?;
    let destinations = [(service::KPI, config.upstreams.kpi.as_str())];
    Ok(DirectTransport::connect(
        &config.client,
        &tokens,
        destinations,
    )?)
}
