//! Forgetting what is older than it may be kept, of all tenants alike.

use domain::time::Timestamp;
use storage::StoreError;

use super::Store;

/// The tables that grow, each with the column that tells the age of a row.
const AGEING: [(&str, &str); 5] = [
    ("assessments", "assessed_at"),
    ("scores", "scored_at"),
    ("outcomes", "ended_at"),
    ("cause_labels", "labelled_at"),
    ("model_days", "watched_at"),
];

impl Store {
    /// Forgets rows from before `limit` and says how many those were.
    pub(crate) async fn forget_before(&self, limit: Timestamp) -> Result<u64, StoreError> {
        let mut forgotten = 0_u64;
        for (table, age) in AGEING {
            let step = self.database.forget_before(table, age, limit).await?;
            forgotten = forgotten.saturating_add(step);
        }
        Ok(forgotten)
    }
}
