//! Sessions, one row each.

use sea_orm_migration::prelude::*;

use storage::schema::{
    bytes, count, json, millis, millis_null, text, text_id, text_id_null,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const INDEXES: [(&str, &[&str]); 5] = [
    ("sessions_by_activity", &["tenant", "last_event_at", "session_id"]),
    ("sessions_by_change", &["tenant", "changed"]),
    ("sessions_by_due", &["due_at"]),
    ("sessions_by_visitor", &["tenant", "visitor_id"]),
    ("sessions_by_shopper", &["tenant", "shopper_id"]),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("sessions")
            .col(text("tenant"))
            .col(text_id("session_id"))
            .col(text_id("visitor_id"))
            .col(text_id_null("shopper_id"))
            .col(text("state"))
            .col(text("phase"))
            .col(count("doubted"))
            .col(millis_null("progress_until"))
            .col(millis("last_event_at"))
            .col(millis_null("due_at"))
            .col(count("version"))
            .col(count("changed"))
            .col(count("created"))
            .col(json("snapshot"))
            .col(json("memory"))
            .col(bytes("places"))
            .primary_key(Index::create().col("tenant").col("session_id"))
            .take();
        manager.create_table(table).await?;
        for (name, columns) in INDEXES {
            let mut index = Index::create().name(name).table("sessions").take();
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }
}
