//! The event log. Rows come in ascending order of their key and have no other index, so that taking events costs the
//! same after a year.

use sea_orm_migration::prelude::*;

use storage::schema::{bytes, count, millis, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("event_batches")
            .col(count("partition"))
            .col(count("sequence"))
            .col(text("tenant"))
            .col(bytes("payload"))
            .col(millis("recorded_at"))
            .primary_key(Index::create().col("partition").col("sequence"))
            .take();
        manager.create_table(table).await
    }
}
