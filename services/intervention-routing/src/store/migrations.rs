//! The schema, in order. Migrations are only ever added.

mod contacts;
mod decisions;
mod interventions;
mod invitations;
mod plays;
mod reservations;
mod tasks;

use sea_orm_migration::MigrationTrait;

/// All tables: those of the libraries first.
pub(crate) fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    let mut all = storage::migrations();
    all.extend(messaging::migrations());
    all.extend([
        plays::m0001_plays(),
        decisions::m0002_decisions(),
        interventions::m0003_interventions(),
        contacts::m0004_contacts(),
        invitations::m0005_invitations(),
        tasks::m0006_tasks(),
        reservations::m0007_reservations(),
    ]);
    all
}
