//! The schema, one file for each step of its history. Steps are only ever added.

use sea_orm_migration::MigrationTrait;

mod ages;
mod consents;
mod event_batches;
mod histories;
mod log_heads;
mod narrow_indexes;
mod session_names;
mod sessions;

/// All steps of a database of this service, those of the libraries first.
pub(crate) fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    let mut all = storage::migrations();
    all.extend(messaging::migrations());
    all.push(event_batches::migration());
    all.push(sessions::migration());
    all.push(histories::migration());
    all.push(log_heads::migration());
    all.push(consents::migration());
    all.push(session_names::migration());
    all.push(ages::migration());
    all.push(narrow_indexes::migration());
    all
}
