//! How often the rules of each tenant have changed: what is kept of them in memory is good while this number stands.

use std::collections::HashMap;

use domain::id::TenantId;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use storage::{StoreError, shape};

use super::entities::generations::{Column, Entity, Model};

/// The generations of these tenants, in their order; 0 of one whose rules never changed.
pub(crate) async fn of_all<C: ConnectionTrait>(
    connection: &C,
    tenants: &[TenantId],
) -> Result<Vec<i64>, StoreError> {
    let names: Vec<&str> = tenants.iter().map(TenantId::as_str).collect();
    let mut numbers = HashMap::with_capacity(names.len());
    for some in shape::names(&names) {
        let query = Entity::find().filter(Column::Tenant.is_in(some));
        let models = query.all(connection).await?.into_iter();
        numbers.extend(models.map(|Model { tenant, number }| (tenant, number)));
    }
    let number = |name: &&str| numbers.get(*name).copied().unwrap_or(0);
    Ok(names.iter().map(number).collect())
}
