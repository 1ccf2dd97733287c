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

use super::entities::{event_batch, history, session};
use super::record::{Record, encode};
use super::{Heads, Store, heads, persons, places, row, signed};
use crate::fold::State;
use crate::report::Counts;
use crate::session::{Session, Statement};
use crate::snapshot::{SessionKey, SessionState};

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

/// A session as it is to be stored.
#[derive(Debug, Clone)]
pub(crate) struct Row(session::ActiveModel);

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

impl Row {
    /// The row of a session; `None` for one that has no events.
    pub(crate) fn of(store: &Store, key: &SessionKey, session: &Session) -> Option<Self> {
        let signals = &store.rules.signals;
        let (state, _) = session.decided(signals)?;
        let until = state.progress_until(signals);
        let packed = row::packed(session, store.settings);
        Some(Self(session_row(key, session, (&state, until), packed)))
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
    rows: Vec<session::ActiveModel>,
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
            rows: rows.into_iter().map(|Row(row)| row).collect(),
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
        for rows in shape::rows(&self.rows) {
            session::Entity::insert_many(rows.to_vec())
                .on_conflict(replaced())
                .exec_without_returning(tx)
                .await?;
        }
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

fn replaced() -> OnConflict {
    OnConflict::columns([session::Column::Tenant, session::Column::SessionId])
        .update_columns([
            session::Column::VisitorId,
            session::Column::ShopperId,
            session::Column::State,
            session::Column::Phase,
            session::Column::CartValueMinor,
            session::Column::CartValueCurrency,
            session::Column::Doubted,
            session::Column::ProgressUntil,
            session::Column::LastEventAt,
            session::Column::DueAt,
            session::Column::Changed,
            session::Column::Packed,
            session::Column::Places,
        ])
        .to_owned()
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

fn session_row(
    key: &SessionKey,
    session: &Session,
    (state, progress_until): (&State, Option<Timestamp>),
    packed: Vec<u8>,
) -> session::ActiveModel {
    session::ActiveModel {
        tenant: Set(key.tenant.to_string()),
        session_id: Set(key.session.to_string()),
        visitor_id: Set(state.visitor.to_string()),
        shopper_id: Set(state.shopper.map(|shopper| shopper.to_string())),
        state: Set(SessionState::of(state.ending()).as_str().to_owned()),
        phase: Set(state.phase().as_str().to_owned()),
        cart_value_minor: Set(state.cart.value().minor_units()),
        cart_value_currency: Set(state.cart.value().currency().as_str().to_owned()),
        doubted: Set(i64::from(state.signals.noted().next().is_some())),
        progress_until: Set(progress_until.map(column::millis)),
        last_event_at: Set(column::millis(state.last_event_at())),
        due_at: Set(session.due.map(column::millis)),
        changed: Set(signed(session.revision.changed)),
        created: Set(signed(session.revision.created)),
        packed: Set(packed),
        places: Set(places::bytes(&session.places)),
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
