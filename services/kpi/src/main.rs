//! The `kpi` program.

use std::process::ExitCode;

use kpi::Kpi;

#[tokio::main]
async fn main() -> ExitCode {
    platform::program::main::<Kpi>().await
}
