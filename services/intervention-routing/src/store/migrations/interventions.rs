//! Interventions. Held out and blocked ones are rows too: they are measured.

use sea_orm_migration::MigrationTrait;
use sea_orm_migration::sea_query::{Index, Table, TableCreateStatement};
use storage::schema::{
    Migration, count, json_null, millis, text, text_id, text_id_null, text_null,
};

pub(super) fn m0003_interventions() -> Box<dyn MigrationTrait> {
    let index = |name: &'static str| Index::create().name(name).table("interventions").take();
    Migration::named("m0003_interventions")
        .create_table(table())
        // INVARIANT: a play qualifies once in a session.
        .create_index(
            index("interventions_once")
                .col("tenant")
                .col("session_id")
                .col("play_id")
                .unique()
                .take(),
        )
        .create_index(
            index("interventions_by_person")
                .col("tenant")
                .col("person_id")
                .col("state")
                .take(),
        )
        .create_index(
            index("interventions_by_visitor")
                .col("tenant")
                .col("visitor_id")
                .col("state")
                .take(),
        )
        .create_index(
            index("interventions_by_age")
                .col("tenant")
                .col("created_at")
                .col("intervention_id")
                .take(),
        )
        .boxed()
}

fn table() -> TableCreateStatement {
    Table::create()
        .table("interventions")
        .col(text("tenant"))
        .col(text_id("intervention_id"))
        .col(text("state"))
        .col(json_null("block"))
        .col(text_null("cancel_reason"))
        .col(text_id("session_id"))
        .col(text_id("person_id"))
        .col(text_id("visitor_id"))
        .col(text("play_id"))
        .col(count("play_version"))
        .col(text("channel"))
        .col(text("cause"))
        .col(text("phase"))
        .col(text("arm"))
        .col(text_id("moment_id"))
        .col(millis("moment_at"))
        .col(text_id("assessment_id"))
        .col(count("cart_version"))
        .col(text_null("page"))
        .col(text_id_null("task_id"))
        .col(text_null("partner_id"))
        .col(text_null("agent_id"))
        .col(count("case_revision"))
        .col(count("case_cart_version"))
        .col(millis("created_at"))
        .col(millis("updated_at"))
        .col(millis("expires_at"))
        .col(text_null("traceparent"))
        .primary_key(Index::create().col("tenant").col("intervention_id"))
        .take()
}
