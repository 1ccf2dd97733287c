//! Where sessions are kept: the log of their events, one row for each session, and the history of each person.
//!
//! The log is the record, and a row is a checkpoint that can be made again from it. Its records have no index per event:
//! a session remembers the places at which its events lie.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::id::{PersonId, SessionId, TenantId};
use domain::time::Timestamp;
use sea_orm::{ColumnTrait, QueryFilter};
use storage::{Database, StoreError, TenantScoped, column, shape};

use crate::event::Event;
use crate::report::Counts;
use crate::session::{LogPlace, Rules, Session};
use crate::snapshot::Snapshot;

mod commit;
mod due;
mod entities;
mod erase;
mod heads;
mod list;
mod migrations;
mod of_person;
mod persons;
mod places;
mod read;
mod record;
mod retention;
mod row;
mod rows;

pub(crate) use commit::Commit;
pub(crate) use due::{DueCursor, DueSession};
pub(crate) use erase::Erased;
pub(crate) use heads::Heads;
pub(crate) use list::{Cursor, Hesitating, Listing, Ordering};
pub(crate) use migrations::migrations;
pub(crate) use read::{Changed, Filter, Position};
pub(crate) use record::{Entries, Record, Section};
pub(crate) use rows::Row;

use entities::{event_batch, history, session};
use erase::ERASED;
use row::Folded;

/// Most values that one statement names; both engines take more.
const CHUNK: usize = 500;

/// The store of this service.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    database: Database,
    rules: Arc<Rules>,
    /// Names the settings by which sessions are folded.
    settings: u64,
}

/// What the row of a session holds.
#[derive(Debug)]
pub(crate) enum Loaded {
    Session(Box<Session>),
    /// That it was erased.
    Erased,
    /// Nothing that can be read.
    Corrupt(StoreError),
}

