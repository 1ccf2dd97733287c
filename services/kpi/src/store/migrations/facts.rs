//! The table of facts.

use sea_orm::sea_query::{Index, IndexCreateStatement, Table, TableCreateStatement};
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, bytes, millis, text, text_id, text_id_null};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    Migration::named("m20260115_000001_facts")
        .create_table(table())
        .create_index(by_time())
        .create_index(by_kind())
        .boxed()
}

fn table() -> TableCreateStatement {
    Table::create()
        .table("facts")
        .col(text_id("tenant"))
        .col(text_id("fact_id"))
        .col(millis("occurred_at"))
        .col(millis("recorded_at"))
        .col(text("kind"))
        .col(text_id_null("session"))
        .col(text_id_null("person"))
        .col(text_id_null("intervention"))
        .col(text_id_null("partner"))
        .col(bytes("payload"))
        .primary_key(Index::create().col("tenant").col("fact_id"))
        .take()
}

/// A report reads a window; an export reads it in this order.
fn by_time() -> IndexCreateStatement {
    Index::create()
        .name("facts_by_time")
        .table("facts")
        .col("tenant")
        .col("occurred_at")
        .col("fact_id")
        .take()
}

/// An experiment reads a few kinds over all of time.
fn by_kind() -> IndexCreateStatement {
    Index::create()
        .name("facts_by_kind")
        .table("facts")
        .col("tenant")
        .col("kind")
        .col("occurred_at")
        .col("fact_id")
        .take()
}
