//! Assessments, each with its moment.

use sea_orm::sea_query::{Index, Table};
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, bytes, millis, text, text_id};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    let table = Table::create()
        .table("assessments")
        .col(text("tenant"))
        .col(text_id("assessment_id"))
        .col(text_id("moment_id"))
        .col(text_id("session_id"))
        .col(text("phase"))
        .col(millis("assessed_at"))
        .col(bytes("assessment"))
        .col(bytes("moment"))
        .primary_key(Index::create().col("tenant").col("assessment_id"))
        .take();
    let by_moment = Index::create()
        .name("assessments_by_moment")
        .table("assessments")
        .col("tenant")
        .col("moment_id")
        .unique()
        .take();
    let by_session = Index::create()
        .name("assessments_by_session")
        .table("assessments")
        .col("tenant")
        .col("session_id")
        .col("assessed_at")
        .take();
    let by_time = Index::create()
        .name("assessments_by_time")
        .table("assessments")
        .col("tenant")
        .col("assessed_at")
        .col("assessment_id")
        .take();
    let by_age = Index::create()
        .name("assessments_by_age")
        .table("assessments")
        .col("assessed_at")
        .take();
    Migration::named("m0001_assessments")
        .create_table(table)
        .create_index(by_moment)
        .create_index(by_session)
        .create_index(by_time)
        .create_index(by_age)
        .boxed()
}
