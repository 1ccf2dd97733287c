//! The process around a service: arguments, settings, telemetry, signals, exit code.
//!
//! All services start alike, so it is written once. A service says what it is by implementing [`Program`].

use std::future::Future;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use rustls::crypto::aws_lc_rs;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::Sources;
use crate::config::{ConfigError, ServiceConfig};
use crate::lifecycle::{exit_code, shutdown_on_signal};
use crate::status::chain;
use crate::telemetry::{self, TelemetryError};

/// The allocator of every program of the suite: a server under load makes and drops many small things on several threads, for
/// which the allocator of the system takes a quarter of its time. Without huge pages, which double the memory of an idle one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A service that can be started as a process.
pub trait Program {
    /// Its name: in traces, and as the audience of tokens.
    const NAME: &'static str;
    /// What it does, in one line of help.
    const PURPOSE: &'static str;
    /// The port on the loopback where it listens unless told otherwise.
    const PORT: u16;
    /// Its settings.
    type Config: ServiceConfig;
    /// Why it could not start, or stopped.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Serves until `shutdown`, on a listener that is bound already, by the clock and the ids of `sources`.
    ///
    /// # Errors
    /// What it needs cannot be set up. Calls never end a service.
    fn run(
        config: Self::Config,
        sources: Sources,
        listener: TcpListener,
        shutdown: CancellationToken,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Brings the schema up to date, and no more.
    ///
    /// # Errors
    /// The store cannot be opened or migrated.
    fn migrate(config: &Self::Config) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Settings in TOML, over the documented defaults.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves until it is told to stop.
    Serve(ServeArguments),
    /// Brings the schema of the database up to date.
    Migrate,
}

#[derive(Debug, Args)]
struct ServeArguments {
    /// Where to listen.
    #[arg(long)]
    listen: Option<SocketAddr>,
}

/// Why a process failed.
#[derive(Debug, Error)]
enum ProgramError<E: std::error::Error + 'static> {
    #[error("the configuration cannot be used")]
    Config(#[source] ConfigError),
    #[error("telemetry cannot be set up")]
    Telemetry(#[source] TelemetryError),
    #[error("`{address}` cannot be listened on")]
    Listen {
        address: SocketAddr,
        #[source]
        source: std::io::Error,
    },
    #[error("the service failed")]
    Service(#[source] E),
}

/// Runs a service as its process was told to, and turns the outcome into an exit code.
pub async fn main<P: Program>() -> ExitCode {
    let command = Arguments::command().name(P::NAME).about(P::PURPOSE);
    let parsed = command
        .try_get_matches()
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    match parsed {
        Ok(arguments) => {
            let outcome = execute::<P>(arguments).await;
            tell_before_logs(&outcome);
            exit_code(outcome)
        }
        Err(refused) => refused.exit(),
    }
}

/// What fails before there are logs would fail in silence: it goes to standard error in plain words.
fn tell_before_logs<E: std::error::Error>(outcome: &Result<(), ProgramError<E>>) {
    if let Err(failure @ (ProgramError::Config(_) | ProgramError::Telemetry(_))) = outcome {
        // Nobody is left to hear that standard error is closed.
        let _ = writeln!(std::io::stderr(), "{}", chain(failure));
    }
}

/// Does as told. Telemetry is flushed also after an error.
async fn execute<P: Program>(arguments: Arguments) -> Result<(), ProgramError<P::Error>> {
    // A provider that is there already is the same one.
    let _ = aws_lc_rs::default_provider().install_default();
    let file = arguments.config.as_deref();
    let config = P::Config::load(file).map_err(ProgramError::Config)?;
    let telemetry =
        telemetry::init(config.telemetry(), P::NAME).map_err(ProgramError::Telemetry)?;
    let outcome = match arguments.command {
        Command::Serve(ServeArguments { listen }) => {
            let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, P::PORT));
            serve::<P>(config, listen.unwrap_or(usual)).await
        }
        Command::Migrate => P::migrate(&config).await.map_err(ProgramError::Service),
    };
    telemetry.shutdown().await;
    outcome
}

async fn serve<P: Program>(
    config: P::Config,
    address: SocketAddr,
) -> Result<(), ProgramError<P::Error>> {
    let shutdown = shutdown_on_signal();
    let listener = TcpListener::bind(address)
        .await
        .map_err(|source| ProgramError::Listen { address, source })?;
    let run = P::run(config, Sources::system(), listener, shutdown);
    let run = telemetry::in_service(P::NAME, run);
    run.await.map_err(ProgramError::Service)
}
