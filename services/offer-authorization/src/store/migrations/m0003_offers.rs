//! What offers are decided on, the offers, and the decisions.

use sea_orm::sea_query::{Index, IndexCreateStatement, Table, TableCreateStatement};
use sea_orm_migration::MigrationTrait;
use storage::schema::{
    Migration, count, count_null, json, millis, millis_null, money, sequence, text, text_id,
    text_id_null, text_null,
};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    Migration::named("m0003_offers")
        .create_table(cases())
        .create_table(offers())
        .create_index(index(
            "offers_by_time",
            &["tenant", "created_at", "offer_id"],
        ))
        .create_index(index(
            "offers_by_intervention",
            &["tenant", "intervention_id"],
        ))
        .create_index(index("offers_by_end", &["state", "until"]))
        .create_index(
            index("offers_by_redemption", &["redemption_id"])
                .unique()
                .take(),
        )
        .create_table(decisions())
        .create_index(
            Index::create()
                .name("decisions_by_time")
                .table("decisions")
                .col("tenant")
                .col("seq")
                .take(),
        )
        .boxed()
}

fn index(name: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table("offers");
    for column in columns {
        index.col(*column);
    }
    index
}

fn cases() -> TableCreateStatement {
    Table::create()
        .table("cases")
        .col(text("tenant"))
        .col(text_id("intervention_id"))
        .col(count("revision"))
        .col(text_id("session_id"))
        .col(text_id("person_id"))
        .col(text("cause"))
        .col(json("cart"))
        .col(text_null("partner_id"))
        .col(text_null("agent_id"))
        .col(millis("recorded_at"))
        .col(text_null("traceparent"))
        .primary_key(Index::create().col("tenant").col("intervention_id"))
        .take()
}

fn offers() -> TableCreateStatement {
    let [minor, currency] = money("amount");
    Table::create()
        .table("offers")
        .col(text_id("offer_id").primary_key())
        .col(text("tenant"))
        .col(text_id("intervention_id"))
        .col(text_id("session_id"))
        .col(text_id("person_id"))
        .col(text("remedy"))
        .col(minor)
        .col(currency)
        .col(text("programme_id"))
        .col(text("partner_id"))
        .col(text("agent_id"))
        .col(count("cart_version"))
        .col(count("policy_version"))
        .col(millis("created_at"))
        .col(text_null("traceparent"))
        .col(text("state"))
        .col(millis("until"))
        .col(count_null("purse_day"))
        .col(text_null("approved_by"))
        .col(text_id_null("redemption_id"))
        .col(text_null("order_id"))
        .col(millis_null("redeemed_at"))
        .col(count("reversed_minor"))
        .take()
}

fn decisions() -> TableCreateStatement {
    Table::create()
        .table("decisions")
        .col(sequence("seq"))
        .col(text("tenant"))
        .col(text_id("intervention_id"))
        .col(text_id_null("offer_id"))
        .col(text("outcome"))
        .col(json("decision"))
        .col(millis("decided_at"))
        .take()
}
