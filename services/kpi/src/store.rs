//! The facts, on either engine. Insert only: a fact is never changed, and one that is there is not stored again.

mod entities;
mod kind;
mod migrations;
mod scan;

use std::sync::Arc;

use domain::fact::Fact;
use domain::id::TenantId;
use domain::time::Timestamp;
use futures::FutureExt;
use sea_orm::{EntityTrait, TryInsertResult};
use storage::{Database, StoreError, Tx};

use entities::fact;

pub(crate) use kind::FactKind;
pub(crate) use migrations::migrations;
pub(crate) use scan::{Scan, ScanOrder};

/// Rows of one statement: ten values each, and SQLite takes 32,766.
const INSERT_ROWS: usize = 500;

/// The facts of all tenants. Every method takes the tenant.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    database: Database,
}

impl Store {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Stores the facts that are not there yet, all or none of them, and says how many those were.
    pub(crate) async fn record(
        &self,
        tenant: &TenantId,
        facts: &[Fact],
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut rows: Vec<fact::ActiveModel> = facts
            .iter()
            .map(|fact| fact::row(tenant, fact, now))
            .collect();
        // One order for all writers, so that two batches that overlap wait for each other and never deadlock.
        rows.sort_by(|one, other| one.fact_id.try_as_ref().cmp(&other.fact_id.try_as_ref()));
        let rows: Arc<[fact::ActiveModel]> = rows.into();
        self.database
            .write(move |tx| {
                let rows = Arc::clone(&rows);
                async move { insert(tx, &rows).await }.boxed()
            })
            .await
    }
}

async fn insert(tx: &Tx, rows: &[fact::ActiveModel]) -> Result<u64, StoreError> {
    let mut inserted = 0;
    for chunk in rows.chunks(INSERT_ROWS) {
        let insert = fact::Entity::insert_many(chunk.iter().cloned())
            .on_conflict_do_nothing_on([fact::Column::Tenant, fact::Column::FactId]);
        inserted += match insert.exec_without_returning(tx).await? {
            TryInsertResult::Inserted(rows) => rows,
            TryInsertResult::Empty | TryInsertResult::Conflicted => 0,
        };
    }
    Ok(inserted)
}

#[cfg(test)]
mod tests;
