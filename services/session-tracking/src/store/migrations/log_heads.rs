//! The last numbers that each partition gave out. They are kept apart from what they number, because that may be
//! erased, and a number that was given out twice would hide a change from a reader who has seen the first.

use sea_orm::sea_query::{Table, TableCreateStatement};
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, count};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    Migration::named("m20260115_000004_log_heads")
        .create_table(table())
        .boxed()
}

fn table() -> TableCreateStatement {
    Table::create()
        .table("log_heads")
        .col(count("partition").primary_key())
        .col(count("epoch"))
        .col(count("sequence"))
        .col(count("changed"))
        .col(count("settled"))
        .take()
}
