//! All five services in one process, each on a port of its own, speaking gRPC with each other over the loopback.
//!
//! Everything a suite keeps is below its data folder: a database for each service, the development keys, and the settings
//! that each service was started with, so that any of them can also be started alone by its own binary from the same file.

mod running;
mod settings;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use intervention_routing::InterventionRouting;
use kpi::Kpi;
use offer_authorization::OfferAuthorization;
use platform::Sources;
use platform::auth::{DevelopmentKeys, KeyError};
use platform::config::{ConfigError, ServiceConfig};
use platform::program::Program;
use platform::telemetry;
use risk_scoring::RiskScoring;
use session_tracking::SessionTracking;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use running::Services;
pub use settings::Overrides;

/// The services in the order of the flow, with their usual ports.
pub const SERVICES: [(&str, u16); 5] = [
    listed::<SessionTracking>(),
    listed::<RiskScoring>(),
    listed::<InterventionRouting>(),
    listed::<OfferAuthorization>(),
    listed::<Kpi>(),
];

/// Who signs the tokens of a suite on one machine.
pub const ISSUER: &str = "https://rescate.local";

/// Folder of the development keys, below the data folder.
const KEYS: &str = "keys";

/// How long a suite may take until every service answers its health check.
const START_LIMIT: Duration = Duration::from_secs(30);

/// How long a suite may take to stop, in any case.
const STOP_LIMIT: Duration = Duration::from_secs(25);

/// Where the services listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ports {
    /// 7101 to 7105.
    Usual,
    /// Whatever is free.
    Free,
}

/// What a suite is started with.
#[derive(Debug, Clone)]
pub struct SuiteOptions {
    /// The data folder.
    pub data: PathBuf,
    /// Where the services listen.
    pub ports: Ports,
    /// Settings that differ from the defaults, by service.
    pub overrides: Overrides,
}

