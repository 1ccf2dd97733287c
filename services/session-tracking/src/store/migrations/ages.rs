//! What retention goes by: how far the log was looked through, when a history was last added to, and which sessions were
//! erased.

use sea_orm::sea_query::{Index, Table};
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, count};

/// A history of before counts from the last record of the log.
const COUNTED_BY_NOW: &str = "UPDATE histories SET counted_at = \
    (SELECT COALESCE(MAX(recorded_at), 0) FROM event_batches)";

/// Only what was erased is in it, so that no other session pays for it.
const ERASED_BY_AGE: &str =
    "CREATE INDEX sessions_erased_by_age ON sessions (last_event_at) WHERE state = 'erased'";

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    let sweeps = Table::create()
        .table("log_sweeps")
        .col(count("partition").primary_key())
        .col(count("swept"))
        .take();
    let by_age = Index::create()
        .name("histories_by_age")
        .table("histories")
        .col("counted_at")
        .take();
    Migration::named("m20260115_000007_ages")
        .create_table(sweeps)
        .sql("ALTER TABLE histories ADD COLUMN counted_at BIGINT NOT NULL DEFAULT 0")
        .sql(COUNTED_BY_NOW)
        .create_index(by_age)
        .sql(ERASED_BY_AGE)
        .boxed()
}
