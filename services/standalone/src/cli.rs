//! What the command can be told to do.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use platform::lifecycle::exit_code;
use platform::telemetry::{self, LogFormat, TelemetryConfig, TelemetryError};
use rustls::crypto::aws_lc_rs;
use thiserror::Error;

use crate::demo::{self, DemoArguments, DemoError};
use crate::replay::{self, ReplayArguments, ReplayError};
use crate::suite::SuiteError;
use crate::token::{self, TokenArguments, TokenError};
use crate::up::{self, UpArguments};

/// Notices when an online shopper hesitates, gets the right help there in time, and proves what it earned.
#[derive(Debug, Parser)]
#[command(
    name = "rescate",
    version,
    after_help = "\
First steps:
  rescate demo                          see the whole suite work on real shopper events
  rescate up --data ./rescate-data      run all five services on ports 7101 to 7105
  rescate token --role platform --data ./rescate-data
                                        a token for your first call
  rescate replay events.csv.gz --speed 50 --data ./rescate-data
                                        send recorded events to the running suite"
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Send traces to this OTLP/gRPC receiver, such as a Jaeger at <http://127.0.0.1:4317>.
    #[arg(long, global = true, value_name = "URL")]
    otlp: Option<String>,
    /// Which log lines to write to standard error, such as `info` or `warn,session_tracking=debug`.
    #[arg(long, global = true, value_name = "FILTER", default_value = "warn")]
    log: String,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run all five services in this process until Ctrl-C.
    Up(UpArguments),
    /// Show the suite at work on real shopper events, with a report at the end.
    Demo(DemoArguments),
    /// Send recorded shopper events to a running suite.
    Replay(ReplayArguments),
    /// Print a development token for one role.
    Token(TokenArguments),
}

/// Why the command failed.
#[derive(Debug, Error)]
enum CommandError {
    #[error("telemetry cannot be set up")]
    Telemetry(#[from] TelemetryError),
    #[error("the suite failed")]
    Suite(#[from] SuiteError),
    #[error("the demo failed")]
    Demo(#[from] DemoError),
    #[error("the replay failed")]
    Replay(#[from] ReplayError),
    #[error("no token could be made")]
    Token(#[from] TokenError),
}

/// Does as told. Telemetry is flushed also after an error.
pub async fn run(arguments: Arguments) -> ExitCode {
    // A provider that is there already is the same one.
    let _ = aws_lc_rs::default_provider().install_default();
    exit_code(execute(arguments).await)
}

async fn execute(arguments: Arguments) -> Result<(), CommandError> {
    let config = TelemetryConfig {
        otlp_endpoint: arguments.otlp,
        log_format: LogFormat::Text,
        log_filter: arguments.log,
    };
    let telemetry = telemetry::init(&config, "rescate")?;
    let outcome = match arguments.command {
        Command::Up(arguments) => up::run(arguments).await.map_err(CommandError::from),
        Command::Demo(arguments) => demo::run(arguments).await.map_err(CommandError::from),
        Command::Replay(arguments) => replay::run(arguments).await.map_err(CommandError::from),
        Command::Token(arguments) => token::run(&arguments).map_err(CommandError::from),
    };
    telemetry.shutdown().await;
    outcome
}
