//! The limit of a store for offers: on SQLite, one writer that writes the same rows again and nothing else; on PostgreSQL,
//! pgbench's TPC-B-like transactions on the same server. And what one commit takes.
//!
//! The rows of SQLite are those that a run of the service has left, read back and written in another file of the same schema:
//! for each offer the rows that its grant made, and the counters that it moved. What is read to decide, and what the relay
//! deletes later, is left out, so that no server can do it in less.

use std::time::{Duration, Instant};

use futures::FutureExt;
use platform::ids::{IdSource, SystemIds};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement, Value};
use storage::{Database, StoreConfig, StoreError, Tx};
use testkit::scratch::Scratch;

use crate::bare::group;
use crate::error::LoadError;
use crate::numbers::{Latencies, Percentiles, count, rate};

/// Offers of one transaction: one for each caller.
const GROUP: usize = 64;
/// Where a grant leaves a row, and which of the rows there are of grants.
const GRANTED: [(&str, &str); 6] = [
    ("offers", "state = 'held'"),
    ("ledger_entries", "kind = 'hold'"),
    ("decisions", "outcome = 'granted'"),
    ("audit_entries", "kind = 'granted'"),
    ("request_keys", "method LIKE '%/AuthorizeOffer'"),
    ("limits", "scope = 'usage'"),
];
/// The counters that a grant moves beside the one of its person, which is new: agent, partner and budget.
const COUNTERS: &str =
    "UPDATE limits SET held = held + 100 WHERE tenant = ? AND scope = ? AND subject = ?";
const HEAD: &str = "UPDATE audit_heads SET number = number + 1, hash = ? WHERE tenant = ?";
/// A message to kpi is about so long.
const MESSAGE_BYTES: usize = 330;
const OUTBOX: &str = "INSERT INTO outbox (message_id, tenant, destination, method, order_key, lane, payload, created_at, \
                      due_at, attempts, failures) VALUES (?, ?, 'kpi', '/rescate.kpi.v1.KpiService/RecordFacts', ?, 1, ?, ?, ?, 0, 0)";

/// The rows of one table, to be written again.
struct Table {
    insert: String,
    rows: Vec<Vec<Value>>,
}

/// All that grants have left in a store.
struct Left {
    schema: Vec<String>,
    tables: Vec<Table>,
    /// Tenant, scope and subject of what is there before the first grant.
    counters: Vec<[String; 3]>,
    offers: usize,
}

/// Has PostgreSQL look at what its tables hold.
pub(super) async fn gather_statistics(store: &Scratch) -> Result<(), LoadError> {
    let database = open(store).await?;
    let analysed = database.read().execute_unprepared("ANALYZE").await;
    analysed.map_err(StoreError::from)?;
    database.close().await;
    Ok(())
}

/// Writes again what grants have left in `from`, into an empty store, and says how many offers a second that is.
pub(super) async fn written_again(from: &Scratch, into: &Scratch) -> Result<f64, LoadError> {
    let source = open(from).await?;
    let left = Left::read(source.read()).await?;
    source.close().await;
    let database = open(into).await?;
    left.prepare(&database).await?;
    let begun = Instant::now();
    let left = std::sync::Arc::new(left);
    let mut first = 0;
    while first < left.offers {
        let rows = std::sync::Arc::clone(&left);
        let end = (first + GROUP).min(left.offers);
        database
            .write(move |tx| {
                let rows = std::sync::Arc::clone(&rows);
                async move { rows.write(tx, first..end).await }.boxed()
            })
            .await?;
        first = end;
    }
    let offers = rate(count(left.offers), begun.elapsed());
    database.close().await;
    Ok(offers.round())
}

/// How long a commit of one small row takes, one after the other for so long.
pub(super) async fn commits(store: &Scratch, span: Duration) -> Result<Percentiles, LoadError> {
    let database = open(store).await?;
    group::create_table(&database).await?;
    let mut latencies = Latencies::new();
    let end = Instant::now() + span;
    while Instant::now() < end {
        let begun = Instant::now();
        group::commit(&database, vec![7; MESSAGE_BYTES]).await?;
        latencies.record(begun.elapsed());
    }
    database.close().await;
    Ok(latencies.percentiles())
}

async fn open(store: &Scratch) -> Result<Database, LoadError> {
    let wrong = |_| LoadError::Wrong("the url of the store cannot be used".to_owned());
    let config = StoreConfig::new(store.url()).map_err(wrong)?;
    Ok(Database::open(&config).await?)
}

fn statement(sql: &str, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
}

