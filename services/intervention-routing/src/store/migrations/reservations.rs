//! Reservations: who was asked to take a task, and what became of it.

use sea_orm_migration::MigrationTrait;
use sea_orm_migration::sea_query::{Index, Table, TableCreateStatement};
use storage::schema::{Migration, count, count_null, millis, text, text_id, text_null};

pub(super) fn m0007_reservations() -> Box<dyn MigrationTrait> {
    let index = |name: &'static str| Index::create().name(name).table("reservations").take();
    Migration::named("m0007_reservations")
        .create_table(table())
        .create_index(
            index("reservations_by_task")
                .col("tenant")
                .col("task_id")
                .col("state")
                .take(),
        )
        .create_index(
            index("reservations_by_agent")
                .col("tenant")
                .col("partner_id")
                .col("agent_id")
                .col("state")
                .take(),
        )
        .create_index(
            index("reservations_by_expiry")
                .col("state")
                .col("expires_at")
                .take(),
        )
        // INVARIANT: a task is held for one agent at a time, and accepted by one.
        .sql(
            "CREATE UNIQUE INDEX reservations_one_holder ON reservations (tenant, task_id) \
             WHERE state IN ('pending', 'accepted', 'wrapping')",
        )
        .boxed()
}

fn table() -> TableCreateStatement {
    Table::create()
        .table("reservations")
        .col(text("tenant"))
        .col(text_id("reservation_id"))
        .col(text_id("task_id"))
        .col(text_id("intervention_id"))
        .col(text("partner_id"))
        .col(text("agent_id"))
        .col(text("queue_id"))
        .col(text("channel"))
        .col(text("state"))
        .col(count("version"))
        .col(count("units"))
        .col(text_null("decline_reason"))
        .col(count_null("decline_load"))
        .col(millis("created_at"))
        .col(millis("updated_at"))
        .col(millis("expires_at"))
        .primary_key(Index::create().col("tenant").col("reservation_id"))
        .take()
}
