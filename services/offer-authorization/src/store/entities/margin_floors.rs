//! Margin floors by category of articles and by remedy.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "margin_floors")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant: String,
    /// Empty for the articles whose category has no floor.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) category: String,
    /// Empty for all remedies.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) remedy: String,
    pub(crate) least_bps: i64,
    pub(crate) set_at: i64,
}

super::scoped_by_tenant!();
