//! The transport below the layers: HTTP/2 limits, TLS, and the services that every server has.

use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;
use tonic::service::Routes;
use tonic::transport::{Certificate, Identity, Server as Transport, ServerTlsConfig};
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::HealthService;

use super::{Server, ServerConfig};
use crate::limits;

const HANDSHAKE: Duration = Duration::from_secs(5);

/// Why a server could not serve.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The listener is broken.
    #[error("listener cannot be used")]
    Listener(#[source] std::io::Error),
    /// A certificate or key file cannot be read.
    #[error("certificate file `{}` cannot be read", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The transport refused its settings or ended.
    #[error("transport failed")]
    Transport(#[source] tonic::transport::Error),
    /// The descriptors of the service are broken.
    #[error("reflection cannot be served")]
    Reflection(#[source] tonic_reflection::server::Error),
}

/// A transport with all limits. `max_connection_age_grace` stays unset: it would cut calls without GOAWAY
/// (grpc-rust #2877).
pub(super) fn builder(config: &ServerConfig) -> Result<Transport, ServeError> {
    let transport = Transport::builder()
        .accept_http1(true)
        .max_concurrent_streams(config.max_streams_per_connection)
        .max_connection_age(jittered(config.max_connection_age_ms))
        .http2_keepalive_interval(Some(Duration::from_millis(config.keepalive_interval_ms)))
        .http2_keepalive_timeout(Some(Duration::from_millis(config.keepalive_timeout_ms)))
        .http2_max_header_list_size(limits::METADATA);
    let (Some(certificate), Some(key)) = (&config.tls_certificate, &config.tls_key) else {
        return Ok(transport);
    };
    let identity = Identity::from_pem(read(certificate)?, read(key)?);
    let mut tls = ServerTlsConfig::new().identity(identity).timeout(HANDSHAKE);
    if let Some(ca) = &config.tls_client_ca {
        tls = tls.client_ca_root(Certificate::from_pem(read(ca)?));
    }
    transport.tls_config(tls).map_err(ServeError::Transport)
}

/// A tenth more or less, so that replicas started together do not send their clients away together.
fn jittered(millis: u64) -> Duration {
    Duration::from_millis(millis).mul_f64(rand::random_range(0.9..=1.1))
}

fn read(path: &Path) -> Result<Vec<u8>, ServeError> {
    std::fs::read(path).map_err(|source| ServeError::Certificate {
        path: path.to_owned(),
        source,
    })
}

/// Adds health, and reflection in both versions that clients ask for.
pub(super) fn with_infrastructure(
    routes: Routes,
    health: HealthServer<HealthService>,
    server: &Server,
) -> Result<Routes, ServeError> {
    let routes = routes.add_service(health);
    if !server.config.reflection || server.grpc_services.is_empty() {
        return Ok(routes);
    }
    let descriptors = proto::descriptor_set_for(&server.grpc_services);
    let builder = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(&descriptors)
    };
    let v1 = builder().build_v1().map_err(ServeError::Reflection)?;
    let v1alpha = builder().build_v1alpha().map_err(ServeError::Reflection)?;
    Ok(routes.add_service(v1).add_service(v1alpha))
}
