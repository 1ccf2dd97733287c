//! Which version of its policy a tenant decides by; no row means the starter policy.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "active_policies")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant: String,
    pub(crate) version: i64,
    pub(crate) activated_at: i64,
}

super::scoped_by_tenant!();
