//! Where sessions are kept: the log of their events, one row for each session, and the history of each visitor.
//!
//! The log is the record; a row can be made again from it, but for what has been told. Its batches have no index per
//! event: a session remembers the places at which its events lie.

use std::collections::{BTreeMap, HashMap};

use domain::id::{SessionId, TenantId, VisitorId};
use domain::time::Timestamp;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use storage::{Database, StoreError, TenantScoped, column};

use crate::report::Counts;
use crate::session::Session;
use crate::snapshot::SessionKey;

mod commit;
mod encoding;
mod entities;
mod erase;
mod migrations;
mod read;
mod row;

pub(crate) use commit::{Commit, LogBatch, SessionRecord};
pub(crate) use erase::Erased;
pub(crate) use migrations::migrations;
pub(crate) use read::{Changed, Cursor, Filter, Hesitating, Position};

use entities::{event_batch, log_head, session, visitor};

/// Most values that one statement names; both engines take more.
const CHUNK: usize = 500;

/// The store of this service.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    database: Database,
}

/// The last numbers that were given out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Heads {
    /// Of the batches of one partition.
    pub(crate) sequence: u64,
    /// Of the changes of sessions.
    pub(crate) change: u64,
}

/// Numbers that count up from 1 stay far below the end of `i64`.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Store {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// The numbers after which a writer of this partition goes on. Changes are numbered over all partitions.
    pub(crate) async fn heads(&self, partition: u16) -> Result<Heads, StoreError> {
        let rows = log_head::Entity::find().all(self.database.read()).await?;
        let mut heads = Heads::default();
        for model in rows {
            let id = model.partition.to_string();
            let row = column::Row::of("log_heads", &id);
            heads.change = heads.change.max(row.count("changed", model.changed)?);
            if model.partition == i64::from(partition) {
                heads.sequence = row.count("sequence", model.sequence)?;
            }
        }
        Ok(heads)
    }

    /// When each session is to be looked at, for all that are.
    pub(crate) async fn due(&self) -> Result<Vec<(Timestamp, SessionKey)>, StoreError> {
        let rows: Vec<(String, String, i64)> = session::Entity::find()
            .select_only()
            .column(session::Column::Tenant)
            .column(session::Column::SessionId)
            .column(session::Column::DueAt)
            .filter(session::Column::DueAt.is_not_null())
            .into_tuple()
            .all(self.database.read())
            .await?;
        rows.into_iter()
            .map(|(tenant, id, due)| {
                let row = column::Row::of("sessions", &id);
                let key = SessionKey {
                    tenant: row.parse("tenant", &tenant)?,
                    session: row.parse("session_id", &id)?,
                };
                Ok((row.instant("due_at", due)?, key))
            })
            .collect()
    }

    /// Those of the sessions that exist. One that is corrupt is an error of its own; any other failure says nothing
    /// about a session, and is that of the whole.
    pub(crate) async fn load(
        &self,
        tenant: &TenantId,
        ids: &[SessionId],
    ) -> Result<Vec<(SessionId, Result<Session, StoreError>)>, StoreError> {
        let mut found = Vec::new();
        for ids in ids.chunks(CHUNK) {
            let names = ids.iter().map(ToString::to_string);
            let rows = session::Entity::find_in(tenant)
                .filter(session::Column::SessionId.is_in(names))
                .all(self.database.read())
                .await?;
            for row in rows {
                let id = column::Row::of("sessions", &row.session_id);
                let id = id.parse("session_id", &row.session_id)?;
                match self.restore(tenant, &row).await {
                    Err(failure) if !matches!(failure, StoreError::CorruptRow { .. }) => {
                        return Err(failure);
                    }
                    session => found.push((id, session)),
                }
            }
        }
        Ok(found)
    }

    async fn restore(
        &self,
        tenant: &TenantId,
        model: &session::Model,
    ) -> Result<Session, StoreError> {
        let row = row::Row::parse(model)?;
        let mut by_partition: BTreeMap<u16, Vec<i64>> = BTreeMap::new();
        for place in &row.places {
            let sequences = by_partition.entry(place.partition).or_default();
            sequences.push(signed(place.sequence));
        }
        let mut events = Vec::new();
        for (partition, sequences) in by_partition {
            for sequences in sequences.chunks(CHUNK) {
                let batches = event_batch::Entity::find_in(tenant)
                    .filter(event_batch::Column::Partition.eq(i64::from(partition)))
                    .filter(event_batch::Column::Sequence.is_in(sequences.iter().copied()))
                    .all(self.database.read())
                    .await?;
                // INVARIANT: a session is never read without a part of its events.
                if batches.len() != sequences.len() {
                    let id = column::Row::of("sessions", &model.session_id);
                    return Err(id.corrupt("places"));
                }
                for batch in batches {
                    events.extend(encoding::events_of(&batch, row.key.session)?);
                }
            }
        }
        Ok(row.into_session(events))
    }

    /// What these visitors have done so far; those without history are left out.
    pub(crate) async fn histories(
        &self,
        tenant: &TenantId,
        visitors: &[VisitorId],
    ) -> Result<HashMap<VisitorId, Counts>, StoreError> {
        let mut found = HashMap::new();
        for visitors in visitors.chunks(CHUNK) {
            let names = visitors.iter().map(ToString::to_string);
            let rows = visitor::Entity::find_in(tenant)
                .filter(visitor::Column::VisitorId.is_in(names))
                .all(self.database.read())
                .await?;
            for row in rows {
                let id = column::Row::of("visitors", &row.visitor_id)
                    .parse("visitor_id", &row.visitor_id)?;
                found.insert(id, row.counts());
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
