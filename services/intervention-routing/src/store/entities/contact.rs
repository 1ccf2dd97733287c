//! One row for each name of a person in a contact: an intervention that was shown, or a call that an agent took.

use sea_orm::entity::prelude::*;
use storage::TenantScoped;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contacts")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub intervention_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub person_id: String,
    pub channel: String,
    pub contacted_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TenantScoped for Entity {
    fn tenant_column() -> Column {
        Column::Tenant
    }
}
