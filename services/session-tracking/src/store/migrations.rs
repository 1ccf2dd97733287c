//! The schema, one file for each step of its history. Steps are only ever added.

use sea_orm_migration::MigrationTrait;

mod event_batches;
mod histories;
mod log_heads;
mod sessions;

/// All steps of a database of this service, those of the libraries first.
pub(crate) fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    let mut all = storage::migrations();
    all.extend(messaging::migrations());
    all.push(event_batches::migration());
    all.push(sessions::migration());
    all.push(histories::migration());
    all.push(log_heads::migration());
    all
}
