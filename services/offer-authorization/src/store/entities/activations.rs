//! When which version of its policy decides for a tenant, append-only; no row means the starter policy.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "policy_activations")]
pub(crate) struct Model {
    /// The order of activating.
    #[sea_orm(primary_key)]
    pub(crate) seq: i64,
    pub(crate) tenant: String,
    pub(crate) version: i64,
    /// The first instant at which it decides.
    pub(crate) starts_at: i64,
    /// 1 when it took effect with its commit, whatever a clock says; absent in rows that are older than this column.
    pub(crate) at_once: Option<i64>,
}

super::scoped_by_tenant!();
