//! The audit trail of each tenant.

use sea_orm::sea_query::{Index, Table, TableCreateStatement};
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, count, json, millis, text};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    Migration::named("m0006_audit")
        .create_table(audit_entries())
        .create_table(audit_heads())
        .boxed()
}

fn audit_entries() -> TableCreateStatement {
    Table::create()
        .table("audit_entries")
        .col(text("tenant"))
        .col(count("number"))
        .col(millis("at_ms"))
        .col(text("kind"))
        .col(text("subject"))
        .col(json("body"))
        .col(text("previous"))
        .col(text("hash"))
        .primary_key(Index::create().col("tenant").col("number"))
        .take()
}

fn audit_heads() -> TableCreateStatement {
    Table::create()
        .table("audit_heads")
        .col(text("tenant"))
        .col(count("number"))
        .col(text("hash"))
        .primary_key(Index::create().col("tenant"))
        .take()
}
