//! The last numbers that a partition of the log gave out.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "log_heads")]
pub(in crate::store) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(in crate::store) partition: i64,
    /// Counts the writers.
    pub(in crate::store) epoch: i64,
    pub(in crate::store) sequence: i64,
    pub(in crate::store) changed: i64,
    /// The last record that all rows hold.
    pub(in crate::store) settled: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(in crate::store) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
