//! The `rescate` command: the whole suite on one machine, and the tools around it.

mod cli;
mod demo;
mod output;
mod replay;
mod suite;
mod token;
mod up;

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    cli::run(cli::Arguments::parse()).await
}
