//! The tables of this service, in order.

use sea_orm_migration::MigrationTrait;

mod m0001_event_batches;
mod m0002_sessions;
mod m0003_visitors;

/// All migrations of a database of this service, with those of the libraries.
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    let mut all = storage::migrations();
    all.extend(messaging::migrations());
    all.push(Box::new(m0001_event_batches::Migration));
    all.push(Box::new(m0002_sessions::Migration));
    all.push(Box::new(m0003_visitors::Migration));
    all
}
