//! Decisions with all that they saw, to be explained and to be run again through another play.

use sea_orm_migration::MigrationTrait;
use sea_orm_migration::sea_query::{Index, Table};
use storage::schema::{Migration, count, json, millis, text, text_id, text_id_null};

pub(super) fn m0002_decisions() -> Box<dyn MigrationTrait> {
    let decisions = Table::create()
        .table("decisions")
        .col(text("tenant"))
        .col(text_id("decision_id"))
        .col(text_id("moment_id"))
        .col(text_id("session_id"))
        .col(count("session_version"))
        .col(text("outcome"))
        .col(text_id_null("intervention_id"))
        .col(json("steps"))
        .col(json("moment"))
        .col(json("assessment"))
        .col(millis("decided_at"))
        .primary_key(Index::create().col("tenant").col("decision_id"))
        .take();
    let index = |name: &'static str| Index::create().name(name).table("decisions").take();
    Migration::named("m0002_decisions")
        .create_table(decisions)
        // INVARIANT: a moment is decided once, under whatever request ids it comes.
        .create_index(
            index("decisions_by_moment")
                .col("tenant")
                .col("moment_id")
                .unique()
                .take(),
        )
        .create_index(
            index("decisions_by_session")
                .col("tenant")
                .col("session_id")
                .col("session_version")
                .take(),
        )
        .create_index(
            index("decisions_by_intervention")
                .col("tenant")
                .col("intervention_id")
                .take(),
        )
        .create_index(index("decisions_by_age").col("decided_at").take())
        .create_index(
            index("decisions_by_time")
                .col("tenant")
                .col("decided_at")
                .col("decision_id")
                .take(),
        )
        .boxed()
}
