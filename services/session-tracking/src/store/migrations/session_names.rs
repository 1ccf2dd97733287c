//! Which sessions name a person beside those that are theirs, so that all of them are found when the person is forgotten.

use sea_orm::sea_query::{Index, Table};
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, text_id};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    let table = Table::create()
        .table("session_names")
        .col(text_id("tenant"))
        .col(text_id("person_id"))
        .col(text_id("session_id"))
        .primary_key(
            Index::create()
                .col("tenant")
                .col("person_id")
                .col("session_id"),
        )
        .take();
    let by_session = Index::create()
        .name("session_names_by_session")
        .table("session_names")
        .col("tenant")
        .col("session_id")
        .take();
    Migration::named("m20260115_000006_session_names")
        .create_table(table)
        .create_index(by_session)
        .boxed()
}
