//! The one gRPC client: connections that notice when they are dead, calls that end in time, retries that cannot storm.
//!
//! A [`Connection`] leads to one service; [`Connection::for_tenant`] gives the [`Client`] that generated clients take.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use domain::id::TenantId;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::{HeaderValue, Request, Response};
use serde::Deserialize;
use thiserror::Error;
use tonic::Status;
use tonic::body::Body;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tower::Service;

use crate::auth::{KeyError, TokenSource};
use crate::config::{Faults, Validate, empty_as_none};
use crate::limits;
use crate::methods;
use crate::status::{Fault, Kind};

mod answer;
mod budget;
mod call;

use budget::Budget;

/// Settings of calls to other services; what each means is told in the shared defaults.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "documented where operators read it, in shared.toml"
)]
pub struct ClientConfig {
    pub connect_timeout_ms: u64,
    pub default_deadline_ms: u64,
    pub keepalive_interval_ms: u64,
    pub keepalive_timeout_ms: u64,
    pub retry: RetryPolicy,
    #[serde(deserialize_with = "empty_as_none")]
    pub tls_ca: Option<PathBuf>,
    #[serde(deserialize_with = "empty_as_none")]
    pub tls_certificate: Option<PathBuf>,
    #[serde(deserialize_with = "empty_as_none")]
    pub tls_key: Option<PathBuf>,
}

/// Whether failed calls are tried again. Only the caller nearest to the user does: retries at every hop multiply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryPolicy {
    /// A failure goes to the caller.
    Never,
    /// Up to three attempts inside the deadline, and no more than a tenth of all calls.
    Budgeted,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            connect_timeout_ms: 2_000,
            default_deadline_ms: 5_000,
            keepalive_interval_ms: 10_000,
            keepalive_timeout_ms: 5_000,
            retry: RetryPolicy::Never,
            tls_ca: None,
            tls_certificate: None,
            tls_key: None,
        }
    }
}

impl Validate for ClientConfig {
    fn validate(&self, faults: &mut Faults) {
        faults.range("connect_timeout_ms", self.connect_timeout_ms, 10..=30_000);
        faults.range(
            "default_deadline_ms",
            self.default_deadline_ms,
            10..=300_000,
        );
        faults.range(
            "keepalive_interval_ms",
            self.keepalive_interval_ms,
            1_000..=7_200_000,
        );
        faults.range(
            "keepalive_timeout_ms",
            self.keepalive_timeout_ms,
            1_000..=60_000,
        );
        faults.check(
            self.tls_certificate.is_some() == self.tls_key.is_some(),
            "tls_key",
            "and tls_certificate must be given together",
        );
    }
}

