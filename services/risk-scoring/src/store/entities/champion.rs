//! One row for each tenant that has another champion than the built-in model.

use sea_orm::entity::prelude::*;
use storage::TenantScoped;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "champions")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant: String,
    pub(crate) name: String,
    pub(crate) version: i64,
    pub(crate) activated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TenantScoped for Entity {
    fn tenant_column() -> Column {
        Column::Tenant
    }
}
