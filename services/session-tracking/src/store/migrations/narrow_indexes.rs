//! Indexes of sessions that cost less to keep: a row is written for each session and, while it lives, again and again.
//!
//! The release before works with them too: it asks for the same rows, and is slower at one thing only, which is to find the
//! sessions of a visitor who is to be forgotten.

use sea_orm::ExprTrait;
use sea_orm::sea_query::{ConditionalStatement, Expr, Index, IndexDropStatement};
use sea_orm_migration::MigrationTrait;
use storage::schema::Migration;

/// Visitors have ids without any order, so that each entry of an index by them lies on a page of its own. Here they stand
/// by when their sessions began, as many to a span as a few hundred pages hold, and new entries fall on the same pages for
/// a while. Whoever looks for a visitor looks into each span; `of_person` of the store names the spans alike.
const BY_SPAN_AND_VISITOR: &str =
    "CREATE INDEX sessions_by_span_and_visitor ON sessions ((created / 65536), tenant, visitor_id)";

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    let by_activity = Index::create()
        .name("sessions_by_last_event")
        .table("sessions")
        .col("tenant")
        .col("last_event_at")
        .take();
    let by_due = Index::create()
        .name("sessions_by_due_at")
        .table("sessions")
        .col("due_at")
        .and_where(Expr::col("due_at").is_not_null())
        .take();
    Migration::named("m20260115_000008_narrow_indexes")
        .sql(BY_SPAN_AND_VISITOR)
        .create_index(by_activity)
        .create_index(by_due)
        .drop_index(dropped("sessions_by_visitor"))
        .drop_index(dropped("sessions_by_activity"))
        .drop_index(dropped("sessions_by_due"))
        .boxed()
}

fn dropped(name: &'static str) -> IndexDropStatement {
    Index::drop().name(name).table("sessions").to_owned()
}
