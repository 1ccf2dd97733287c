//! Tasks. What an agent is shown of the session lies in `brief`, as it was when the task was queued.

use sea_orm_migration::MigrationTrait;
use sea_orm_migration::sea_query::{Index, Table, TableCreateStatement};
use storage::schema::{
    Migration, count, json, json_null, millis, millis_null, text, text_id, text_null,
};

pub(super) fn m0006_tasks() -> Box<dyn MigrationTrait> {
    let index = |name: &'static str| Index::create().name(name).table("tasks").take();
    Migration::named("m0006_tasks")
        .create_table(table())
        .create_index(
            index("tasks_once")
                .col("tenant")
                .col("intervention_id")
                .unique()
                .take(),
        )
        .create_index(
            index("tasks_by_state")
                .col("tenant")
                .col("state")
                .col("queue_id")
                .col("created_at")
                .take(),
        )
        .create_index(
            index("tasks_by_agent")
                .col("tenant")
                .col("partner_id")
                .col("agent_id")
                .col("state")
                .take(),
        )
        .create_index(
            index("tasks_by_expiry")
                .col("state")
                .col("expires_at")
                .take(),
        )
        .boxed()
}

fn table() -> TableCreateStatement {
    Table::create()
        .table("tasks")
        .col(text("tenant"))
        .col(text_id("task_id"))
        .col(text_id("intervention_id"))
        .col(text_id("session_id"))
        .col(text("state"))
        .col(count("version"))
        .col(text("channel"))
        .col(text("queue_id"))
        .col(text_null("skill"))
        .col(text_null("language"))
        .col(text_null("partner_id"))
        .col(text_null("agent_id"))
        .col(json("brief"))
        .col(json_null("cart_now"))
        .col(millis_null("started_at"))
        .col(millis("created_at"))
        .col(millis("updated_at"))
        .col(millis("expires_at"))
        .primary_key(Index::create().col("tenant").col("task_id"))
        .take()
}
