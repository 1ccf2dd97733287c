//! One transaction of the writer: all of it becomes durable, or none.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::id::{SessionId, TenantId, VisitorId};
use domain::time::Timestamp;
use futures::FutureExt;
use messaging::{Message, outbox};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, OnConflict};
use sea_orm::{DbErr, EntityTrait, Set};
use storage::{StoreError, Tx, column};

use super::entities::{event_batch, log_head, session, visitor};
use super::{CHUNK, Heads, Store, encoding, signed};
use crate::event::Event;
use crate::report::Counts;
use crate::session::{LogPlace, Memory};
use crate::snapshot::{SessionKey, Snapshot};

/// What one transaction of the writer changes.
#[derive(Debug, Clone)]
pub(crate) struct Commit {
    pub(crate) now: Timestamp,
    pub(crate) partition: u16,
    /// The last numbers given out, those of this commit included.
    pub(crate) heads: Heads,
    pub(crate) batches: Vec<LogBatch>,
    pub(crate) sessions: Vec<SessionRecord>,
    pub(crate) visitors: BTreeMap<(TenantId, VisitorId), Counts>,
    pub(crate) messages: Vec<Message>,
}

/// What is appended to the log of one tenant.
#[derive(Debug, Clone)]
pub(crate) struct LogBatch {
    pub(crate) place: LogPlace,
    pub(crate) tenant: TenantId,
    pub(crate) sections: Vec<(SessionId, Vec<Arc<Event>>)>,
}

/// A session as it is to be stored.
#[derive(Debug, Clone)]
pub(crate) struct SessionRecord {
    pub(crate) key: SessionKey,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) memory: Memory,
    pub(crate) places: Vec<LogPlace>,
    pub(crate) due: Option<Timestamp>,
    pub(crate) changed: u64,
    pub(crate) created: u64,
}

impl Store {
    /// Makes everything in `commit` durable; its numbers are higher than those of the commit before.
    ///
    /// # Errors
    /// `Conflict` when another process has changed one of the sessions, or written to the partition: nothing is stored.
    /// After `Unavailable` the outcome is unknown.
    pub(crate) async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        let commit = Arc::new(Encoded::new(commit)?);
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
    head: log_head::ActiveModel,
    batches: Vec<event_batch::ActiveModel>,
    sessions: Vec<session::ActiveModel>,
    visitors: Vec<visitor::ActiveModel>,
    messages: Vec<Message>,
}

impl Encoded {
    fn new(commit: Commit) -> Result<Self, StoreError> {
        let Commit {
            now,
            partition,
            heads,
            batches,
            sessions,
            visitors,
            messages,
        } = commit;
        Ok(Self {
            now,
            head: head_row(partition, heads),
            batches: batches.iter().map(|batch| batch_row(batch, now)).collect(),
            sessions: sessions.iter().map(session_row).collect::<Result<_, _>>()?,
            visitors: visitors
                .into_iter()
                .map(|((tenant, id), counts)| visitor_row(&tenant, id, counts))
                .collect(),
            messages,
        })
    }

