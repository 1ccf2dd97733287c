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
mod labels;
mod matching;
mod person;
mod play;
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

use messaging::Relay;
use platform::Sources;
use platform::auth::{TokenSource, Verifier};
use platform::lifecycle::Tasks;
use platform::program::Program;
use platform::server::{Readiness, Server};
use storage::Database;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use config::{
    Config, DesksConfig, InvitationsConfig, Outreach, PageChange, PartnerConfig, RetentionConfig,
    RulesConfig, TenantRules, UpstreamsConfig,
};
pub use error::RunError;

use service::Service;
use settings::Settings;
use store::Store;

/// The name of the service, in traces and as the audience of tokens.
pub const NAME: &str = "intervention-routing";

/// How long background work may take to end.
const GRACE: Duration = Duration::from_secs(3);

/// Who is helped, how and by whom?
#[derive(Debug, Clone, Copy)]
pub struct InterventionRouting;

impl Program for InterventionRouting {
    const NAME: &'static str = NAME;
    const PURPOSE: &'static str = "Decides who is helped, and brings the help";
    const PORT: u16 = 7103;
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
        let tokens = TokenSource::open(&config.auth, NAME, &sources)?;
        let clients = upstreams::Clients::connect(&config, &tokens)?;
        let transport = Arc::new(upstreams::told(&config, &tokens)?);

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

        let store = Store::new(database.clone());
        let service = Service::new(store, sources, Settings::new(&config), clients);
        service.start_background(&tasks);
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
