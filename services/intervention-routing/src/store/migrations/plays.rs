//! Plays, one row for each version, and which tenants have been given the starter plays.

use sea_orm_migration::MigrationTrait;
use sea_orm_migration::sea_query::{Index, Table};
use storage::schema::{Migration, count, json, millis, text};

pub(super) fn m0001_plays() -> Box<dyn MigrationTrait> {
    let plays = Table::create()
        .table("plays")
        .col(text("tenant"))
        .col(text("play_id"))
        .col(count("version"))
        .col(text("state"))
        .col(json("rule"))
        .col(millis("created_at"))
        .col(millis("updated_at"))
        .primary_key(Index::create().col("tenant").col("play_id").col("version"))
        .take();
    let by_state = Index::create()
        .name("plays_by_state")
        .table("plays")
        .col("tenant")
        .col("state")
        .take();
    let sets = Table::create()
        .table("play_sets")
        .col(text("tenant"))
        .col(millis("given_at"))
        .primary_key(Index::create().col("tenant"))
        .take();
    Migration::named("m0001_plays")
        .create_table(plays)
        .create_index(by_state)
        // INVARIANT: at most one version of a play is live, whatever the callers do at once.
        .sql("CREATE UNIQUE INDEX plays_one_live ON plays (tenant, play_id) WHERE state IN ('live', 'paused')")
        .create_table(sets)
        .boxed()
}
