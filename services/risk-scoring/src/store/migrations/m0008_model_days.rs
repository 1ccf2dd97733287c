//! What was found of a model on a day: written once a day, read for its health.

use sea_orm::sea_query::{Index, Table};
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, count, json, millis, text};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    let table = Table::create()
        .table("model_days")
        .col(text("tenant"))
        .col(text("name"))
        .col(count("version"))
        .col(count("day"))
        .col(json("figures"))
        .col(millis("watched_at"))
        .primary_key(
            Index::create()
                .col("tenant")
                .col("name")
                .col("version")
                .col("day"),
        )
        .take();
    let by_age = Index::create()
        .name("model_days_by_age")
        .table("model_days")
        .col("watched_at")
        .take();
    Migration::named("m0008_model_days")
        .create_table(table)
        .create_index(by_age)
        .boxed()
}
