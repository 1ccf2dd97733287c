//! What is decided by: programmes, purses and authority policies.

use sea_orm::sea_query::{Index, Table, TableCreateStatement};
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, count, json, millis, money, text, text_id};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    Migration::named("m0001_rules")
        .create_table(programmes())
        .create_table(purses())
        .create_table(policies())
        .create_table(active_policies())
        .boxed()
}

fn programmes() -> TableCreateStatement {
    Table::create()
        .table("programmes")
        .col(text("tenant"))
        .col(text("programme_id"))
        .col(text("remedies"))
        .col(text("currency"))
        .col(millis("starts_at"))
        .col(millis("ends_at"))
        .col(count("margin_floor_bps"))
        .col(count("offers_per_person"))
        .col(count("hold_ttl_ms"))
        .col(text("state"))
        .col(millis("created_at"))
        .primary_key(Index::create().col("tenant").col("programme_id"))
        .take()
}

fn purses() -> TableCreateStatement {
    let [minor, currency] = money("daily_limit");
    Table::create()
        .table("purses")
        .col(text("tenant"))
        .col(text("partner_id"))
        .col(text_id("agent_id"))
        .col(minor)
        .col(currency)
        .col(millis("set_at"))
        .primary_key(
            Index::create()
                .col("tenant")
                .col("partner_id")
                .col("agent_id"),
        )
        .take()
}

fn policies() -> TableCreateStatement {
    Table::create()
        .table("policies")
        .col(text("tenant"))
        .col(count("version"))
        .col(text("purpose"))
        .col(json("grants"))
        .col(millis("created_at"))
        .primary_key(Index::create().col("tenant").col("version"))
        .take()
}

fn active_policies() -> TableCreateStatement {
    Table::create()
        .table("active_policies")
        .col(text("tenant"))
        .col(count("version"))
        .col(millis("activated_at"))
        .primary_key(Index::create().col("tenant"))
        .take()
}