    async fn apply(&self, tx: &Tx) -> Result<(), StoreError> {
        let counted = log_head::Entity::insert(self.head.clone())
            .on_conflict(higher_head())
            .exec_without_returning(tx)
            .await?;
        // INVARIANT: no number is given out twice, or the second change would be missed by who has seen the first.
        if counted != 1 {
            return Err(changed_elsewhere("the numbers of a partition"));
        }
        for rows in self.batches.chunks(CHUNK) {
            event_batch::Entity::insert_many(rows.to_vec())
                .exec_without_returning(tx)
                .await?;
        }
        for rows in self.sessions.chunks(CHUNK) {
            let stored = session::Entity::insert_many(rows.to_vec())
                .on_conflict(next_version())
                .exec_without_returning(tx)
                .await?;
            // INVARIANT: a session that another process has changed is not overwritten.
            if stored != count(rows.len()) {
                return Err(changed_elsewhere("a session"));
            }
        }
        for rows in self.visitors.chunks(CHUNK) {
            visitor::Entity::insert_many(rows.to_vec())
                .on_conflict(added_up())
                .exec_without_returning(tx)
                .await?;
        }
        for messages in self.messages.chunks(CHUNK) {
            outbox::enqueue(tx, messages, self.now).await?;
        }
        Ok(())
    }
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

fn changed_elsewhere(what: &str) -> StoreError {
    StoreError::Conflict(DbErr::Custom(format!("changed elsewhere: {what}")))
}

/// Replaces the numbers by higher ones only.
fn higher_head() -> OnConflict {
    let excluded = |column| Expr::col((Alias::new("excluded"), column));
    let stored = |column| Expr::col((log_head::Entity, column));
    let (sequence, changed) = (log_head::Column::Sequence, log_head::Column::Changed);
    OnConflict::column(log_head::Column::Partition)
        .update_columns([sequence, changed])
        .action_and_where(stored(sequence).lte(excluded(sequence)))
        .action_and_where(stored(changed).lt(excluded(changed)))
        .to_owned()
}

/// Replaces a row by its next version only.
fn next_version() -> OnConflict {
    let excluded = Expr::col((Alias::new("excluded"), session::Column::Version));
    OnConflict::columns([session::Column::Tenant, session::Column::SessionId])
        .update_columns([
            session::Column::VisitorId,
            session::Column::ShopperId,
            session::Column::State,
            session::Column::Phase,
            session::Column::Doubted,
            session::Column::ProgressUntil,
            session::Column::LastEventAt,
            session::Column::DueAt,
            session::Column::Version,
            session::Column::Changed,
            session::Column::Snapshot,
            session::Column::Memory,
            session::Column::Places,
        ])
        .action_and_where(
            Expr::col((session::Entity, session::Column::Version)).eq(excluded.sub(1)),
        )
        .to_owned()
}

fn added_up() -> OnConflict {
    let sum = |column: visitor::Column| {
        let added = Expr::col((Alias::new("excluded"), column));
        (column, Expr::col((visitor::Entity, column)).add(added))
    };
    OnConflict::columns([visitor::Column::Tenant, visitor::Column::VisitorId])
        .values([
            sum(visitor::Column::Sessions),
            sum(visitor::Column::Carts),
            sum(visitor::Column::Orders),
            sum(visitor::Column::Abandonments),
        ])
        .to_owned()
}

fn head_row(partition: u16, heads: Heads) -> log_head::ActiveModel {
    log_head::ActiveModel {
        partition: Set(i64::from(partition)),
        sequence: Set(signed(heads.sequence)),
        changed: Set(signed(heads.change)),
    }
}

fn batch_row(batch: &LogBatch, now: Timestamp) -> event_batch::ActiveModel {
    event_batch::ActiveModel {
        partition: Set(i64::from(batch.place.partition)),
        sequence: Set(signed(batch.place.sequence)),
        tenant: Set(batch.tenant.to_string()),
        payload: Set(encoding::batch(&batch.sections)),
        recorded_at: Set(column::millis(now)),
    }
}

fn session_row(record: &SessionRecord) -> Result<session::ActiveModel, StoreError> {
    let snapshot = &record.snapshot;
    Ok(session::ActiveModel {
        tenant: Set(record.key.tenant.to_string()),
        session_id: Set(record.key.session.to_string()),
        visitor_id: Set(snapshot.visitor.to_string()),
        shopper_id: Set(snapshot.shopper.map(|shopper| shopper.to_string())),
        state: Set(snapshot.state.as_str().to_owned()),
        phase: Set(snapshot.phase.as_str().to_owned()),
        doubted: Set(i64::from(!snapshot.signals.is_empty())),
        progress_until: Set(snapshot.progress_until.map(column::millis)),
        last_event_at: Set(column::millis(snapshot.last_event_at)),
        due_at: Set(record.due.map(column::millis)),
        version: Set(signed(snapshot.version)),
        changed: Set(signed(record.changed)),
        created: Set(signed(record.created)),
        snapshot: Set(column::json(snapshot.as_ref())?),
        memory: Set(column::json(&record.memory)?),
        places: Set(encoding::places(&record.places)),
    })
}

fn visitor_row(tenant: &TenantId, id: VisitorId, counts: Counts) -> visitor::ActiveModel {
    visitor::ActiveModel {
        tenant: Set(tenant.to_string()),
        visitor_id: Set(id.to_string()),
        sessions: Set(counts.sessions),
        carts: Set(counts.carts),
        orders: Set(counts.orders),
        abandonments: Set(counts.abandonments),
    }
}
