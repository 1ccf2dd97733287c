//! The `session-tracking` program.

use std::process::ExitCode;

use session_tracking::SessionTracking;

#[tokio::main]
async fn main() -> ExitCode {
    platform::program::main::<SessionTracking>().await
}
