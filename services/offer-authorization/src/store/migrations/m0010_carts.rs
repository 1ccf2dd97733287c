//! Offers and cases by session, since all interventions in one shopping session are about one cart; and the ledger by time,
//! for statements.

use sea_orm::sea_query::{Index, IndexCreateStatement};
use sea_orm_migration::MigrationTrait;
use storage::schema::Migration;

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    Migration::named("m0010_carts")
        .create_index(by_session("offers_by_session", "offers"))
        .create_index(by_session("cases_by_session", "cases"))
        .create_index(
            Index::create()
                .name("ledger_entries_by_time")
                .table("ledger_entries")
                .col("tenant")
                .col("booked_at")
                .take(),
        )
        .boxed()
}

fn by_session(name: &'static str, table: &'static str) -> IndexCreateStatement {
    Index::create()
        .name(name)
        .table(table)
        .col("tenant")
        .col("session_id")
        .take()
}
