//! Other kinds of models than scorecards. Rows from before have no kind.

use sea_orm::sea_query::Table;
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, text_null};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    let kind = Table::alter()
        .table("models")
        .add_column(text_null("kind"))
        .take();
    Migration::named("m0005_model_kinds")
        .alter_table(kind)
        .boxed()
}
