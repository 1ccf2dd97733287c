//! Every query of a tenant's data starts here, so that a look at the first word of a query shows that it is scoped.

use domain::id::TenantId;
use sea_orm::sea_query::{Asterisk, Expr, ExprTrait, Query, Value, ValueTuple};
use sea_orm::{ColumnTrait, DeleteMany, EntityTrait, QueryFilter, Select, UpdateMany};

use crate::shape;

/// An entity whose rows belong to a tenant. Its module implements the one method, and then nobody calls `find`,
/// `update_many` or `delete_many` on it: statements start with [`find_in`](Self::find_in) and its siblings.
pub trait TenantScoped: EntityTrait {
    /// The column that holds the tenant.
    fn tenant_column() -> Self::Column;

    /// Reads rows of this tenant.
    fn find_in(tenant: &TenantId) -> Select<Self> {
        Self::find().filter(Self::tenant_column().eq(tenant.as_str()))
    }

    /// Reads rows by a key of several columns, each row of the tenant beside its key: for work that is done for many tenants
    /// at once. Ask for at least one key, as nothing can be read beside none, and for at most
    /// [`shape::MOST`](crate::shape::MOST), as they come in [few shapes](crate::shape).
    fn find_among<const N: usize>(
        columns: [Self::Column; N],
        keys: &[(&TenantId, [String; N])],
    ) -> Select<Self> {
        let row = |(tenant, key): &(&TenantId, [String; N])| {
            let key = key.iter().map(|part| Value::from(part.as_str()));
            let row = [Value::from(tenant.as_str())].into_iter().chain(key);
            ValueTuple::Many(row.collect())
        };
        let wanted = Query::select()
            .column(Asterisk)
            .from_values(shape::one_list(keys).iter().map(row), "wanted")
            .to_owned();
        let columns = [Self::tenant_column()].into_iter().chain(columns);
        let columns = columns.map(ColumnTrait::into_expr);
        Self::find().filter(Expr::tuple(columns).in_subquery(wanted))
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
