//! A session: what it is found by, and all that it has come to.

use sea_orm::entity::prelude::*;
use storage::TenantScoped;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub(in crate::store) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(in crate::store) tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(in crate::store) session_id: String,
    pub(in crate::store) visitor_id: String,
    pub(in crate::store) shopper_id: Option<String>,
    pub(in crate::store) state: String,
    pub(in crate::store) phase: String,
    pub(in crate::store) cart_value_minor: i64,
    pub(in crate::store) cart_value_currency: String,
    /// 1 when a sign of hesitation was seen.
    pub(in crate::store) doubted: i64,
    /// The shopper moves ahead until then.
    pub(in crate::store) progress_until: Option<i64>,
    pub(in crate::store) last_event_at: i64,
    pub(in crate::store) due_at: Option<i64>,
    /// Number of the last change, over all sessions.
    pub(in crate::store) changed: i64,
    /// Number of the first change.
    pub(in crate::store) created: i64,
    /// The session in its compact form.
    pub(in crate::store) packed: Vec<u8>,
    /// Where its events lie in the log.
    pub(in crate::store) places: Vec<u8>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(in crate::store) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TenantScoped for Entity {
    fn tenant_column() -> Column {
        Column::Tenant
    }
}
