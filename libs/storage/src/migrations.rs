//! Runs migrations, and owns the one table of this library: the request keys.

use std::sync::Arc;

use sea_orm::prelude::async_trait::async_trait;
use sea_orm::sea_query::{Index, Table};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTraitSelf, SchemaManager};

use crate::config::Location;
use crate::engine::postgres;
use crate::engine::sqlite::statistics;
use crate::schema::{Migration, bytes, millis, text};
use crate::{StoreConfig, StoreError};

/// The tables of this library. A service runs them before its own.
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    let request_keys = Table::create()
        .table("request_keys")
        .col(text("request_id"))
        .col(text("tenant"))
        .col(text("client"))
        .col(text("method"))
        .col(bytes("body_hash"))
        .col(text("answer"))
        .col(millis("created_at"))
        // The request id comes first: clients that make time-ordered ids keep the index narrow where it grows.
        .primary_key(
            Index::create()
                .col("request_id")
                .col("tenant")
                .col("client")
                .col("method"),
        )
        .take();
    let by_age = Index::create()
        .name("request_keys_by_age")
        .table("request_keys")
        .col("created_at")
        .take();
    vec![
        Migration::named("m20260101_000001_request_keys")
            .create_table(request_keys)
            .create_index(by_age)
            .boxed(),
    ]
}

/// Any constant will do, as long as nobody else locks it in the same database.
const TAKE_TURNS: &str =
    "SET lock_timeout = '60s'; SELECT pg_advisory_lock(7373051); SET lock_timeout = '2s'";

pub(crate) async fn run(
    config: &StoreConfig,
    writer: &DatabaseConnection,
    migrations: Vec<Box<dyn MigrationTrait>>,
) -> Result<(), StoreError> {
    let migrator = Migrator(migrations.into_iter().map(Arc::from).collect());
    match config.url.location() {
        Location::Sqlite(_) => {
            migrator
                .up(writer, None)
                .await
                .map_err(StoreError::Migration)?;
            let told = statistics::tell(writer).await;
            told.map_err(StoreError::Migration)
        }
        Location::Postgres(url) => {
            let session = postgres::open_for_migration(url, config).await?;
            let outcome = match session.execute_unprepared(TAKE_TURNS).await {
                Ok(_) => migrator.up(&session, None).await,
                Err(error) => Err(error),
            };
            // The end of the session ends its lock too.
            session.close().await?;
            outcome.map_err(StoreError::Migration)
        }
    }
}

struct Migrator(Vec<Arc<dyn MigrationTrait>>);

impl MigratorTraitSelf for Migrator {
    fn migrations(&self) -> Vec<Box<dyn MigrationTrait>> {
        let whole = |migration: &Arc<dyn MigrationTrait>| -> Box<dyn MigrationTrait> {
            Box::new(Whole(Arc::clone(migration)))
        };
        self.0.iter().map(whole).collect()
    }
}

/// A migration in one transaction on each engine: sea-orm leaves SQLite without, and a kill would leave half a schema.
struct Whole(Arc<dyn MigrationTrait>);

impl MigrationName for Whole {
    fn name(&self) -> &str {
        self.0.name()
    }
}

#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait is declared so, and async_trait needs the same shape"
)]
#[async_trait]
impl MigrationTrait for Whole {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.0.up(manager).await
    }

    fn use_transaction(&self) -> Option<bool> {
        self.0.use_transaction().or(Some(true))
    }
}
