//! A part of the event log: what one transaction took of one tenant.

use sea_orm::entity::prelude::*;
use storage::TenantScoped;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event_batches")]
pub(in crate::store) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(in crate::store) partition: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(in crate::store) sequence: i64,
    pub(in crate::store) tenant: String,
    pub(in crate::store) payload: Vec<u8>,
    pub(in crate::store) recorded_at: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(in crate::store) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TenantScoped for Entity {
    fn tenant_column() -> Column {
        Column::Tenant
    }
}
