//! Changing what waits, when the person whom it is about is to be forgotten.

use domain::id::TenantId;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SimpleExpr};
use storage::{StoreError, Tx};

use super::{UNDELIVERED, lane_of};

/// Keys that one statement names.
const KEYS: usize = 100;

/// What becomes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revision {
    /// It leaves with another payload.
    Replaced(Vec<u8>),
    /// It never leaves.
    Dropped,
}

/// Revises each message of these order keys, whether it waits or was set aside, by its method and payload; says how many
/// those were. A message that is on its way to one of the `destinations` already arrives as it was.
///
/// # Errors
/// The database refuses.
pub async fn revise(
    tx: &Tx,
    tenant: &TenantId,
    (destinations, order_keys): (&[&str], &[String]),
    revision: impl Fn(&str, &[u8]) -> Revision + Send + Sync,
) -> Result<u64, StoreError> {
    let mut revised = 0;
    for keys in order_keys.chunks(KEYS) {
        let of_keys = Expr::col("tenant")
            .eq(tenant.as_str())
            .and(Expr::col("order_key").is_in(keys.iter().map(String::as_str)));
        // The lanes have an index, which the keys of what waits do not.
        let lanes = destinations.iter().flat_map(|destination| {
            let lane = move |key: &String| lane_of(tenant, destination, key);
            keys.iter().map(lane)
        });
        let waiting = of_keys.clone().and(Expr::col("lane").is_in(lanes));
        revised += revise_in(tx, "outbox", waiting, &revision).await?;
        revised += revise_in(tx, UNDELIVERED, of_keys, &revision).await?;
    }
    Ok(revised)
}

async fn revise_in(
    tx: &Tx,
    table: &'static str,
    which: SimpleExpr,
    revision: &(impl Fn(&str, &[u8]) -> Revision + Send + Sync),
) -> Result<u64, StoreError> {
    let select = Query::select()
        .columns(["id", "method", "payload"])
        .from(table)
        .and_where(which)
        .to_owned();
    let mut revised = 0;
    for row in tx.query_all(&select).await? {
        let id: i64 = row.try_get("", "id")?;
        let method: String = row.try_get("", "method")?;
        let payload: Vec<u8> = row.try_get("", "payload")?;
        match revision(&method, &payload) {
            Revision::Replaced(payload) => {
                let update = Query::update()
                    .table(table)
                    .value("payload", payload)
                    .and_where(Expr::col("id").eq(id))
                    .to_owned();
                tx.execute(&update).await?;
            }
            Revision::Dropped => {
                let delete = Query::delete()
                    .from_table(table)
                    .and_where(Expr::col("id").eq(id))
                    .to_owned();
                tx.execute(&delete).await?;
            }
        }
        revised += 1;
    }
    Ok(revised)
}
