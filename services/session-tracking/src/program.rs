//! The service as a process.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use platform::config::{ConfigError, TelemetryConfig};
use platform::program::Program;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{Config, NAME, RunError};

/// Events in, sessions and moments out.
#[derive(Debug, Clone, Copy)]
pub struct SessionTracking;

impl Program for SessionTracking {
    const NAME: &'static str = NAME;
    const PURPOSE: &'static str =
        "Folds the events of a shop into sessions, and tells of each moment that matters";
    const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7101);
    type Config = Config;
    type Error = RunError;

    fn load(file: Option<&Path>) -> Result<Config, ConfigError> {
        Config::load(file)
    }

    fn telemetry(config: &Config) -> &TelemetryConfig {
        &config.telemetry
    }

    async fn run(
        config: Config,
        listener: TcpListener,
        shutdown: CancellationToken,
    ) -> Result<(), RunError> {
        crate::run(config, listener, shutdown).await
    }

    async fn migrate(config: &Config) -> Result<(), RunError> {
        crate::migrate(config).await
    }
}
