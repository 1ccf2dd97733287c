//! One transaction of the writer: all of it becomes durable, or none.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::id::{PersonId, TenantId};
use domain::time::Timestamp;
use futures::FutureExt;
use messaging::{Message, outbox};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, OnConflict};
use sea_orm::{EntityTrait, Set};
use storage::{StoreError, Tx, column, shape};

use super::entities::{event_batch, history};
use super::record::{Record, encode};
use super::{Heads, Row, Store, heads, persons, rows, signed};
use crate::report::Counts;
use crate::session::Statement;
use crate::snapshot::SessionKey;

/// What one transaction of the writer changes.
#[derive(Debug, Clone)]
pub(crate) struct Commit {
    pub(crate) now: Timestamp,
    pub(crate) partition: u16,
    /// The numbers after the commit before.
    before: Heads,
    /// The numbers after this commit.
    pub(crate) heads: Heads,
    pub(crate) records: Vec<Record>,
    pub(crate) rows: Vec<Row>,
    pub(crate) histories: BTreeMap<(TenantId, PersonId), Counts>,
    pub(crate) statements: Vec<(SessionKey, Statement)>,
    pub(crate) messages: Vec<Message>,
}

impl Commit {
    /// Nothing yet, after a commit with these numbers.
    pub(crate) fn new(partition: u16, heads: Heads, now: Timestamp) -> Self {
        Self {
            now,
            partition,
            before: heads,
            heads,
            records: Vec::new(),
            rows: Vec::new(),
            histories: BTreeMap::new(),
            statements: Vec::new(),
            messages: Vec::new(),
        }
    }
}

impl Store {
    /// Makes everything in `commit` durable.
    ///
    /// # Errors
    /// `Conflict` when another process writes to the partition: nothing is stored. After `Unavailable` the outcome is
    /// unknown.
    pub(crate) async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        let commit = Arc::new(Encoded::new(commit));
        self.database
            .write(move |tx| {
                let commit = Arc::clone(&commit);
                async move { commit.apply(tx).await }.boxed()
            })
            .await
    }
}

/// A commit as rows; made once, though the transaction may be tried again.
struct Encoded {
    now: Timestamp,
    partition: u16,
    before: Heads,
    heads: Heads,
    records: Vec<event_batch::ActiveModel>,
    rows: Vec<Row>,
    histories: Vec<history::ActiveModel>,
    statements: Vec<(SessionKey, Statement)>,
    messages: Vec<Message>,
}

impl Encoded {
    fn new(commit: Commit) -> Self {
        let Commit {
            now,
            partition,
            before,
            heads,
            records,
            rows,
            histories,
            statements,
            messages,
        } = commit;
        Self {
            now,
            partition,
            before,
            heads,
            records: records.iter().map(record_row).collect(),
            rows,
            histories: histories
                .into_iter()
                .map(|((tenant, id), counts)| history_row((&tenant, id), counts, now))
                .collect(),
            statements,
            messages,
        }
    }

    async fn apply(&self, tx: &Tx) -> Result<(), StoreError> {
        heads::advance(tx, self.partition, (self.before, self.heads)).await?;
        for rows in shape::rows(&self.records) {
            event_batch::Entity::insert_many(rows.to_vec())
                .exec_without_returning(tx)
                .await?;
        }
        rows::write(tx, &self.rows).await?;
        for rows in shape::rows(&self.histories) {
            history::Entity::insert_many(rows.to_vec())
                .on_conflict(added_up())
                .exec_without_returning(tx)
                .await?;
        }
        for (key, statement) in &self.statements {
            persons::keep(tx, key, statement).await?;
        }
        outbox::enqueue(tx, &self.messages, self.now).await
    }
}

fn added_up() -> OnConflict {
    let sum = |column: history::Column| {
        let added = Expr::col((Alias::new("excluded"), column));
        (column, Expr::col((history::Entity, column)).add(added))
    };
    OnConflict::columns([history::Column::Tenant, history::Column::PersonId])
        .values([
            sum(history::Column::Sessions),
            sum(history::Column::Carts),
            sum(history::Column::Orders),
            sum(history::Column::Abandonments),
        ])
        .update_column(history::Column::CountedAt)
        .to_owned()
}

fn record_row(record: &Record) -> event_batch::ActiveModel {
    event_batch::ActiveModel {
        partition: Set(i64::from(record.place.partition)),
        sequence: Set(signed(record.place.sequence)),
        tenant: Set(record.tenant.to_string()),
        payload: Set(encode(record.now, &record.sections)),
        recorded_at: Set(column::millis(record.now)),
    }
}

fn history_row(
    (tenant, id): (&TenantId, PersonId),
    counts: Counts,
    now: Timestamp,
) -> history::ActiveModel {
    history::ActiveModel {
        tenant: Set(tenant.to_string()),
        person_id: Set(id.to_string()),
        sessions: Set(counts.sessions),
        carts: Set(counts.carts),
        orders: Set(counts.orders),
        abandonments: Set(counts.abandonments),
        counted_at: Set(column::millis(now)),
    }
}
