//! The money: counters that decide, and the entries that they are the sums of.

use sea_orm::sea_query::{Expr, ExprTrait, Index, Table, TableCreateStatement};
use sea_orm_migration::MigrationTrait;
use storage::schema::{
    Migration, count, count_null, millis, money, sequence, text, text_id, text_id_null, text_null,
};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    let once = Index::create()
        .name("ledger_entries_once")
        .table("ledger_entries")
        .col("offer_id")
        .col("kind")
        .col("ordinal")
        .unique()
        .take();
    let by_programme = Index::create()
        .name("ledger_entries_by_programme")
        .table("ledger_entries")
        .col("tenant")
        .col("programme_id")
        .col("seq")
        .take();
    Migration::named("m0002_ledger")
        .create_table(limits())
        .create_table(ledger_entries())
        .create_index(once)
        .create_index(by_programme)
        .boxed()
}

/// The conditional updates keep the invariant; the check refuses a commit, should one of them ever be wrong.
fn limits() -> TableCreateStatement {
    let [cap, held, redeemed] = ["cap", "held", "redeemed"].map(Expr::col);
    let within = cap
        .clone()
        .is_null()
        .or(held.clone().add(redeemed.clone()).lte(cap));
    Table::create()
        .table("limits")
        .col(text("tenant"))
        .col(text("scope"))
        .col(text("subject"))
        .col(count_null("cap"))
        .col(count("held"))
        .col(count("redeemed"))
        .check(held.gte(0).and(redeemed.gte(0)).and(within))
        .primary_key(Index::create().col("tenant").col("scope").col("subject"))
        .take()
}

fn ledger_entries() -> TableCreateStatement {
    let [minor, currency] = money("amount");
    Table::create()
        .table("ledger_entries")
        .col(sequence("seq"))
        .col(text_id("entry_id"))
        .col(text("tenant"))
        .col(text("kind"))
        .col(text_id_null("offer_id"))
        .col(count("ordinal"))
        .col(text("programme_id"))
        .col(minor)
        .col(currency)
        .col(count("uses"))
        .col(text_null("usage_subject"))
        .col(text_null("agent_purse_subject"))
        .col(text_null("partner_purse_subject"))
        .col(millis("booked_at"))
        .take()
}
