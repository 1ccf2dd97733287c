//! Every query of a tenant's data starts here, so that a look at the first word of a query shows that it is scoped.

use domain::id::TenantId;
use sea_orm::{ColumnTrait, DeleteMany, EntityTrait, QueryFilter, Select, UpdateMany};

/// An entity whose rows belong to a tenant. Its module implements the one method, and then nobody calls `find`,
/// `update_many` or `delete_many` on it: statements start with [`find_in`](Self::find_in) and its siblings.
pub trait TenantScoped: EntityTrait {
    /// The column that holds the tenant.
    fn tenant_column() -> Self::Column;

    /// Reads rows of this tenant.
    fn find_in(tenant: &TenantId) -> Select<Self> {
        Self::find().filter(Self::tenant_column().eq(tenant.as_str()))
    }

    /// Changes rows of this tenant.
    fn update_in(tenant: &TenantId) -> UpdateMany<Self> {
        Self::update_many().filter(Self::tenant_column().eq(tenant.as_str()))
    }

    /// Deletes rows of this tenant.
    fn delete_in(tenant: &TenantId) -> DeleteMany<Self> {
        Self::delete_many().filter(Self::tenant_column().eq(tenant.as_str()))
    }
}
