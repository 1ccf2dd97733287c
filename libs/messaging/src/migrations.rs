//! The tables of this library. The outbox holds only what still waits, so that it stays small and each claim cheap;
//! what will never be delivered moves to a table of its own.

use sea_orm::sea_query::{Index, Table};
use sea_orm_migration::MigrationTrait;
use storage::schema::{
    Migration, bytes, count, millis, millis_null, sequence, text, text_id, text_null,
};

/// The outbox and the inbox. A service runs them before its own migrations.
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![outbox(), undelivered(), inbox(), undelivered_by_key()]
}

fn outbox() -> Box<dyn MigrationTrait> {
    let table = Table::create()
        .table("outbox")
        .col(sequence("id"))
        .col(text_id("message_id"))
        .col(text("tenant"))
        .col(text("destination"))
        .col(text("method"))
        .col(text("order_key"))
        .col(count("lane"))
        .col(bytes("payload"))
        .col(text_null("traceparent"))
        .col(millis("created_at"))
        .col(millis_null("expires_at"))
        .col(millis("due_at"))
        .col(count("attempts"))
        .col(count("failures"))
        .take();
    let by_lane = Index::create()
        .name("outbox_by_lane")
        .table("outbox")
        .col("lane")
        .col("id")
        .take();
    let by_destination = Index::create()
        .name("outbox_by_destination")
        .table("outbox")
        .col("destination")
        .col("id")
        .take();
    Migration::named("m20260101_000010_outbox")
        .create_table(table)
        .create_index(by_lane)
        .create_index(by_destination)
        .boxed()
}

fn undelivered() -> Box<dyn MigrationTrait> {
    let table = Table::create()
        .table("outbox_undelivered")
        .col(count("id").primary_key())
        .col(text_id("message_id"))
        .col(text("tenant"))
        .col(text("destination"))
        .col(text("method"))
        .col(text("order_key"))
        .col(bytes("payload"))
        .col(text_null("traceparent"))
        .col(millis("created_at"))
        .col(millis_null("expires_at"))
        .col(count("attempts"))
        .col(text("state"))
        .col(text("reason"))
        .col(millis("ended_at"))
        .take();
    let by_age = Index::create()
        .name("outbox_undelivered_by_age")
        .table("outbox_undelivered")
        .col("ended_at")
        .take();
    Migration::named("m20260101_000011_outbox_undelivered")
        .create_table(table)
        .create_index(by_age)
        .boxed()
}

fn inbox() -> Box<dyn MigrationTrait> {
    let table = Table::create()
        .table("inbox")
        .col(bytes("message_id"))
        .col(text("consumer"))
        .col(millis("received_at"))
        .primary_key(Index::create().col("message_id").col("consumer"))
        .take();
    let by_age = Index::create()
        .name("inbox_by_age")
        .table("inbox")
        .col("received_at")
        .take();
    Migration::named("m20260101_000012_inbox")
        .create_table(table)
        .create_index(by_age)
        .boxed()
}

/// What is set aside of one key is found when its person is to be forgotten.
fn undelivered_by_key() -> Box<dyn MigrationTrait> {
    let by_key = Index::create()
        .name("outbox_undelivered_by_key")
        .table("outbox_undelivered")
        .col("tenant")
        .col("order_key")
        .take();
    Migration::named("m20260101_000013_outbox_undelivered_by_key")
        .create_index(by_key)
        .boxed()
}
