//! The process around the service: settings, telemetry, signals, exit code.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use platform::config::ConfigError;
use platform::server::Readiness;
use platform::{lifecycle, telemetry};
use storage::Database;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::error::RunError;
use crate::{Config, NAME};

/// What the process is started for.
#[derive(Debug, Clone, Copy)]
pub enum Program {
    /// Serve on this address.
    Serve(SocketAddr),
    /// Migrate the database.
    Migrate,
}

/// How long background work may take to end.
pub(crate) const GRACE: Duration = Duration::from_secs(3);
const DATABASE_CHECK: Duration = Duration::from_secs(2);

/// Runs a program from settings to exit code. Telemetry is flushed also after an error.
pub async fn start(config: Result<Config, ConfigError>, program: Program) -> ExitCode {
    let config = match config {
        Ok(config) => config,
        Err(refused) => return lifecycle::exit_code(Err(RunError::from(refused))),
    };
    let telemetry = match telemetry::init(&config.telemetry, NAME) {
        Ok(telemetry) => telemetry,
        Err(failure) => return lifecycle::exit_code(Err(RunError::from(failure))),
    };
    let result = telemetry::in_service(NAME, execute(config, program)).await;
    let code = lifecycle::exit_code(result);
    telemetry.shutdown().await;
    code
}

async fn execute(config: Config, program: Program) -> Result<(), RunError> {
    match program {
        Program::Serve(address) => {
            let listener = TcpListener::bind(address)
                .await
                .map_err(|source| RunError::Bind { address, source })?;
            crate::run(config, listener, lifecycle::shutdown_on_signal()).await
        }
        Program::Migrate => crate::migrate(&config).await,
    }
}

/// Ready with the database and not without.
pub(crate) async fn follow_database(
    database: Database,
    readiness: Readiness,
    stop: CancellationToken,
) {
    let mut due = tokio::time::interval(DATABASE_CHECK);
    while stop.run_until_cancelled(due.tick()).await.is_some() {
        match database.check().await {
            Ok(()) => readiness.set_ready(),
            Err(error) => {
                tracing::warn!(%error, "not ready without the database");
                readiness.set_waiting();
            }
        }
    }
}
