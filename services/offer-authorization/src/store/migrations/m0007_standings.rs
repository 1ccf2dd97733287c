//! What is known of agents and supervisors beyond their roles.

use sea_orm::sea_query::{Index, Table, TableCreateStatement};
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, json, millis, text};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    Migration::named("m0007_standings")
        .create_table(standings())
        .boxed()
}

fn standings() -> TableCreateStatement {
    Table::create()
        .table("standings")
        .col(text("tenant"))
        .col(text("partner_id"))
        .col(text("agent_id"))
        .col(json("standing"))
        .col(millis("set_at"))
        .primary_key(
            Index::create()
                .col("tenant")
                .col("partner_id")
                .col("agent_id"),
        )
        .take()
}
