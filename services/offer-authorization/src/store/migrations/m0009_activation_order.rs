//! Which activations took effect at once: those follow each other in the order of activating, whatever the clocks say. And
//! by which version an offer was granted in the end.

use sea_orm::sea_query::Table;
use sea_orm_migration::MigrationTrait;
use storage::schema::{Migration, count_null};

pub(super) fn migration() -> Box<dyn MigrationTrait> {
    let at_once = Table::alter()
        .table("policy_activations")
        .add_column(count_null("at_once"))
        .take();
    let hold_policy_version = Table::alter()
        .table("offers")
        .add_column(count_null("hold_policy_version"))
        .take();
    Migration::named("m0009_activation_order")
        .alter_table(at_once)
        .alter_table(hold_policy_version)
        .boxed()
}
