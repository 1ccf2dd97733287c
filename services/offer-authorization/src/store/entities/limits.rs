//! Limits with their counters: one row decides whether there is room.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "limits")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) scope: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) subject: String,
    /// `NULL` for a purse that nobody has set: it counts and does not limit.
    pub(crate) cap: Option<i64>,
    pub(crate) held: i64,
    pub(crate) redeemed: i64,
    /// `NULL` while it takes new holds.
    pub(crate) frozen: Option<i64>,
}

super::scoped_by_tenant!();
