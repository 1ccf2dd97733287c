//! Load measurements of the suite: what a service does, beside what the machine would allow, in one run.
//!
//! Each scenario starts its servers as child processes, so that their processor time is theirs alone, and prints one
//! JSON document. What must hold of the figures is in the README; nothing here passes or fails by speed.

mod bare;
mod cli;
mod drive;
mod echo;
mod error;
mod events;
mod lab;
mod numbers;
mod output;
mod process;
mod scenario;
mod server;
mod upstreams;

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    cli::run(cli::Arguments::parse()).await
}
