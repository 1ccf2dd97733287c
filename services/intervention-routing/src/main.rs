//! The `intervention-routing` program.

use std::process::ExitCode;

use intervention_routing::InterventionRouting;

#[tokio::main]
async fn main() -> ExitCode {
    platform::program::main::<InterventionRouting>().await
}
