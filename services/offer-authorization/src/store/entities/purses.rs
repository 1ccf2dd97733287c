//! Purses as they are set. What is used of them is in `limits`, by day.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "purses")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) partner_id: String,
    /// Empty for the purse of the whole partner: a key has no `NULL`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) agent_id: String,
    pub(crate) daily_limit_minor: i64,
    pub(crate) daily_limit_currency: String,
    pub(crate) set_at: i64,
}

super::scoped_by_tenant!();
