//! Assessments with the moments they were made on, the scores of all models, outcomes and models; on either engine.
//!
//! An assessment and its moment are kept as the bytes of their wire contracts, so that what is explained later is what
//! was said. Columns beside them are copies for queries.

mod assessments;
mod cache;
mod causes;
mod days;
mod entities;
mod migrations;
mod models;
mod outcomes;
mod resident;
mod retention;
mod scores;

use std::sync::Arc;

use domain::id::TenantId;
use storage::{Database, StoreError, Tx};
use tokio::sync::Mutex;

pub(crate) use assessments::{Cursor, Judged, StoredAssessment};
pub(crate) use causes::{Accuracy, CauseLabel, LearnedTable};
pub(crate) use days::ModelDay;
pub(crate) use migrations::migrations;
pub(crate) use resident::Fresh;
pub(crate) use scores::{Endings, ScoreQuery, Scored};

use crate::assess::Basis;
use crate::cause::CauseTable;
use crate::model::BuiltIn;
use cache::Cache;
use resident::Residents;

/// The data of all tenants. Every method takes the tenant; those that write take the transaction.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    database: Database,
    built_in: BuiltIn,
    cache: Cache,
    residents: Residents,
    /// Held by whoever reads models into memory.
    warming: Arc<Mutex<()>>,
}

impl Store {
    pub(crate) fn new(database: Database, built_in: BuiltIn) -> Self {
        Self {
            database,
            built_in,
            cache: Cache::new(),
            residents: Residents::new(),
            warming: Arc::default(),
        }
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// By what the moments of a tenant are assessed, as fresh as is asked for; read outside of any transaction.
    pub(crate) async fn basis(
        &self,
        tenant: &TenantId,
        built_in: &Arc<CauseTable>,
        fresh: Fresh,
    ) -> Result<Arc<Basis>, StoreError> {
        let read = self.read_basis(tenant, built_in);
        self.residents.get(tenant, fresh, read).await
    }

    async fn read_basis(
        &self,
        tenant: &TenantId,
        built_in: &Arc<CauseTable>,
    ) -> Result<Basis, StoreError> {
        let reader = self.database.read();
        let champion = self.champion(reader, tenant).await?;
        let champion = self.committed_model(tenant, champion).await?;
        Ok(Basis {
            champion: champion.unwrap_or_else(|| self.built_in.model.clone()),
            causes: self.cause_basis(reader, tenant, built_in).await?,
        })
    }

    /// Has a tenant's basis read anew once this transaction, which changes it, is durable.
    fn changes_basis(&self, tx: &Tx, tenant: &TenantId) {
        let (residents, tenant) = (self.residents.clone(), tenant.clone());
        tx.after_commit(move || residents.forget(&tenant));
    }
}

#[cfg(test)]
mod tests;
