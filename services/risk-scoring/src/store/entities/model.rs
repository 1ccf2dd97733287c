//! One row for each version of a registered model.

use sea_orm::entity::prelude::*;
use storage::TenantScoped;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "models")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) name: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) version: i64,
    pub(crate) description: String,
    /// What the model is made of, as JSON; a bare scorecard where `kind` is absent.
    pub(crate) scorecard: String,
    pub(crate) registered_at: i64,
    pub(crate) kind: Option<String>,
    /// Of the catalogue that its features are of; absent in rows from before version 3.
    pub(crate) features_version: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TenantScoped for Entity {
    fn tenant_column() -> Column {
        Column::Tenant
    }
}
