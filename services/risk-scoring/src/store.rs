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
mod retention;
mod scores;

use std::sync::Arc;

use storage::Database;
use tokio::sync::Mutex;

pub(crate) use assessments::{Cursor, Judged, StoredAssessment};
pub(crate) use causes::{Accuracy, CauseLabel, LearnedTable};
pub(crate) use days::ModelDay;
pub(crate) use migrations::migrations;
pub(crate) use scores::{Endings, ScoreQuery, Scored};

use crate::model::BuiltIn;
use cache::Cache;

/// The data of all tenants. Every method takes the tenant; those that write take the transaction.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    database: Database,
    built_in: BuiltIn,
    cache: Cache,
    /// Held by whoever reads models into memory.
    warming: Arc<Mutex<()>>,
}

impl Store {
    pub(crate) fn new(database: Database, built_in: BuiltIn) -> Self {
        Self {
            database,
            built_in,
            cache: Cache::new(),
            warming: Arc::default(),
        }
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }
}

#[cfg(test)]
mod tests;
