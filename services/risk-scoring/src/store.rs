//! Assessments with the moments they were made on, the scores of all models, outcomes and models; on either engine.
//!
//! An assessment and its moment are kept as the bytes of their wire contracts, so that what is explained later is what
//! was said. Columns beside them are copies for queries.

mod assessments;
mod causes;
mod entities;
mod migrations;
mod models;
mod outcomes;
mod retention;
mod scores;

use storage::Database;

pub(crate) use assessments::{Cursor, StoredAssessment};
pub(crate) use causes::{CauseLabel, LearnedTable};
pub(crate) use migrations::migrations;
pub(crate) use scores::{Endings, ScoreQuery, Scored};

use crate::model::BuiltIn;
use models::Cache;

/// The data of all tenants. Every method takes the tenant; those that write take the transaction.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    database: Database,
    built_in: BuiltIn,
    cards: Cache,
}

impl Store {
    pub(crate) fn new(database: Database, built_in: BuiltIn) -> Self {
        Self {
            database,
            built_in,
            cards: Cache::default(),
        }
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }
}

#[cfg(test)]
mod tests;