impl Left {
    async fn read<C: ConnectionTrait>(source: &C) -> Result<Self, LoadError> {
        let schema = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%' ORDER BY rowid";
        let schema = texts(source, schema, "sql").await?;
        let mut tables = Vec::new();
        for (name, which) in GRANTED {
            tables.push(Table::read(source, name, which).await?);
        }
        let counters = source
            .query_all_raw(statement(
                "SELECT tenant, scope, subject FROM limits WHERE scope <> 'usage' ORDER BY tenant, scope",
                Vec::new(),
            ))
            .await
            .map_err(StoreError::from)?;
        let text = |row: &QueryResult, column: &str| row.try_get::<String>("", column);
        let counters = counters.iter().map(|row| {
            Ok([
                text(row, "tenant")?,
                text(row, "scope")?,
                text(row, "subject")?,
            ])
        });
        let offers = tables.iter().map(|table| table.rows.len()).min();
        Ok(Self {
            schema,
            offers: offers.unwrap_or_default(),
            counters: counters
                .collect::<Result<_, sea_orm::DbErr>>()
                .map_err(StoreError::from)?,
            tables,
        })
    }

    /// Makes the tables, and the rows that are there before the first grant.
    async fn prepare(&self, database: &Database) -> Result<(), StoreError> {
        let schema = self.schema.clone();
        let counters = self.counters.clone();
        database
            .write(move |tx| {
                let (schema, counters) = (schema.clone(), counters.clone());
                async move {
                    for sql in &schema {
                        tx.execute_unprepared(sql).await?;
                    }
                    for [tenant, scope, subject] in counters {
                        let head = "INSERT OR IGNORE INTO audit_heads VALUES (?, 0, '')";
                        let values = vec![tenant.clone().into()];
                        tx.execute_raw(statement(head, values)).await?;
                        let counter = "INSERT INTO limits (tenant, scope, subject, cap, held, redeemed) VALUES (?, ?, ?, NULL, 0, 0)";
                        let values = vec![tenant.into(), scope.into(), subject.into()];
                        tx.execute_raw(statement(counter, values)).await?;
                    }
                    Ok(())
                }
                .boxed()
            })
            .await
    }

    async fn write(&self, tx: &Tx, offers: std::ops::Range<usize>) -> Result<(), StoreError> {
        for offer in offers {
            for table in &self.tables {
                let values = table.rows.get(offer).cloned().unwrap_or_default();
                tx.execute_raw(statement(&table.insert, values)).await?;
            }
            // Agent, partner and budget of one tenant stand together.
            let shops = (self.counters.len() / 3).max(1);
            for [tenant, scope, subject] in self.counters.iter().skip(offer % shops * 3).take(3) {
                let values = vec![tenant.into(), scope.into(), subject.into()];
                tx.execute_raw(statement(COUNTERS, values)).await?;
            }
            let tenant = self.counters.get(offer % shops * 3);
            let tenant = tenant.map_or("", |[tenant, ..]| tenant.as_str());
            let id = SystemIds.next_uuid().to_string();
            let now = 0_i64;
            let message = vec![
                id.clone().into(),
                tenant.into(),
                id.clone().into(),
                vec![7_u8; MESSAGE_BYTES].into(),
                now.into(),
                now.into(),
            ];
            tx.execute_raw(statement(OUTBOX, message)).await?;
            let head = vec![id.into(), tenant.into()];
            tx.execute_raw(statement(HEAD, head)).await?;
        }
        Ok(())
    }
}

impl Table {
    async fn read<C: ConnectionTrait>(
        source: &C,
        name: &str,
        which: &str,
    ) -> Result<Self, LoadError> {
        let columns = format!("SELECT name, type FROM pragma_table_info('{name}')");
        let names = texts(source, &columns, "name").await?;
        let types = texts(source, &columns, "type").await?;
        let marks = vec!["?"; names.len()].join(", ");
        let rows = format!("SELECT * FROM {name} WHERE {which} ORDER BY rowid");
        let rows = source
            .query_all_raw(statement(&rows, Vec::new()))
            .await
            .map_err(StoreError::from)?;
        let values = |row: &QueryResult| {
            let columns = names.iter().zip(&types);
            let values = columns.map(|(name, kind)| value(row, name, kind));
            values.collect::<Result<Vec<Value>, sea_orm::DbErr>>()
        };
        let rows = rows.iter().map(values).collect::<Result<_, _>>();
        Ok(Self {
            insert: format!("INSERT INTO {name} ({}) VALUES ({marks})", names.join(", ")),
            rows: rows.map_err(StoreError::from)?,
        })
    }
}

/// The value of a column of this declared type.
fn value(row: &QueryResult, name: &str, kind: &str) -> Result<Value, sea_orm::DbErr> {
    let kind = kind.to_ascii_lowercase();
    if kind.contains("int") {
        return Ok(row.try_get::<Option<i64>>("", name)?.into());
    }
    if kind.contains("blob") {
        return Ok(row.try_get::<Option<Vec<u8>>>("", name)?.into());
    }
    Ok(row.try_get::<Option<String>>("", name)?.into())
}

async fn texts<C: ConnectionTrait>(
    source: &C,
    sql: &str,
    column: &str,
) -> Result<Vec<String>, LoadError> {
    let rows = source.query_all_raw(statement(sql, Vec::new())).await;
    let rows = rows.map_err(StoreError::from)?;
    let texts = rows.iter().map(|row| row.try_get::<String>("", column));
    Ok(texts
        .collect::<Result<_, sea_orm::DbErr>>()
        .map_err(StoreError::from)?)
}
