//! Developer commands: `cargo xtask test` is what must pass before a change is merged, the others are its parts.
//!
//! Everything that the tests need is found or installed here, so a bare machine needs a Rust toolchain and nothing else.
//! Nothing of this is part of the product; no other package depends on it.

mod environment;
mod failure;
mod interrupt;
mod lint;
mod postgres;
mod process;
mod say;
mod setup;
mod test;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;
use crate::workspace::Root;

/// Developer commands of Rescate.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run every check and test, in the order of CI.
    Test(test::Options),
    /// Find or install what the tests need: buf, PostgreSQL, cargo-nextest, cargo-deny.
    Setup,
    /// Start a throwaway PostgreSQL, print its URL for the shell of a test, and keep it until Ctrl-C.
    Postgres,
    /// Check the rules of the workspace: dependencies, layers, file lengths.
    Lint,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say::failure(&failure);
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> Result<(), Failure> {
    interrupt::watch()?;
    let root = Root::find()?;
    match command {
        Command::Test(options) => test::run(&root, options),
        Command::Setup => setup::run(&root).map(|_tools| ()),
        Command::Postgres => postgres::keep(&setup::postgres()?),
        Command::Lint => lint::run(&root),
    }
}
