//! The history of the schema. Append-only: expand first, contract one release later.

use sea_orm_migration::MigrationTrait;

mod m0001_rules;
mod m0002_ledger;
mod m0003_offers;
mod m0004_authority_end;
mod m0005_cedar;
mod m0006_audit;
mod m0007_standings;
mod m0008_trail_by;
mod m0009_activation_order;
mod m0010_carts;
mod m0011_first_approval;
mod m0012_budget_periods;
mod m0013_channel;
mod m0014_margin_floors;
mod m0015_rule_generations;

/// All tables that this service has, those of the libraries first.
pub(crate) fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    let ours = [
        m0001_rules::migration(),
        m0002_ledger::migration(),
        m0003_offers::migration(),
        m0004_authority_end::migration(),
        m0005_cedar::migration(),
        m0006_audit::migration(),
        m0007_standings::migration(),
        m0008_trail_by::migration(),
        m0009_activation_order::migration(),
        m0010_carts::migration(),
        m0011_first_approval::migration(),
        m0012_budget_periods::migration(),
        m0013_channel::migration(),
        m0014_margin_floors::migration(),
        m0015_rule_generations::migration(),
    ];
    storage::migrations()
        .into_iter()
        .chain(messaging::migrations())
        .chain(ours)
        .collect()
}
