//! PostgreSQL: one pool with time limits on each session, and a check on each session that comes back.

use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, Statement};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Executor, Row};

use super::{Opened, PREPARED};
use crate::{Durability, StoreConfig, StoreError};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// A session that was used just now is taken as it is: to ask whether it still answers takes as long
/// as a read.
const TRUSTED: Duration = Duration::from_secs(1);
/// Milliseconds; a write that needs longer is split, not waited for. The level of isolation is that of each transaction, which
/// would else have to say so in a statement of its own.
const SERVING: [(&str, &str); 5] = [
    ("default_transaction_isolation", "read committed"),
    ("statement_timeout", "3000"),
    ("lock_timeout", "1000"),
    ("idle_in_transaction_session_timeout", "5000"),
    ("synchronous_commit", "on"),
];
/// A schema change may take long, but may not queue before the writes of the service.
const MIGRATING: [(&str, &str); 2] = [("lock_timeout", "2000"), ("synchronous_commit", "on")];
/// Settings of the server that lose acknowledged commits when off.
const DURABLE: [&str; 2] = ["fsync", "full_page_writes"];

pub(super) async fn open(url: &str, config: &StoreConfig) -> Result<Opened, StoreError> {
    let mut options = options(url, config, &SERVING).await?;
    options
        .max_connections(config.pool_size)
        .acquire_timeout(config.acquire_timeout());
    let pool = sea_orm::Database::connect(options).await?;
    if config.durability == Durability::Full {
        refuse_unsafe(&pool).await?;
    }
    Ok(Opened {
        writer: pool.clone(),
        reader: pool,
    })
}

/// One session without a limit on statements, for a migration.
pub(crate) async fn open_for_migration(
    url: &str,
    config: &StoreConfig,
) -> Result<DatabaseConnection, StoreError> {
    let mut options = options(url, config, &MIGRATING).await?;
    options.max_connections(1);
    Ok(sea_orm::Database::connect(options).await?)
}

async fn options(
    url: &str,
    config: &StoreConfig,
    settings: &'static [(&'static str, &'static str)],
) -> Result<ConnectOptions, StoreError> {
    let password = match &config.password_file {
        Some(file) => Some(
            tokio::fs::read_to_string(file)
                .await
                .map_err(StoreError::File)?,
        ),
        None => None,
    };
    let durability = config.durability;
    let mut options = ConnectOptions::new(url);
    options
        .connect_timeout(CONNECT_TIMEOUT)
        .test_before_acquire_if_idle_for(TRUSTED)
        .sqlx_logging(false)
        .map_sqlx_postgres_opts(move |options| {
            let settings = settings.iter().copied().filter(|(name, _)| {
                durability == Durability::Full || *name != "synchronous_commit"
            });
            with_password(options, password.as_deref())
                .application_name("rescate")
                .statement_cache_capacity(PREPARED)
                .options(settings)
        })
        .map_sqlx_postgres_pool_opts(|pool| {
            pool.after_release(|connection, _| outside_a_transaction(connection))
        });
    Ok(options)
}

fn with_password(options: PgConnectOptions, password: Option<&str>) -> PgConnectOptions {
    match password {
        Some(password) => options.password(password.trim_end()),
        None => options,
    }
}

/// Whether a session may go back to the pool. sqlx 0.9.0 can return one with an open transaction when it is cancelled
/// inside `BEGIN` (launchbadge/sqlx #4385); what is written in it afterwards would be acknowledged and lost.
fn outside_a_transaction(
    connection: &mut PgConnection,
) -> BoxFuture<'_, Result<bool, sqlx::Error>> {
    async move {
        let row = connection
            .fetch_one("SELECT now() = statement_timestamp()")
            .await?;
        row.try_get(0)
    }
    .boxed()
}

async fn refuse_unsafe(pool: &DatabaseConnection) -> Result<(), StoreError> {
    for setting in DURABLE {
        let sql = format!("SELECT current_setting('{setting}') AS answer");
        let statement = Statement::from_string(pool.get_database_backend(), sql);
        let row = pool.query_one_raw(statement).await?;
        let value: String = row
            .map(|row| row.try_get("", "answer"))
            .transpose()?
            .unwrap_or_default();
        if value != "on" {
            return Err(StoreError::Unsafe(format!(
                "the server has `{setting} = {value}`, which loses commits"
            )));
        }
    }
    Ok(())
}
