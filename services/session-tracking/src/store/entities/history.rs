//! What a person has done in sessions that have ended: a shopper, or a visitor who is not known.

use sea_orm::entity::prelude::*;
use storage::TenantScoped;

use crate::report::Counts;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "histories")]
pub(in crate::store) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(in crate::store) tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(in crate::store) person_id: String,
    pub(in crate::store) sessions: i64,
    pub(in crate::store) carts: i64,
    pub(in crate::store) orders: i64,
    pub(in crate::store) abandonments: i64,
    /// When it was added to last.
    pub(in crate::store) counted_at: i64,
}

impl Model {
    pub(in crate::store) fn counts(&self) -> Counts {
        Counts {
            sessions: self.sessions,
            carts: self.carts,
            orders: self.orders,
            abandonments: self.abandonments,
        }
    }
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(in crate::store) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TenantScoped for Entity {
    fn tenant_column() -> Column {
        Column::Tenant
    }
}
