//! The ledger: append-only, and what the counters are the sums of.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_entries")]
pub(crate) struct Model {
    /// The order of booking.
    #[sea_orm(primary_key)]
    pub(crate) seq: i64,
    pub(crate) entry_id: String,
    pub(crate) tenant: String,
    pub(crate) kind: String,
    pub(crate) offer_id: Option<String>,
    /// Counts the entries of this kind of the offer, from 1.
    pub(crate) ordinal: i64,
    pub(crate) programme_id: String,
    pub(crate) amount_minor: i64,
    pub(crate) amount_currency: String,
    /// Uses of the programme by the person that the entry moves: 1, or 0 for a reversal in part.
    pub(crate) uses: i64,
    pub(crate) usage_subject: Option<String>,
    pub(crate) agent_purse_subject: Option<String>,
    pub(crate) partner_purse_subject: Option<String>,
    pub(crate) booked_at: i64,
    /// The first day of the period whose budget it is booked on; `NULL` for a budget without periods.
    pub(crate) budget_day: Option<i64>,
}

super::scoped_by_tenant!();
