//! Statements for whoever pays.

use domain::id::TenantId;
use proto::error::v1::ErrorReason;
use proto::field::InvalidField;
use storage::StoreError;

use super::Service;
use crate::error::OfferError;
use crate::statement::{self, MOST_LINES, Statement, StatementQuery};
use crate::store::ledger;

impl Service {
    /// What became of money in a period, by account and currency.
    ///
    /// # Errors
    /// It would have too many lines; or the ledger is corrupt: a balance would be below zero.
    pub(crate) async fn statement(
        &self,
        tenant: &TenantId,
        query: &StatementQuery,
    ) -> Result<Statement, OfferError> {
        let sums = ledger::sums(self.database().read(), tenant, query).await?;
        let lines = statement::lines(&sums, query.partner.as_ref()).map_err(|_| {
            StoreError::CorruptRow {
                table: "ledger_entries",
                id: tenant.to_string(),
                column: "amount_minor",
            }
        })?;
        if lines.len() > MOST_LINES {
            return Err(too_long());
        }
        Ok(Statement { lines })
    }
}

fn too_long() -> OfferError {
    let description = format!("gives more than {MOST_LINES} lines: name a programme or a partner");
    InvalidField::new("grouping", ErrorReason::TooManyItems, description).into()
}
