//! Margin floors by category of articles and by remedy.

use sea_orm::sea_query::{Index, Table, TableCreateStatement};
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, count, millis, text};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    Migration::named("m0014_margin_floors")
        .create_table(margin_floors())
        .boxed()
}

fn margin_floors() -> TableCreateStatement {
    Table::create()
        .table("margin_floors")
        .col(text("tenant"))
        .col(text("category"))
        .col(text("remedy"))
        .col(count("least_bps"))
        .col(millis("set_at"))
        .primary_key(Index::create().col("tenant").col("category").col("remedy"))
        .take()
}
