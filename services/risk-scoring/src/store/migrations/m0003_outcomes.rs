//! How sessions ended.

use sea_orm::sea_query::{Index, Table};
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, millis, text, text_id};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    let table = Table::create()
        .table("outcomes")
        .col(text("tenant"))
        .col(text_id("session_id"))
        .col(text("ending"))
        .col(millis("ended_at"))
        .primary_key(Index::create().col("tenant").col("session_id"))
        .take();
    let by_age = Index::create()
        .name("outcomes_by_age")
        .table("outcomes")
        .col("ended_at")
        .take();
    Migration::named("m0003_outcomes")
        .create_table(table)
        .create_index(by_age)
        .boxed()
}
