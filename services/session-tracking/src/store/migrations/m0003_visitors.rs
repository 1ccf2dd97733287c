//! Visitors, with what they did in sessions that have ended.

use sea_orm_migration::prelude::*;

use storage::schema::{count, text, text_id};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("visitors")
            .col(text("tenant"))
            .col(text_id("visitor_id"))
            .col(count("sessions"))
            .col(count("carts"))
            .col(count("orders"))
            .col(count("abandonments"))
            .primary_key(Index::create().col("tenant").col("visitor_id"))
            .take();
        manager.create_table(table).await
    }
}
