//! Forgetting what is older than it may be kept, in small steps: no other write waits long for a lock, and no statement
//! meets its time limit, however much has piled up.

use domain::time::Timestamp;
use futures::FutureExt;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};

use crate::{Database, StoreError, Tx, column};

/// Rows that one transaction forgets.
const STEP: u64 = 1_000;

impl Database {
    /// Forgets the rows of `table`, of all tenants, whose instant in the column `age` lies before `limit`, and says how
    /// many those were. The column has an index and is never null.
    ///
    /// # Errors
    /// As [`write`](Self::write); what was forgotten until then stays forgotten.
    pub async fn forget_before(
        &self,
        table: &'static str,
        age: &'static str,
        limit: Timestamp,
    ) -> Result<u64, StoreError> {
        let limit = column::millis(limit);
        let mut forgotten = 0_u64;
        loop {
            let step = self
                .write(move |tx| forget_step(tx, table, age, limit).boxed())
                .await?;
            forgotten = forgotten.saturating_add(step);
            if step < STEP {
                return Ok(forgotten);
            }
        }
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
    // Its age bounds the delete; rows of the same millisecond go with it.
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
