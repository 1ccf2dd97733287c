//! What the program can be told to do.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use kpi::{Config, DEFAULT_ADDRESS, NAME, RunError};
use platform::config::ConfigError;
use platform::lifecycle::shutdown_on_signal;
use platform::telemetry::{self, TelemetryError};
use rustls::crypto::aws_lc_rs;
use thiserror::Error;
use tokio::net::TcpListener;

/// Facts in, figures out.
#[derive(Debug, Parser)]
#[command(name = NAME, version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Settings in TOML, over the documented defaults.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves until it is told to stop.
    Serve {
        /// Where to listen.
        #[arg(long, default_value = DEFAULT_ADDRESS)]
        listen: SocketAddr,
    },
    /// Brings the schema of the database up to date.
    Migrate,
}

/// Why the program failed.
#[derive(Debug, Error)]
pub(crate) enum CommandError {
    #[error("the configuration cannot be used")]
    Config(#[from] ConfigError),
    #[error("telemetry cannot be set up")]
    Telemetry(#[from] TelemetryError),
    #[error("the address cannot be listened on")]
    Listen(#[source] std::io::Error),
    #[error("the service failed")]
    Run(#[from] RunError),
}

/// Does as told. Telemetry is flushed also after an error.
pub(crate) async fn execute(arguments: Arguments) -> Result<(), CommandError> {
    // A provider that is there already is the same one.
    let _ = aws_lc_rs::default_provider().install_default();
    let config = Config::load(arguments.config.as_deref())?;
    let telemetry = telemetry::init(&config.telemetry, NAME)?;
    let outcome = match arguments.command {
        Command::Serve { listen } => serve(config, listen).await,
        Command::Migrate => kpi::migrate(&config).await.map_err(CommandError::Run),
    };
    telemetry.shutdown().await;
    outcome
}

async fn serve(config: Config, listen: SocketAddr) -> Result<(), CommandError> {
    let shutdown = shutdown_on_signal();
    let listener = TcpListener::bind(listen)
        .await
        .map_err(CommandError::Listen)?;
    Ok(kpi::run(config, listener, shutdown).await?)
}
