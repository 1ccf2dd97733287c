//! The `rescate` command.

use std::process::ExitCode;

use clap::Parser;
use standalone::cli::{self, Arguments};

#[tokio::main]
async fn main() -> ExitCode {
    cli::run(Arguments::parse()).await
}
