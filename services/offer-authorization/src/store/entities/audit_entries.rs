//! The audit trail, append-only: one chain of entries for each tenant.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_entries")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) number: i64,
    pub(crate) at_ms: i64,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) body: String,
    /// Whoever did it, as the token says; absent when time did, and in rows that are older than this column.
    pub(crate) by_client: Option<String>,
    pub(crate) previous: String,
    pub(crate) hash: String,
}

super::scoped_by_tenant!();