/// Numbers that count up from 1 stay far below the end of `i64`.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Store {
    /// The store, which reads sessions by these rules.
    pub(crate) fn new(database: Database, rules: Arc<Rules>) -> Self {
        let settings = rules.signals.fingerprint();
        Self {
            database,
            rules,
            settings,
        }
    }

    /// The database behind it, for what the libraries keep there.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// Those of the sessions that have rows. A failure that says nothing about a session is that of the whole.
    pub(crate) async fn load(
        &self,
        tenant: &TenantId,
        ids: &[SessionId],
    ) -> Result<Vec<(SessionId, Loaded)>, StoreError> {
        let mut found = Vec::new();
        for ids in shape::names(ids) {
            let names = ids.iter().map(ToString::to_string);
            let rows = session::Entity::find_in(tenant)
                .filter(session::Column::SessionId.is_in(names))
                .all(self.database.read())
                .await?;
            for row in rows {
                let id = column::Row::of("sessions", &row.session_id);
                let id = id.parse("session_id", &row.session_id)?;
                if row.state == ERASED {
                    found.push((id, Loaded::Erased));
                    continue;
                }
                found.push(match self.restore(&row).await {
                    Ok(session) => (id, Loaded::Session(Box::new(session))),
                    Err(failure @ StoreError::CorruptRow { .. }) => (id, Loaded::Corrupt(failure)),
                    Err(failure) => return Err(failure),
                });
            }
        }
        Ok(found)
    }

    /// The session of a row. One that was folded by other settings, or that another version of the service wrote, is made
    /// again from the log; when the log does not hold all of it any more, it stays as it is. One in the form of another
    /// version whose log is gone cannot be read.
    async fn restore(&self, model: &session::Model) -> Result<Session, StoreError> {
        let stored = match row::session(model, self.settings) {
            Some((session, Folded::Alike)) => return Ok(session),
            Some((session, Folded::Otherwise)) => Some(session),
            None => None,
        };
        let made_again = match (self.make_again(model).await, &stored) {
            (Ok(Some(mut made_again)), Some(stored)) => {
                made_again.was_told(stored);
                Some(made_again)
            }
            (Ok(made_again), _) => made_again,
            (Err(failure @ StoreError::CorruptRow { .. }), Some(_)) => {
                tracing::error!(session = model.session_id, %failure, "a session stays as other settings made it");
                None
            }
            (Err(failure), _) => return Err(failure),
        };
        let row = column::Row::of("sessions", &model.session_id);
        made_again.or(stored).ok_or_else(|| row.corrupt("packed"))
    }

    async fn make_again(&self, model: &session::Model) -> Result<Option<Session>, StoreError> {
        let row = column::Row::of("sessions", &model.session_id);
        let tenant = row.parse("tenant", &model.tenant)?;
        let id = row.parse("session_id", &model.session_id)?;
        let places = places::read(&row, &model.places)?;
        let sections = self.sections(&tenant, id, &places).await?;
        // INVARIANT: a session is made of all of its events, or not at all.
        let Some((_, _, first)) = sections.first().filter(|_| sections.len() == places.len())
        else {
            return Ok(None);
        };
        let mut session = Session::new(first.began.unwrap_or_default());
        // Known from the start, it takes in what the session takes.
        session.remember(Vec::new());
        for (place, now, section) in &sections {
            let events = section.events(*place)?;
            session.replay(events, (*now, section.change, section.met), &self.rules);
            session.places.push(*place);
        }
        Ok(Some(session))
    }

    /// A session as others read it; `None` for one without events.
    pub(crate) fn snapshot(&self, id: SessionId, session: &Session) -> Option<Snapshot> {
        session.snapshot(id, &self.rules.signals)
    }

    /// All events of a session, in the order in which they were written. `None` when the log does not hold them all any
    /// more.
    pub(crate) async fn events(
        &self,
        tenant: &TenantId,
        id: SessionId,
        places: &[LogPlace],
    ) -> Result<Option<Vec<Event>>, StoreError> {
        let sections = self.sections(tenant, id, places).await?;
        if sections.len() < places.len() {
            return Ok(None);
        }
        let mut events = Vec::new();
        for (place, _, section) in sections {
            events.extend(section.events(place)?);
        }
        Ok(Some(events))
    }

    /// What the records at these places hold of a session, in the order of the places.
    async fn sections(
        &self,
        tenant: &TenantId,
        id: SessionId,
        places: &[LogPlace],
    ) -> Result<Vec<(LogPlace, Timestamp, Section)>, StoreError> {
        let mut by_partition: BTreeMap<u16, Vec<i64>> = BTreeMap::new();
        for place in places {
            let sequences = by_partition.entry(place.partition).or_default();
            sequences.push(signed(place.sequence));
        }
        let mut found = HashMap::new();
        for (partition, sequences) in by_partition {
            for sequences in shape::names(&sequences) {
                let records = event_batch::Entity::find_in(tenant)
                    .filter(event_batch::Column::Partition.eq(i64::from(partition)))
                    .filter(event_batch::Column::Sequence.is_in(sequences))
                    .all(self.database.read())
                    .await?;
                for model in records {
                    let (place, now, sections) = row::record(&model, |other| other == id)?;
                    found.extend(sections.into_iter().map(|section| (place, (now, section))));
                }
            }
        }
        let in_order = places.iter().filter_map(|place| {
            let (now, section) = found.remove(place)?;
            Some((*place, now, section))
        });
        Ok(in_order.collect())
    }

    /// What these persons have done so far; those without history are left out.
    pub(crate) async fn histories(
        &self,
        tenant: &TenantId,
        persons: &[PersonId],
    ) -> Result<HashMap<PersonId, Counts>, StoreError> {
        let mut found = HashMap::new();
        for persons in shape::names(persons) {
            let names = persons.iter().map(ToString::to_string);
            let rows = history::Entity::find_in(tenant)
                .filter(history::Column::PersonId.is_in(names))
                .all(self.database.read())
                .await?;
            for row in rows {
                let id = column::Row::of("histories", &row.person_id)
                    .parse("person_id", &row.person_id)?;
                found.insert(id, row.counts());
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
