//! The event log. Rows come in ascending order of their key and have no other index, so that taking events costs the
//! same after a year.

use sea_orm::sea_query::{Index, Table, TableCreateStatement};
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, bytes, count, millis, text};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    Migration::named("m20260115_000001_event_batches")
        .create_table(table())
        .boxed()
}

fn table() -> TableCreateStatement {
    Table::create()
        .table("event_batches")
        .col(count("partition"))
        .col(count("sequence"))
        .col(text("tenant"))
        .col(bytes("payload"))
        .col(millis("recorded_at"))
        .primary_key(Index::create().col("partition").col("sequence"))
        .take()
}
