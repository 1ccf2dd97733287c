//! How each engine is opened. All that differs between SQLite and PostgreSQL at run time is below this module.

use sea_orm::DatabaseConnection;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Location;
use crate::{StoreConfig, StoreError};

pub(crate) mod postgres;
pub(crate) mod sqlite;

/// Statements that a connection keeps prepared: those of a service, in the [shapes](crate::shape) that recur. To prepare one
/// of many rows takes as long as to run it.
const PREPARED: usize = 512;

/// The connections of an open store.
pub(crate) struct Opened {
    pub(crate) writer: DatabaseConnection,
    pub(crate) reader: DatabaseConnection,
}

/// Opens the engine that the URL names; its upkeep runs in `upkeep` until `stop`.
pub(crate) async fn open(
    config: &StoreConfig,
    upkeep: &TaskTracker,
    stop: &CancellationToken,
) -> Result<Opened, StoreError> {
    match config.url.location() {
        Location::Sqlite(file) => sqlite::open(file, config, upkeep, stop).await,
        Location::Postgres(url) => postgres::open(url, config).await,
    }
}
