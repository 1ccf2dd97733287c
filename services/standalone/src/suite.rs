//! All five services in one process, each on a port of its own, speaking gRPC with each other over the loopback.
//!
//! Everything a suite keeps is below its data folder: a database for each service, the development keys, and the settings
//! that each service was started with, so that any of them can also be started alone by its own binary from the same file.

mod settings;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::id::TenantId;
use platform::auth::{DevelopmentKeys, KeyError};
use platform::config::ConfigError;
use platform::program::Program;
use platform::telemetry;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use settings::Overrides;

/// The services in the order of the flow, with their usual ports.
pub const SERVICES: [(&str, u16); 5] = [
    (session_tracking::NAME, 7101),
    (risk_scoring::NAME, 7102),
    (intervention_routing::NAME, 7103),
    (offer_authorization::NAME, 7104),
    (kpi::NAME, 7105),
];

/// Who signs the tokens of a suite on one machine.
pub const ISSUER: &str = "https://rescate.local";

/// How long a suite may take until every service answers its health check.
const START_LIMIT: Duration = Duration::from_secs(30);

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
    #[error("{service} was not ready in time")]
    NotReady { service: &'static str },
}

/// A running suite.
#[derive(Debug)]
pub struct Suite {
    addresses: Addresses,
    keys: DevelopmentKeys,
    running: JoinSet<Result<(), SuiteError>>,
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
    /// Starts all services and waits until each is ready.
    pub async fn start(
        options: &SuiteOptions,
        shutdown: CancellationToken,
    ) -> Result<Self, SuiteError> {
        let keys = keys(&options.data)?;
        let mut listeners = BTreeMap::new();
        let mut addresses = Addresses::default();
        for (name, port) in SERVICES {
            let (listener, address) = listen(options.ports, port).await?;
            listeners.insert(name, listener);
            addresses.0.insert(name, address);
        }
        let files = settings::write(options, &addresses, &keys)?;
        let mut suite = Self {
            addresses,
            keys,
            running: JoinSet::new(),
            shutdown,
        };
        for (name, listener) in listeners {
            suite.spawn(name, &files, listener)?;
        }
        suite.ready().await?;
        Ok(suite)
    }

    /// Where the services listen.
    pub const fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The development keys of the suite.
    pub const fn keys(&self) -> &DevelopmentKeys {
        &self.keys
    }

    /// Waits until the suite is told to stop, or a service fails, which stops the others.
    pub async fn finish(mut self) -> Result<(), SuiteError> {
        let mut outcome = Ok(());
        while let Some(ended) = self.running.join_next().await {
            self.shutdown.cancel();
            let ended = ended.unwrap_or_else(|failure| {
                Err(SuiteError::Service {
                    service: "a service",
                    source: Box::new(failure),
                })
            });
            outcome = outcome.and(ended);
        }
        outcome
    }

    /// Stops all services, each of which drains first.
    pub async fn stop(self) -> Result<(), SuiteError> {
        self.shutdown.cancel();
        self.finish().await
    }

    fn spawn(
        &mut self,
        name: &'static str,
        files: &BTreeMap<&'static str, PathBuf>,
        listener: TcpListener,
    ) -> Result<(), SuiteError> {
        let file = files.get(name).map(PathBuf::as_path);
        match name {
            session_tracking::NAME => self.run::<session_tracking::SessionTracking>(file, listener),
            risk_scoring::NAME => self.run::<risk_scoring::RiskScoring>(file, listener),
            intervention_routing::NAME => {
                self.run::<intervention_routing::InterventionRouting>(file, listener)
            }
            offer_authorization::NAME => {
                self.run::<offer_authorization::OfferAuthorization>(file, listener)
            }
            _ => self.run::<kpi::Kpi>(file, listener),
        }
    }

    fn run<P: Program + 'static>(
        &mut self,
        file: Option<&Path>,
        listener: TcpListener,
    ) -> Result<(), SuiteError> {
        let service = P::NAME;
        let config = P::load(file).map_err(|source| SuiteError::Config { service, source })?;
        let run = telemetry::in_service(service, P::run(config, listener, self.shutdown.clone()));
        self.running.spawn(async move {
            run.await.map_err(|source| SuiteError::Service {
                service,
                source: Box::new(source),
            })
        });
        Ok(())
    }

    async fn ready(&mut self) -> Result<(), SuiteError> {
        for (service, uri) in self.addresses.clone().iter() {
            tokio::select! {
                ready = is_serving(&uri) => {
                    if !ready {
                        return Err(SuiteError::NotReady { service });
                    }
                }
                Some(ended) = self.running.join_next() => {
                    self.shutdown.cancel();
                    return match ended {
                        Ok(Err(failure)) => Err(failure),
                        Ok(Ok(())) | Err(_) => Err(SuiteError::NotReady { service }),
                    };
                }
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
    Ok(DevelopmentKeys::create_or_load(&data.join("keys"))?)
}

/// The tenant of a suite when nobody names one.
pub(crate) fn default_tenant() -> &'static str {
    "demo-shop"
}

/// Reads a tenant from the command line.
pub(crate) fn parse_tenant(text: &str) -> Result<TenantId, String> {
    TenantId::parse(text).map_err(|fault| fault.to_string())
}

async fn listen(ports: Ports, usual: u16) -> Result<(TcpListener, SocketAddr), SuiteError> {
    let port = match ports {
        Ports::Usual => usual,
        Ports::Free => 0,
    };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let refused = |source| SuiteError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let bound = listener.local_addr().map_err(refused)?;
    Ok((listener, bound))
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
