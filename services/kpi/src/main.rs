//! The `kpi` program: arguments in, exit code out.

mod command;

use std::process::ExitCode;

use clap::Parser;
use platform::lifecycle::exit_code;

#[tokio::main]
async fn main() -> ExitCode {
    exit_code(command::execute(command::Arguments::parse()).await)
}
