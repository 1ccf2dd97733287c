//! Sessions, one row each.

use sea_orm::ExprTrait;
use sea_orm::sea_query::{
    ConditionalStatement, Expr, Index, IndexCreateStatement, Table, TableCreateStatement,
};
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, bytes, count, millis, millis_null, text, text_id, text_id_null};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    Migration::named("m20260115_000002_sessions")
        .create_table(table())
        .create_index(index(
            "sessions_by_activity",
            &["tenant", "last_event_at", "session_id"],
        ))
        .create_index(by_value())
        .create_index(index("sessions_by_change", &["tenant", "changed"]))
        .create_index(by_due())
        .create_index(index("sessions_by_visitor", &["tenant", "visitor_id"]))
        .create_index(by_shopper())
        .boxed()
}

fn table() -> TableCreateStatement {
    Table::create()
        .table("sessions")
        .col(text_id("tenant"))
        .col(text_id("session_id"))
        .col(text_id("visitor_id"))
        .col(text_id_null("shopper_id"))
        .col(text("state"))
        .col(text("phase"))
        .col(count("cart_value_minor"))
        .col(text("cart_value_currency"))
        .col(count("doubted"))
        .col(millis_null("progress_until"))
        .col(millis("last_event_at"))
        .col(millis_null("due_at"))
        .col(count("changed"))
        .col(count("created"))
        .col(bytes("packed"))
        .col(bytes("places"))
        .primary_key(Index::create().col("tenant").col("session_id"))
        .take()
}

// Each entry of an index costs about as much as the row itself, so those are left out that nobody looks for.

/// Sessions with something in the cart, which few have.
fn by_value() -> IndexCreateStatement {
    let columns = [
        "tenant",
        "cart_value_currency",
        "cart_value_minor",
        "session_id",
    ];
    index("sessions_by_value", &columns)
        .and_where(Expr::col("cart_value_minor").gt(0))
        .take()
}

/// Sessions that wait for their time.
fn by_due() -> IndexCreateStatement {
    index("sessions_by_due", &["due_at", "tenant", "session_id"])
        .and_where(Expr::col("due_at").is_not_null())
        .take()
}

/// Sessions of known shoppers.
fn by_shopper() -> IndexCreateStatement {
    index("sessions_by_shopper", &["tenant", "shopper_id"])
        .and_where(Expr::col("shopper_id").is_not_null())
        .take()
}

fn index(name: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table("sessions").take();
    for column in columns {
        index.col(*column);
    }
    index
}
