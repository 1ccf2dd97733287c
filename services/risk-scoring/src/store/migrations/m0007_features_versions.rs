//! Of which version of the features a model is made: rows from before do not say. And an index that holds all that choosing
//! the models of a moment needs, as the row itself may be megabytes long.

use sea_orm::sea_query::{Index, Table};
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, count_null};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    let version = Table::alter()
        .table("models")
        .add_column(count_null("features_version"))
        .take();
    let by_age = Index::create()
        .name("models_by_age")
        .table("models")
        .col("tenant")
        .col("registered_at")
        .col("name")
        .col("version")
        .take();
    Migration::named("m0007_features_versions")
        .alter_table(version)
        .create_index(by_age)
        .boxed()
}
