//! The schema, one file for each step of its history. Steps are only ever added.

mod facts;

use sea_orm_migration::MigrationTrait;

pub(crate) fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![facts::migration()]
}
