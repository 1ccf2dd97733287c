//! Invitations and notices.

use sea_orm_migration::MigrationTrait;
use sea_orm_migration::sea_query::{Index, Table, TableCreateStatement};
use storage::schema::{
    Migration, count, count_null, json, millis, millis_null, text, text_id, text_null,
};

pub(super) fn m0005_invitations() -> Box<dyn MigrationTrait> {
    let index = |name: &'static str| Index::create().name(name).table("invitations").take();
    Migration::named("m0005_invitations")
        .create_table(table())
        .create_index(
            index("invitations_once")
                .col("tenant")
                .col("intervention_id")
                .unique()
                .take(),
        )
        .create_index(
            index("invitations_by_session")
                .col("tenant")
                .col("session_id")
                .col("state")
                .take(),
        )
        .create_index(
            index("invitations_by_state")
                .col("tenant")
                .col("state")
                .take(),
        )
        .create_index(
            index("invitations_by_expiry")
                .col("state")
                .col("expires_at")
                .take(),
        )
        .boxed()
}

fn table() -> TableCreateStatement {
    Table::create()
        .table("invitations")
        .col(text("tenant"))
        .col(text_id("invitation_id"))
        .col(text_id("intervention_id"))
        .col(text_id("session_id"))
        .col(text("state"))
        .col(count("version"))
        .col(text("channel"))
        .col(text_null("queue_id"))
        .col(text_null("skill"))
        .col(text_null("language"))
        .col(text("text"))
        .col(json("brief"))
        .col(millis("created_at"))
        .col(millis("updated_at"))
        .col(millis("expires_at"))
        .col(millis_null("shown_at"))
        .col(count_null("survey_score"))
        .primary_key(Index::create().col("tenant").col("invitation_id"))
        .take()
}
