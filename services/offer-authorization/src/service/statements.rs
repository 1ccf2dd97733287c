//! Statements for whoever pays.

use domain::id::TenantId;
use storage::StoreError;

use super::Service;
use crate::error::OfferError;
use crate::statement::{self, Statement, StatementQuery};
use crate::store::ledger;

impl Service {
    /// What became of money in a period, by account and currency.
    ///
    /// # Errors
    /// The ledger is corrupt: a balance would be below zero.
    pub(crate) async fn statement(
        &self,
        tenant: &TenantId,
        query: &StatementQuery,
    ) -> Result<Statement, OfferError> {
        let sums = ledger::sums(self.database().read(), tenant, query).await?;
        let lines = statement::lines(&sums).map_err(|_| StoreError::CorruptRow {
            table: "ledger_entries",
            id: tenant.to_string(),
            column: "amount_minor",
        })?;
        Ok(Statement { lines })
    }
}
