//! True causes as agents noted them, what was learned from them, and the table of causes of each tenant that uses a learned
//! one.

use sea_orm::sea_query::{Index, Table};
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, count, json, millis, text, text_id};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    let labels = Table::create()
        .table("cause_labels")
        .col(text("tenant"))
        .col(text_id("assessment_id"))
        .col(text("label"))
        .col(text("found"))
        .col(count("table_version"))
        .col(millis("labelled_at"))
        .primary_key(Index::create().col("tenant").col("assessment_id"))
        .take();
    let by_age = Index::create()
        .name("cause_labels_by_age")
        .table("cause_labels")
        .col("labelled_at")
        .take();
    let tables = Table::create()
        .table("cause_tables")
        .col(text("tenant"))
        .col(count("version"))
        .col(json("shifts"))
        .col(count("labels"))
        .col(millis("learned_at"))
        .primary_key(Index::create().col("tenant").col("version"))
        .take();
    let choices = Table::create()
        .table("cause_choices")
        .col(text("tenant").primary_key())
        .col(count("version"))
        .take();
    Migration::named("m0006_causes")
        .create_table(labels)
        .create_index(by_age)
        .create_table(tables)
        .create_table(choices)
        .boxed()
}
