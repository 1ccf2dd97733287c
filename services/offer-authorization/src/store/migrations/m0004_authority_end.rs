//! When the authority ends that an offer was granted under, so that no grace outlasts it.

use sea_orm::sea_query::Table;
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, millis_null};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    let authority_until = Table::alter()
        .table("offers")
        .add_column(millis_null("authority_until"))
        .take();
    Migration::named("m0004_authority_end")
        .alter_table(authority_until)
        .boxed()
}
