//! One row for each tenant that uses a learned table of causes.

use sea_orm::entity::prelude::*;
use storage::TenantScoped;

use super::cause_table;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cause_choices")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) tenant: String,
    pub(crate) version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter)]
pub(crate) enum Relation {
    /// The table that is used.
    Table,
}

impl RelationTrait for Relation {
    fn def(&self) -> RelationDef {
        match self {
            Self::Table => Entity::belongs_to(cause_table::Entity)
                .from((Column::Tenant, Column::Version))
                .to((cause_table::Column::Tenant, cause_table::Column::Version))
                .into(),
        }
    }
}

impl Related<cause_table::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Table.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl TenantScoped for Entity {
    fn tenant_column() -> Column {
        Column::Tenant
    }
}
