//! What a session adds to the consents of a person: the newest of each channel and purpose, with its proof.

use sea_orm::entity::prelude::*;
use storage::TenantScoped;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consents")]
pub(in crate::store) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(in crate::store) tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(in crate::store) session_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(in crate::store) person_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(in crate::store) channel: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(in crate::store) purpose: String,
    pub(in crate::store) state: String,
    pub(in crate::store) text_version: String,
    pub(in crate::store) source: String,
    pub(in crate::store) zone: Option<String>,
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
