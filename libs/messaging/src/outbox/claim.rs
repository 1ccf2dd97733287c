//! Which messages are to be delivered next. With PostgreSQL other replicas do the same, so a claim hides its messages
//! from them for a while; with SQLite there is one relay, whose memory is enough, and a claim writes nothing.

use std::sync::Arc;
use std::time::Duration;

use domain::time::{Timestamp, later};
use futures::FutureExt;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use storage::{Database, StoreError, Tx, column, shape};

use super::{Outcome, Row, Settled, mark};

/// What one courier may take.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    pub(crate) destination: String,
    /// Lanes that this courier is busy with.
    pub(crate) busy: Vec<i64>,
    pub(crate) limit: u64,
    /// How long a claim hides messages from other replicas, should this one die.
    pub(crate) lease: Duration,
}

/// Takes the first messages that are due. Nothing is taken of a lane whose head waits for its next attempt or is with
/// somebody else, so that order within a lane holds. A message that cannot be read is parked.
pub(crate) async fn claim(
    database: &Database,
    claim: Claim,
    now: Timestamp,
) -> Result<Vec<Row>, StoreError> {
    let seen = rows(database.read(), &due(&claim, now)).await?;
    if !seen.unreadable.is_empty() {
        park(database, seen.unreadable, now).await?;
    }
    if seen.readable.is_empty() || database.read().get_database_backend() == DbBackend::Sqlite {
        return Ok(seen.readable);
    }
    let claim = Arc::new(claim);
    let take = database.write(move |tx| {
        let claim = Arc::clone(&claim);
        async move { lease(tx, &claim, now).await }.boxed()
    });
    take.await
}

/// INVARIANT: claims of one database take turns. Row locks alone would let two replicas take two messages of one lane,
/// as each would not yet see what the other has taken.
const TAKE_TURNS: &str = "SELECT pg_advisory_xact_lock(7373052)";

async fn lease(tx: &Tx, claim: &Claim, now: Timestamp) -> Result<Vec<Row>, StoreError> {
    tx.query_one_raw(Statement::from_string(DbBackend::Postgres, TAKE_TURNS))
        .await?;
    let rows = rows(tx, &due(claim, now)).await?.readable;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    if !ids.is_empty() {
        let hide = Query::update()
            .table("outbox")
            .value("due_at", column::millis(later(now, claim.lease)))
            .and_where(Expr::col("id").is_in(shape::one_list(&ids)))
            .to_owned();
        tx.execute(&hide).await?;
    }
    Ok(rows)
}

/// What a claim has found.
#[derive(Default)]
struct Found {
    readable: Vec<Row>,
    /// The ids of messages that break an invariant of theirs.
    unreadable: Vec<i64>,
}

async fn rows<C: ConnectionTrait>(
    connection: &C,
    select: &SelectStatement,
) -> Result<Found, StoreError> {
    let mut found = Found::default();
    for row in connection.query_all(select).await? {
        match Row::read(&row) {
            Ok(row) => found.readable.push(row),
            Err(error) => {
                tracing::error!(%error, "message not readable");
                found.unreadable.push(row.try_get("", "id")?);
            }
        }
    }
    Ok(found)
}

/// Sets messages aside for somebody to look at: left where they are, they would be claimed before all others for ever.
async fn park(database: &Database, ids: Vec<i64>, now: Timestamp) -> Result<(), StoreError> {
    let parked = |id| Settled {
        id,
        outcome: Outcome::Parked {
            reason: "not readable".to_owned(),
            attempts: 0,
        },
    };
    let settled: Arc<[Settled]> = ids.into_iter().map(parked).collect();
    let write = database.write(move |tx| {
        let settled = Arc::clone(&settled);
        async move { mark(tx, &settled, now).await }.boxed()
    });
    write.await
}

fn due(claim: &Claim, now: Timestamp) -> SelectStatement {
    let now = column::millis(now);
    let held_back = Query::select()
        .expr(Expr::val(1))
        .from_as("outbox", "head")
        .and_where(Expr::col(("head", "lane")).equals(("outbox", "lane")))
        .and_where(Expr::col(("head", "id")).lt(Expr::col(("outbox", "id"))))
        .and_where(Expr::col(("head", "due_at")).gt(now))
        .to_owned();
    let mut select = Query::select();
    select
        .column("id")
        .columns(super::COLUMNS)
        .from("outbox")
        .and_where(Expr::col("destination").eq(claim.destination.as_str()))
        .and_where(Expr::col("due_at").lte(now))
        .and_where(Expr::exists(held_back).not())
        .order_by("id", Order::Asc)
        .limit(claim.limit);
    if !claim.busy.is_empty() {
        select.and_where(Expr::col("lane").is_not_in(shape::one_list(&claim.busy)));
    }
    select
}
