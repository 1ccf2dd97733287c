//! Consents by person, one row for what each session says of a channel and purpose, so that a session can be taken back
//! from a person without what the others say.

use sea_orm::sea_query::{Index, Table, TableCreateStatement};
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, millis, text, text_id, text_null};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    let by_person = Index::create()
        .name("consents_by_person")
        .table("consents")
        .col("tenant")
        .col("person_id")
        .take();
    let by_age = Index::create()
        .name("consents_by_age")
        .table("consents")
        .col("recorded_at")
        .take();
    Migration::named("m20260115_000005_consents")
        .create_table(table())
        .create_index(by_person)
        .create_index(by_age)
        .boxed()
}

fn table() -> TableCreateStatement {
    Table::create()
        .table("consents")
        .col(text_id("tenant"))
        .col(text_id("session_id"))
        .col(text_id("person_id"))
        .col(text("channel"))
        .col(text("purpose"))
        .col(text("state"))
        .col(text("text_version"))
        .col(text("source"))
        .col(text_null("zone"))
        .col(millis("recorded_at"))
        .primary_key(
            Index::create()
                .col("tenant")
                .col("session_id")
                .col("person_id")
                .col("channel")
                .col("purpose"),
        )
        .take()
}
