//! Offer programmes. Their money is in `limits`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "programmes")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) programme_id: String,
    /// Words with commas between them.
    pub(crate) remedies: String,
    pub(crate) currency: String,
    pub(crate) starts_at: i64,
    pub(crate) ends_at: i64,
    pub(crate) margin_floor_bps: i64,
    pub(crate) offers_per_person: i64,
    pub(crate) hold_ttl_ms: i64,
    pub(crate) state: String,
    pub(crate) created_at: i64,
    /// `NULL`, as are all that follow, for a budget without periods.
    pub(crate) period_length: Option<String>,
    pub(crate) carry_over: Option<String>,
    /// In minor units; only where carrying over is capped.
    pub(crate) carry_over_most: Option<i64>,
    /// In minor units.
    pub(crate) allowance: Option<i64>,
    /// The first day of the open period.
    pub(crate) open_day: Option<i64>,
    /// `NULL` in the last period too.
    pub(crate) rolls_at: Option<i64>,
}

super::scoped_by_tenant!();
