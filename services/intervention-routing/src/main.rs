//! The binary: settings in, exit code out.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use intervention_routing::{Config, NAME, Program};

/// Decides who is helped, and brings the help.
#[derive(Parser)]
#[command(name = NAME, version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Settings in TOML, laid over the documented defaults.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Serves until it is told to stop.
    Serve {
        #[arg(long, default_value = "127.0.0.1:7103")]
        listen: SocketAddr,
    },
    /// Brings the schema of the database up to date.
    Migrate,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { command, config } = Arguments::parse();
    let program = match command {
        Command::Serve { listen } => Program::Serve(listen),
        Command::Migrate => Program::Migrate,
    };
    intervention_routing::start(Config::load(config.as_deref()), program).await
}
