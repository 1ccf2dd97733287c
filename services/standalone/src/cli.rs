//! What the command can be told to do.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use platform::status::chain;
use platform::telemetry::{self, LogFormat, TelemetryConfig, TelemetryError};
use rustls::crypto::aws_lc_rs;
use thiserror::Error;

use crate::audit::{self, AuditArguments, AuditError};
use crate::demo::{self, DemoArguments, DemoError};
use crate::model::{self, ModelArguments, ModelError};
use crate::output::note;
use crate::replay::{self, ReplayArguments, ReplayError};
use crate::suite::SuiteError;
use crate::token::{self, TokenArguments, TokenError};
use crate::up::{self, UpArguments};

/// Log lines that concern whoever runs a suite: not how long the database driver waited, which is normal on a busy machine.
const LOG_FILTER: &str = "warn,sqlx=error";

/// Notices when an online shopper hesitates, gets the right help there in time, and proves what it earned.
#[derive(Debug, Parser)]
#[command(
    name = "rescate",
    version,
    after_help = "\
First steps:
  rescate demo                        see the whole suite work on real shopper events, in less than a minute
  rescate up                          run all five services on ports 7101 to 7105, with their data in ./rescate-data
  rescate token --role platform       in another terminal: a token for your first call
  rescate replay tests/data/rees46/events.csv.gz
                                      send recorded events to the running suite

`rescate help COMMAND` tells more of each, with examples."
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Send traces to this OTLP/gRPC receiver, such as a Jaeger at <http://127.0.0.1:4317>.
    #[arg(long, global = true, value_name = "URL", display_order = 100)]
    otlp: Option<String>,
    /// Send metrics to this OTLP/gRPC receiver, such as an OpenTelemetry collector.
    #[arg(long, global = true, value_name = "URL", display_order = 100)]
    otlp_metrics: Option<String>,
    /// Which log lines to write to standard error, such as `info` or `warn,session_tracking=debug`.
    #[arg(long, global = true, value_name = "FILTER", default_value = LOG_FILTER, display_order = 101)]
    log: String,
}

// What each does is told at its arguments: a word here would hide it.
#[derive(Debug, Subcommand)]
enum Command {
    Up(UpArguments),
    Demo(DemoArguments),
    Replay(ReplayArguments),
    Token(TokenArguments),
    Model(ModelArguments),
    Audit(AuditArguments),
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
    #[error("no model came of it")]
    Model(#[from] ModelError),
    #[error("the audit failed")]
    Audit(#[from] AuditError),
}

/// Does as told. A failure is told in plain words, also when no log line would be written.
pub async fn run(arguments: Arguments) -> ExitCode {
    // A provider that is there already is the same one.
    let _ = aws_lc_rs::default_provider().install_default();
    match execute(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            note(format_args!("error: {}", chain(&failure)));
            ExitCode::FAILURE
        }
    }
}

/// Telemetry is flushed also after an error.
async fn execute(arguments: Arguments) -> Result<(), CommandError> {
    let config = TelemetryConfig {
        otlp_endpoint: arguments.otlp,
        otlp_metrics_endpoint: arguments.otlp_metrics,
        log_format: LogFormat::Text,
        log_filter: arguments.log,
    };
    let telemetry = telemetry::init(&config, "rescate")?;
    let outcome = match arguments.command {
        Command::Up(arguments) => up::run(arguments).await.map_err(CommandError::from),
        Command::Demo(arguments) => demo::run(arguments).await.map_err(CommandError::from),
        Command::Replay(arguments) => replay::run(arguments).await.map_err(CommandError::from),
        Command::Token(arguments) => token::run(&arguments).map_err(CommandError::from),
        Command::Model(arguments) => model::run(&arguments).map_err(CommandError::from),
        Command::Audit(arguments) => audit::run(arguments).await.map_err(CommandError::from),
    };
    telemetry.shutdown().await;
    outcome
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use clap::CommandFactory;
    use tracing_subscriber::EnvFilter;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn waits_for_the_database_are_no_news_for_a_user() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(LOG_FILTER))
            .with_writer(move || writer.clone())
            .finish();

        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(target: "sqlx::pool::acquire", "slow");
            tracing::error!(target: "sqlx::pool", "broken");
            tracing::warn!(target: "messaging::relay", "late");
        });

        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains("broken") && text.contains("late"), "{text}");
        assert!(!text.contains("slow"), "{text}");
    }

    #[test]
    fn every_command_teaches_by_an_example() {
        let commands = Arguments::command();
        for command in commands.get_subcommands() {
            let name = command.get_name();
            let long = command.get_long_about().map(ToString::to_string);
            let examples = command.get_after_help().map(ToString::to_string);
            assert!(
                long.is_some_and(|text| text.lines().count() > 1),
                "{name} says more than its summary"
            );
            assert!(
                examples.is_some_and(|text| text.contains(&format!("rescate {name}"))),
                "{name} has an example"
            );
        }
    }
}
