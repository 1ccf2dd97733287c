//! Forgetting what is older than it may be kept, of all tenants alike, in small steps so that no write waits for long.

use domain::time::Timestamp;
use futures::FutureExt;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use storage::column::millis;
use storage::{StoreError, Tx};

use super::Store;

/// The tables that grow, each with the column that tells the age of a row.
const AGEING: [(&str, &str); 4] = [
    ("assessments", "assessed_at"),
    ("scores", "scored_at"),
    ("outcomes", "ended_at"),
    ("cause_labels", "labelled_at"),
];

const STEP: u64 = 1_000;

impl Store {
    /// Forgets rows from before `limit` and says how many those were.
    pub(crate) async fn forget_before(&self, limit: Timestamp) -> Result<u64, StoreError> {
        let limit = millis(limit);
        let mut forgotten = 0;
        for (table, age) in AGEING {
            loop {
                let step = self
                    .database
                    .write(move |tx| forget_step(tx, table, age, limit).boxed())
                    .await?;
                forgotten += step;
                if step < STEP {
                    break;
                }
            }
        }
        Ok(forgotten)
    }
}

async fn forget_step(
    tx: &Tx,
    table: &'static str,
    age: &'static str,
    limit: i64,
) -> Result<u64, StoreError> {
    let last_of_step = Query::select()
        .column(age)
        .from(table)
        .and_where(Expr::col(age).lt(limit))
        .order_by(age, Order::Asc)
        .offset(STEP - 1)
        .limit(1)
        .to_owned();
    // Rows of the same millisecond go together.
    let limit = match tx.query_one(&last_of_step).await? {
        Some(row) => row.try_get::<i64>("", age)?.saturating_add(1),
        None => limit,
    };
    let delete = Query::delete()
        .from_table(table)
        .and_where(Expr::col(age).lt(limit))
        .to_owned();
    Ok(tx.execute(&delete).await?.rows_affected())
}
