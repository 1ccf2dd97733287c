//! How the shopper of a case is reached.

use sea_orm::sea_query::Table;
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, text_null};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    let channel = Table::alter()
        .table("cases")
        .add_column(text_null("channel"))
        .take();
    Migration::named("m0013_channel")
        .alter_table(channel)
        .boxed()
}
