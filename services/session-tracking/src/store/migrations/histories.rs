//! Persons, with what they did in sessions that have ended.

use sea_orm::sea_query::{Index, Table, TableCreateStatement};
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, count, text_id};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    Migration::named("m20260115_000003_histories")
        .create_table(table())
        .boxed()
}

fn table() -> TableCreateStatement {
    Table::create()
        .table("histories")
        .col(text_id("tenant"))
        .col(text_id("person_id"))
        .col(count("sessions"))
        .col(count("carts"))
        .col(count("orders"))
        .col(count("abandonments"))
        .primary_key(Index::create().col("tenant").col("person_id"))
        .take()
}
