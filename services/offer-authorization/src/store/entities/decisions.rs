//! Decisions on offers, for whoever asks why, and for dry runs.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "decisions")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) seq: i64,
    pub(crate) tenant: String,
    pub(crate) intervention_id: String,
    pub(crate) offer_id: Option<String>,
    pub(crate) outcome: String,
    /// The decision, whole.
    pub(crate) decision: String,
    pub(crate) decided_at: i64,
}

super::scoped_by_tenant!();
