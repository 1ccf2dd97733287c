//! One row for each model and assessment.

use sea_orm::entity::prelude::*;
use storage::TenantScoped;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "scores")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) assessment_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) name: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) version: i64,
    pub(crate) session_id: String,
    pub(crate) phase: String,
    pub(crate) abandonment: f64,
    pub(crate) scored_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TenantScoped for Entity {
    fn tenant_column() -> Column {
        Column::Tenant
    }
}
