//! Writing down what became of claimed messages: many at once, in one transaction, so that delivering competes little
//! with the writes of the service itself.

use domain::time::Timestamp;
use sea_orm::ConnectionTrait;
use sea_orm::DbErr;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use storage::{StoreError, Tx, column, shape};

use super::{EXPIRED, PARKED, UNDELIVERED};

/// A claimed message and what became of it.
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    pub(crate) id: i64,
    pub(crate) outcome: Outcome,
}

#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    Delivered,
    /// Not tried, as something before it in its lane was not delivered.
    Released,
    /// Tried in vain; to be tried again at `due_at`.
    PutOff {
        due_at: Timestamp,
        attempts: u32,
        failures: u32,
    },
    Expired,
    Parked {
        reason: String,
        attempts: u32,
    },
}

/// Records the outcomes. A message that is delivered leaves the outbox.
pub(crate) async fn mark(tx: &Tx, settled: &[Settled], now: Timestamp) -> Result<(), StoreError> {
    let mut gone = Vec::new();
    let mut released = Vec::new();
    for Settled { id, outcome } in settled {
        match outcome {
            Outcome::Delivered => gone.push(*id),
            Outcome::Released => released.push(*id),
            Outcome::PutOff {
                due_at,
                attempts,
                failures,
            } => {
                let update = Query::update()
                    .table("outbox")
                    .value("due_at", column::millis(*due_at))
                    .value("attempts", i64::from(*attempts))
                    .value("failures", i64::from(*failures))
                    .and_where(Expr::col("id").eq(*id))
                    .to_owned();
                tx.execute(&update).await?;
            }
            Outcome::Expired => {
                set_aside(tx, *id, (EXPIRED, "not delivered in time"), now).await?;
                gone.push(*id);
            }
            Outcome::Parked { reason, attempts } => {
                let update = Query::update()
                    .table("outbox")
                    .value("attempts", i64::from(*attempts))
                    .and_where(Expr::col("id").eq(*id))
                    .to_owned();
                tx.execute(&update).await?;
                set_aside(tx, *id, (PARKED, reason), now).await?;
                gone.push(*id);
            }
        }
    }
    release(tx, released, now).await?;
    remove(tx, gone).await
}

async fn release(tx: &Tx, ids: Vec<i64>, now: Timestamp) -> Result<(), StoreError> {
    for ids in shape::names(&ids) {
        let update = Query::update()
            .table("outbox")
            .value("due_at", column::millis(now))
            .and_where(Expr::col("id").is_in(ids))
            .to_owned();
        tx.execute(&update).await?;
    }
    Ok(())
}

async fn remove(tx: &Tx, ids: Vec<i64>) -> Result<(), StoreError> {
    for ids in shape::names(&ids) {
        let delete = Query::delete()
            .from_table("outbox")
            .and_where(Expr::col("id").is_in(ids))
            .to_owned();
        tx.execute(&delete).await?;
    }
    Ok(())
}

/// Copies a message to where nobody tries to deliver it.
async fn set_aside(
    tx: &Tx,
    id: i64,
    (state, reason): (&'static str, &str),
    now: Timestamp,
) -> Result<(), StoreError> {
    const KEPT: [&str; 11] = [
        "id",
        "message_id",
        "tenant",
        "destination",
        "method",
        "order_key",
        "payload",
        "traceparent",
        "created_at",
        "expires_at",
        "attempts",
    ];
    let message = Query::select()
        .columns(KEPT)
        .expr(Expr::val(state))
        .expr(Expr::val(reason))
        .expr(Expr::val(column::millis(now)))
        .from("outbox")
        .and_where(Expr::col("id").eq(id))
        .to_owned();
    let insert = Query::insert()
        .into_table(UNDELIVERED)
        .columns(KEPT.into_iter().chain(["state", "reason", "ended_at"]))
        .select_from(message)
        .map_err(|error| DbErr::Custom(error.to_string()))?
        .to_owned();
    tx.execute(&insert).await?;
    Ok(())
}
