//! The schema, in order. Migrations are only ever added.

use sea_orm_migration::MigrationTrait;

mod m0001_assessments;
mod m0002_scores;
mod m0003_outcomes;
mod m0004_models;
mod m0005_model_kinds;
mod m0006_causes;
mod m0007_features_versions;
mod m0008_model_days;

/// Everything that the database of this service holds.
pub(crate) fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    let mut all = storage::migrations();
    all.extend(messaging::migrations());
    all.extend([
        m0001_assessments::migration(),
        m0002_scores::migration(),
        m0003_outcomes::migration(),
        m0004_models::migration(),
        m0005_model_kinds::migration(),
        m0006_causes::migration(),
        m0007_features_versions::migration(),
        m0008_model_days::migration(),
    ]);
    all
}
