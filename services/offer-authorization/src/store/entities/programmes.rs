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
}

super::scoped_by_tenant!();
