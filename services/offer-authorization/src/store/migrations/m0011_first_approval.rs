//! Who was the first of the two that approve an offer.

use sea_orm::sea_query::Table;
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, text_null};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    let first_approved_by = Table::alter()
        .table("offers")
        .add_column(text_null("first_approved_by"))
        .take();
    Migration::named("m0011_first_approval")
        .alter_table(first_approved_by)
        .boxed()
}