/// Why a suite did not start, or stopped.
#[derive(Debug, Error)]
pub enum SuiteError {
    #[error("the data folder `{}` cannot be used", path.display())]
    Data {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the keys cannot be used")]
    Keys(#[from] KeyError),
    #[error("`{address}` cannot be listened on; is a suite running already?")]
    Listen {
        address: SocketAddr,
        #[source]
        source: io::Error,
    },
    #[error("the settings of {service} cannot be used")]
    Config {
        service: &'static str,
        #[source]
        source: ConfigError,
    },
    #[error("{service} failed")]
    Service {
        service: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("{service} panicked; the log says where")]
    Panicked { service: &'static str },
    #[error("{service} stopped although nobody asked; the log says why")]
    StoppedItself { service: &'static str },
    #[error("{service} was not ready in time")]
    NotReady { service: &'static str },
    #[error("interrupted before every service was ready")]
    Interrupted,
    #[error("not every service stopped in time")]
    Stuck,
    #[error("nobody watches over the services any more")]
    Unwatched(#[source] JoinError),
}

/// A running suite; dropped, it is cut off at once.
#[derive(Debug)]
pub struct Suite {
    addresses: Addresses,
    keys: DevelopmentKeys,
    /// Ends when all services have ended.
    services: AbortOnDropHandle<Result<(), SuiteError>>,
    shutdown: CancellationToken,
}

/// Where each service of a suite listens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addresses(BTreeMap<&'static str, SocketAddr>);

impl Addresses {
    /// The address of a service for its clients.
    pub fn uri(&self, service: &str) -> String {
        self.0
            .get(service)
            .map_or_else(String::new, |address| format!("http://{address}"))
    }

    /// Names and addresses, in the order of the flow.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, String)> + '_ {
        SERVICES.iter().map(|(name, _)| (*name, self.uri(name)))
    }
}

impl Suite {
    /// Starts all services and waits until each is ready. A service that ends cancels `shutdown`, and so stops the others.
    pub async fn start(
        options: &SuiteOptions,
        shutdown: CancellationToken,
    ) -> Result<Self, SuiteError> {
        let keys = keys(&options.data)?;
        // All listeners are bound first, since each service is told where the others are.
        let mut addresses = Addresses::default();
        let sessions = listen::<SessionTracking>(options.ports, &mut addresses).await?;
        let risk = listen::<RiskScoring>(options.ports, &mut addresses).await?;
        let routing = listen::<InterventionRouting>(options.ports, &mut addresses).await?;
        let offers = listen::<OfferAuthorization>(options.ports, &mut addresses).await?;
        let figures = listen::<Kpi>(options.ports, &mut addresses).await?;
        settings::write(options, &addresses, &keys)?;

        let mut services = Services::new(shutdown.clone());
        let data = &options.data;
        run::<SessionTracking>(&mut services, data, sessions)?;
        run::<RiskScoring>(&mut services, data, risk)?;
        run::<InterventionRouting>(&mut services, data, routing)?;
        run::<OfferAuthorization>(&mut services, data, offers)?;
        run::<Kpi>(&mut services, data, figures)?;
        let suite = Self {
            addresses,
            keys,
            services: services.watched(STOP_LIMIT),
            shutdown,
        };
        match suite.ready().await {
            Ok(()) => Ok(suite),
            // What a service says of its end is nearer to the cause.
            Err(failure) => Err(suite.stop().await.err().unwrap_or(failure)),
        }
    }

    /// Where the services listen.
    pub const fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The development keys of the suite.
    pub const fn keys(&self) -> &DevelopmentKeys {
        &self.keys
    }

    /// Waits until the suite is told to stop, or a service ends, which stops the others.
    pub async fn finish(self) -> Result<(), SuiteError> {
        self.services
            .await
            .unwrap_or_else(|cut_off| Err(SuiteError::Unwatched(cut_off)))
    }

    /// Stops all services, each of which drains first.
    pub async fn stop(self) -> Result<(), SuiteError> {
        self.shutdown.cancel();
        self.finish().await
    }

    async fn ready(&self) -> Result<(), SuiteError> {
        for (service, uri) in self.addresses.iter() {
            tokio::select! {
                ready = is_serving(&uri) => {
                    if !ready {
                        return Err(SuiteError::NotReady { service });
                    }
                }
                () = self.shutdown.cancelled() => return Err(SuiteError::Interrupted),
            }
        }
        Ok(())
    }
}

/// The development keys of a data folder, made on first use.
pub fn keys(data: &Path) -> Result<DevelopmentKeys, SuiteError> {
    std::fs::create_dir_all(data).map_err(|source| SuiteError::Data {
        path: data.to_owned(),
        source,
    })?;
    Ok(DevelopmentKeys::create_or_load(&data.join(KEYS))?)
}

/// Where the settings of a service are, in a data folder.
pub(crate) fn settings_file(data: &Path, service: &str) -> PathBuf {
    settings::file(data, service)
}

/// Whether a folder is the data folder of a suite.
pub(crate) fn is_in(data: &Path) -> bool {
    data.join(KEYS).is_dir()
}

/// The tenant of a suite when nobody names one.
pub(crate) fn default_tenant() -> &'static str {
    "demo-shop"
}

/// How a service stands in the list.
const fn listed<P: Program>() -> (&'static str, u16) {
    (P::NAME, P::PORT)
}

/// Binds the listener of a service, and notes its address.
async fn listen<P: Program>(
    ports: Ports,
    addresses: &mut Addresses,
) -> Result<TcpListener, SuiteError> {
    let port = match ports {
        Ports::Usual => P::PORT,
        Ports::Free => 0,
    };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let refused = |source| SuiteError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let bound = listener.local_addr().map_err(refused)?;
    addresses.0.insert(P::NAME, bound);
    Ok(listener)
}

/// Starts a service by its settings in the data folder.
fn run<P: Program + 'static>(
    services: &mut Services,
    data: &Path,
    listener: TcpListener,
) -> Result<(), SuiteError> {
    let service = P::NAME;
    let config = P::Config::load(Some(&settings::file(data, service)))
        .map_err(|source| SuiteError::Config { service, source })?;
    let run = P::run(config, Sources::system(), listener, services.signal());
    let run = telemetry::in_service(service, run);
    services.spawn(service, async move {
        run.await.map_err(|source| SuiteError::Service {
            service,
            source: Box::new(source),
        })
    });
    Ok(())
}

/// Asks the health service until it says that all is well, or the limit is over.
async fn is_serving(uri: &str) -> bool {
    let asked = tokio::time::timeout(START_LIMIT, async {
        while !serves_now(uri).await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    asked.await.is_ok()
}

async fn serves_now(uri: &str) -> bool {
    use tonic_health::pb::health_check_response::ServingStatus;
    use tonic_health::pb::health_client::HealthClient;

    let Ok(endpoint) = tonic::transport::Endpoint::from_shared(uri.to_owned()) else {
        return false;
    };
    let Ok(channel) = endpoint.connect().await else {
        return false;
    };
    let request = tonic_health::pb::HealthCheckRequest::default();
    HealthClient::new(channel)
        .check(request)
        .await
        .is_ok_and(|answer| answer.get_ref().status() == ServingStatus::Serving)
}
