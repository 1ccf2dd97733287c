//! The tables of this service on either engine, spoken to in domain types. Every method takes the tenant.
//!
//! What a decision rests on is read inside its transaction, after [`Store::guard`] has made the decisions on one session
//! and person take turns. Rows are taken in one order everywhere: guards, interventions, invitations, tasks, reservations.

mod contacts;
mod decisions;
mod entities;
mod guards;
mod interventions;
mod invitations;
mod migrations;
mod plays;
mod promises;
mod reservations;
mod tasks;

use storage::Database;

pub(crate) use contacts::KeptArm;
pub(crate) use decisions::Subject;
pub(crate) use guards::Guard;
pub(crate) use interventions::{InterventionCursor, InterventionFilter};
pub(crate) use migrations::migrations;
pub(crate) use plays::Version;
pub(crate) use tasks::{TaskCursor, TaskHolder};

/// The data of all tenants.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pub(crate) database: Database,
}

impl Store {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }
}

#[cfg(test)]
pub(crate) mod tests;
