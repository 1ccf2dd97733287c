//! The `risk-scoring` program.

use std::process::ExitCode;

use risk_scoring::RiskScoring;

#[tokio::main]
async fn main() -> ExitCode {
    platform::program::main::<RiskScoring>().await
}
