//! What each model, champion or shadow, said of each moment: narrow rows for judging models.

use sea_orm::sea_query::{Index, Table};
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, count, millis, real, text, text_id};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    let table = Table::create()
        .table("scores")
        .col(text("tenant"))
        .col(text_id("assessment_id"))
        .col(text("name"))
        .col(count("version"))
        .col(text_id("session_id"))
        .col(text("phase"))
        .col(real("abandonment"))
        .col(millis("scored_at"))
        .primary_key(
            Index::create()
                .col("tenant")
                .col("assessment_id")
                .col("name")
                .col("version"),
        )
        .take();
    let by_model = Index::create()
        .name("scores_by_model")
        .table("scores")
        .col("tenant")
        .col("name")
        .col("version")
        .col("scored_at")
        .col("assessment_id")
        .take();
    let by_age = Index::create()
        .name("scores_by_age")
        .table("scores")
        .col("scored_at")
        .take();
    Migration::named("m0002_scores")
        .create_table(table)
        .create_index(by_model)
        .create_index(by_age)
        .boxed()
}
