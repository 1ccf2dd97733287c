//! What is known of agents and supervisors beyond their roles.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "standings")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) partner_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) agent_id: String,
    /// Tier and certificates, whole.
    pub(crate) standing: String,
    pub(crate) set_at: i64,
}

super::scoped_by_tenant!();
