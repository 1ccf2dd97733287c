//! Versions of authority policies, never changed once stored.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "policies")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) version: i64,
    pub(crate) purpose: String,
    /// The lines, whole.
    pub(crate) grants: String,
    /// Policies in Cedar; absent in versions that are older than these.
    pub(crate) cedar: Option<String>,
    pub(crate) created_at: i64,
}

super::scoped_by_tenant!();
