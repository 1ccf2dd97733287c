//! Who did what an entry of the audit trail notes, as the token of the call says.

use sea_orm::sea_query::Table;
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, text_null};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    let by_client = Table::alter()
        .table("audit_entries")
        .add_column(text_null("by_client"))
        .take();
    Migration::named("m0008_trail_by")
        .alter_table(by_client)
        .boxed()
}
