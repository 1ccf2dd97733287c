//! The rows of the tables, as they are stored. Parsed into domain types one level up; nothing above `store` sees them.

pub(super) mod activations;
pub(super) mod audit_entries;
pub(super) mod audit_heads;
pub(super) mod cases;
pub(super) mod decisions;
pub(super) mod generations;
pub(super) mod ledger_entries;
pub(super) mod limits;
pub(super) mod margin_floors;
pub(super) mod offers;
pub(super) mod policies;
pub(super) mod programmes;
pub(super) mod purses;
pub(super) mod standings;

/// Says which column holds the tenant of the rows of this module.
macro_rules! scoped_by_tenant {
    () => {
        #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
        pub(crate) enum Relation {}

        impl ActiveModelBehavior for ActiveModel {}

        impl storage::TenantScoped for Entity {
            fn tenant_column() -> Column {
                Column::Tenant
            }
        }
    };
}

use scoped_by_tenant;