/// Why no connection can be made, now or ever. A service that is away is no such reason.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The address or the TLS settings are wrong.
    #[error("address or tls settings cannot be used")]
    Endpoint(#[source] tonic::transport::Error),
    /// A certificate or key file cannot be read.
    #[error("certificate file `{}` cannot be read", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The token cannot stand in a header.
    #[error("token cannot be used")]
    Token(#[source] KeyError),
}

/// A way to one service, for all tenants. Connects with the first call. Clones share connection and retry budget.
#[derive(Debug, Clone)]
pub struct Connection {
    link: Arc<Link>,
    audience: Arc<str>,
    tokens: TokenSource,
}

/// A way to one service with the right to call it; generated clients take it as their service.
#[derive(Clone)]
pub struct Client {
    link: Arc<Link>,
    credentials: Credentials,
}

#[derive(Debug)]
struct Link {
    channel: Channel,
    retry: RetryPolicy,
    default_deadline: Duration,
    budget: Budget,
}

#[derive(Clone)]
enum Credentials {
    Service {
        tokens: TokenSource,
        audience: Arc<str>,
        tenant: TenantId,
    },
    Fixed(HeaderValue),
    None,
}

/// A connection to the service `audience` at `uri` with tokens of our own service. Needs a running runtime.
pub fn connect(
    config: &ClientConfig,
    uri: &str,
    audience: &str,
    tokens: TokenSource,
) -> Result<Connection, ClientError> {
    Ok(Connection {
        link: Arc::new(Link::new(config, uri)?),
        audience: audience.into(),
        tokens,
    })
}

/// A client with a token made elsewhere, for tools and tests.
pub fn connect_with_token(uri: &str, token: &str) -> Result<Client, ClientError> {
    connect_as(&ClientConfig::default(), uri, Some(token))
}

/// A client with a token made elsewhere, or with none for health and reflection.
pub fn connect_as(
    config: &ClientConfig,
    uri: &str,
    token: Option<&str>,
) -> Result<Client, ClientError> {
    let credentials = match token {
        Some(token) => Credentials::Fixed(crate::auth::bearer(token).map_err(ClientError::Token)?),
        None => Credentials::None,
    };
    let link = Arc::new(Link::new(config, uri)?);
    Ok(Client { link, credentials })
}

impl Connection {
    /// The client for calls in the name of one tenant.
    pub fn for_tenant(&self, tenant: &TenantId) -> Client {
        Client {
            link: Arc::clone(&self.link),
            credentials: Credentials::Service {
                tokens: self.tokens.clone(),
                audience: Arc::clone(&self.audience),
                tenant: tenant.clone(),
            },
        }
    }
}

impl Link {
    fn new(config: &ClientConfig, uri: &str) -> Result<Self, ClientError> {
        methods::prepare();
        let mut endpoint = Endpoint::from_shared(uri.to_owned())
            .and_then(|endpoint| {
                endpoint.user_agent(concat!("rescate/", env!("CARGO_PKG_VERSION")))
            })
            .map_err(ClientError::Endpoint)?
            .connect_timeout(Duration::from_millis(config.connect_timeout_ms))
            .http2_keep_alive_interval(Duration::from_millis(config.keepalive_interval_ms))
            .keep_alive_timeout(Duration::from_millis(config.keepalive_timeout_ms))
            .keep_alive_while_idle(true)
            .http2_max_header_list_size(limits::METADATA);
        if endpoint.uri().scheme_str() == Some("https") {
            endpoint = endpoint
                .tls_config(tls(config)?)
                .map_err(ClientError::Endpoint)?;
        }
        Ok(Self {
            channel: endpoint.connect_lazy(),
            retry: config.retry,
            default_deadline: Duration::from_millis(config.default_deadline_ms),
            budget: Budget::default(),
        })
    }
}

fn tls(config: &ClientConfig) -> Result<ClientTlsConfig, ClientError> {
    let mut tls = ClientTlsConfig::new();
    if let Some(ca) = &config.tls_ca {
        tls = tls.ca_certificate(Certificate::from_pem(read(ca)?));
    }
    if let (Some(certificate), Some(key)) = (&config.tls_certificate, &config.tls_key) {
        tls = tls.identity(Identity::from_pem(read(certificate)?, read(key)?));
    }
    Ok(tls)
}

fn read(path: &Path) -> Result<Vec<u8>, ClientError> {
    std::fs::read(path).map_err(|source| ClientError::Certificate {
        path: path.to_owned(),
        source,
    })
}

impl Credentials {
    fn bearer(&self) -> Result<Option<HeaderValue>, Status> {
        match self {
            Self::Service {
                tokens,
                audience,
                tenant,
            } => tokens
                .bearer(audience, tenant)
                .map(Some)
                .map_err(|failure| {
                    tracing::error!(error = %crate::status::chain(&failure), "no token for a call");
                    Fault::new(Kind::Internal, "no token for a call").to_status()
                }),
            Self::Fixed(bearer) => Ok(Some(bearer.clone())),
            Self::None => Ok(None),
        }
    }

    fn tenant(&self) -> Option<&TenantId> {
        match self {
            Self::Service { tenant, .. } => Some(tenant),
            Self::Fixed(_) | Self::None => None,
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Client")
            .field("tenant", &self.credentials.tenant())
            .finish_non_exhaustive()
    }
}

impl Service<Request<Body>> for Client {
    type Response = Response<Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Response<Body>, Status>>;

    /// Always: whether the channel is ready is found out inside the deadline of the call.
    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        call::run(self.clone(), request).boxed()
    }
}

#[cfg(test)]
mod tests;
