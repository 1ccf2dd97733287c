//! Budgets by period: the rule and the open period of a programme, which period entries and holds draw on, and whether a
//! counter takes new holds. What is absent belongs to a budget without periods, and to a counter that does. And offers by
//! whoever made them, for the ledger of a partner.

use sea_orm::sea_query::{ColumnDef, Index, Table, TableAlterStatement};
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, count_null, millis_null, text_null};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    let by_roll_over = Index::create()
        .name("programmes_by_roll_over")
        .table("programmes")
        .col("rolls_at")
        .take();
    let by_partner = Index::create()
        .name("offers_by_partner")
        .table("offers")
        .col("tenant")
        .col("partner_id")
        .col("agent_id")
        .take();
    // An engine takes one column at a time.
    [
        ("programmes", text_null("period_length")),
        ("programmes", text_null("carry_over")),
        ("programmes", count_null("carry_over_most")),
        ("programmes", count_null("allowance")),
        ("programmes", count_null("open_day")),
        ("programmes", millis_null("rolls_at")),
        ("limits", count_null("frozen")),
        ("ledger_entries", count_null("budget_day")),
        ("offers", count_null("budget_day")),
    ]
    .into_iter()
    .fold(
        Migration::named("m0012_budget_periods"),
        |migration, (table, column)| migration.alter_table(with_column(table, column)),
    )
    .create_index(by_roll_over)
    .create_index(by_partner)
    // A period ends once. What comes back to it later is booked under its offer.
    .sql(
        "CREATE UNIQUE INDEX ledger_entries_period_once ON ledger_entries (tenant, programme_id, budget_day, kind)
         WHERE offer_id IS NULL AND kind IN ('carry_out', 'carry_in', 'lapse')",
    )
    .boxed()
}

fn with_column(table: &'static str, column: ColumnDef) -> TableAlterStatement {
    Table::alter().table(table).add_column(column).take()
}
