//! The outbox: messages wait here, in the database of the service that sends them, until they are delivered.

use std::time::Duration;

use domain::id::TenantId;
use domain::time::Timestamp;
use platform::telemetry::TraceContext;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ConnectionTrait, Value};
use sha2::{Digest, Sha256};
use storage::rows::Rows;
use storage::{Database, StoreError, Tx, column};

use crate::Message;

mod claim;
mod mark;
mod revise;
mod row;

pub(crate) use claim::{Claim, claim};
pub(crate) use mark::{Outcome, Settled, mark};
pub use revise::{Revision, revise};
pub(crate) use row::Row;

const COLUMNS: [&str; 13] = [
    "message_id",
    "tenant",
    "destination",
    "method",
    "order_key",
    "lane",
    "payload",
    "traceparent",
    "created_at",
    "expires_at",
    "due_at",
    "attempts",
    "failures",
];

/// What waits, and what will not be delivered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutboxStats {
    /// Messages that wait for delivery.
    pub pending: u64,
    /// How long the oldest of them has waited.
    pub oldest_age: Duration,
    /// Messages that somebody has to look at: they were refused, or failed five times.
    pub parked: u64,
    /// Messages that were not delivered in time.
    pub expired: u64,
}

/// Writes messages in the transaction of the change that they tell, and wakes the relay once it is durable.
///
/// Messages of one key keep the order of their transactions when each transaction first changes the row that the key
/// stands for, as that makes the later one wait.
///
/// # Errors
/// The database refuses.
pub async fn enqueue(tx: &Tx, messages: &[Message], now: Timestamp) -> Result<(), StoreError> {
    if messages.is_empty() {
        return Ok(());
    }
    let here = TraceContext::current();
    let new = messages
        .iter()
        .map(|message| values(message, here.as_ref(), now));
    let outbox = Rows {
        table: "outbox",
        columns: &COLUMNS,
        on_conflict: "",
    };
    outbox.write(tx, new.collect()).await?;
    tx.wake_after_commit();
    Ok(())
}

fn values(message: &Message, here: Option<&TraceContext>, now: Timestamp) -> Vec<Value> {
    let trace = message.trace.as_ref().or(here);
    vec![
        message.message_id.to_string().into(),
        message.tenant.as_str().into(),
        message.destination.into(),
        message.method.into(),
        message.order_key.as_str().into(),
        lane(message).into(),
        message.payload.clone().into(),
        trace.map(|trace| trace.as_str().to_owned()).into(),
        column::millis(now).into(),
        message.expires_at.map(column::millis).into(),
        column::millis(now).into(),
        0_i64.into(),
        0_i64.into(),
    ]
}

/// The number of the queue that a message stands in: one per tenant, destination and order key. Two keys that share a
/// number would merely wait for each other.
fn lane(message: &Message) -> i64 {
    lane_of(&message.tenant, message.destination, &message.order_key)
}

fn lane_of(tenant: &TenantId, destination: &str, order_key: &str) -> i64 {
    let mut hash = Sha256::new();
    for part in [tenant.as_str(), destination, order_key] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let mut number = [0; 8];
    for (to, from) in number.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    i64::from_be_bytes(number)
}

/// The gauges of the outbox.
///
/// # Errors
/// The database does not answer.
pub async fn pending(database: &Database, now: Timestamp) -> Result<OutboxStats, StoreError> {
    let waiting = Query::select()
        .expr_as(Expr::col("id").count(), "n")
        .expr_as(Expr::col("created_at").min(), "oldest")
        .from("outbox")
        .to_owned();
    let mut stats = OutboxStats::default();
    if let Some(row) = database.read().query_one(&waiting).await? {
        stats.pending = unsigned(row.try_get("", "n")?);
        if let Some(oldest) = row.try_get::<Option<i64>>("", "oldest")? {
            let age = column::millis(now).saturating_sub(oldest);
            stats.oldest_age = Duration::from_millis(unsigned(age));
        }
    }
    stats.parked = undelivered(database, PARKED).await?;
    stats.expired = undelivered(database, EXPIRED).await?;
    Ok(stats)
}

const UNDELIVERED: &str = "outbox_undelivered";
const PARKED: &str = "parked";
const EXPIRED: &str = "expired";

async fn undelivered(database: &Database, state: &'static str) -> Result<u64, StoreError> {
    let count: SelectStatement = Query::select()
        .expr_as(Expr::col("id").count(), "n")
        .from(UNDELIVERED)
        .and_where(Expr::col("state").eq(state))
        .to_owned();
    match database.read().query_one(&count).await? {
        Some(row) => Ok(unsigned(row.try_get("", "n")?)),
        None => Ok(0),
    }
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Forgets what expired or was parked before `limit`, and says how many messages those were.
///
/// # Errors
/// As [`Database::forget_before`].
pub async fn forget_undelivered_before(
    database: &Database,
    limit: Timestamp,
) -> Result<u64, StoreError> {
    database.forget_before(UNDELIVERED, "ended_at", limit).await
}
