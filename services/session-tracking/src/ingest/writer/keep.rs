//! One group: loading, folding, deciding, committing.

use std::sync::Arc;

use domain::time::Timestamp;
use storage::StoreError;

use super::super::group::{Arrival, Group, Work};
use super::super::persons::Persons;
use super::super::publish::{Draft, Watched};
use super::super::tenants::Key;
use super::super::touch::Touch;
use super::super::unwritten::{Noted, Waits};
use super::super::{News, Receipt, Refusal};
use super::Writer;
use crate::session::{Session, Taken, VisitorOfRow};
use crate::store::{Commit, Entries};

impl Writer {
    /// Decides a group and makes it durable.
    pub(super) async fn keep(&mut self, group: &Group) -> Result<Vec<Receipt>, StoreError> {
        let arrivals = group.arrivals(&mut self.memory.tenants);
        self.memory.load(&self.store, group, &arrivals).await?;
        let batches = group.handed.iter().map(|handed| &handed.batch);
        let touches: Vec<Touch> = batches.map(Touch::of_batch).collect();
        let mut receipts = vec![Receipt::default(); touches.len()];
        let mut works = Vec::new();
        for of_session in arrivals.chunk_by(|one, other| one.key == other.key) {
            works.extend(self.fold(group, of_session, (&touches, &mut receipts)));
        }
        self.add_timers(group, &mut works);
        let sessions = works.iter().map(|work| work.key);
        let rules = Arc::clone(&self.settings.rules);
        let persons = self.memory.meet(&self.store, &rules, sessions).await?;
        self.commit(group.now, works, &persons).await?;
        self.memory.residents.end_turn();
        Ok(receipts)
    }

    /// Adds the sessions whose time has come and that no event touches. Those whose time is later are looked at then.
    fn add_timers<'g>(&mut self, group: &'g Group, works: &mut Vec<Work<'g>>) {
        let touched = works.len();
        for key in &group.due {
            let among = works.get(..touched).unwrap_or_default();
            if among.binary_search_by_key(key, |work| work.key).is_ok() {
                continue;
            }
            match self.memory.residents.due(*key) {
                Some(due) if due <= group.now => works.push(Work {
                    key: *key,
                    visitor: None,
                    touch: &Touch::Untraced,
                    entries: Entries::default(),
                }),
                Some(due) => self.memory.timers.set(*key, due),
                None => {}
            }
        }
        // The log has its sections in one order, whatever brought them.
        works.sort_by_key(|work| work.key);
    }

    /// Takes the events that a group brings to one session; `None` when they change nothing.
    fn fold<'g>(
        &mut self,
        group: &Group,
        arrivals: &[Arrival],
        (touches, receipts): (&'g [Touch], &mut [Receipt]),
    ) -> Option<Work<'g>> {
        let key = arrivals.first()?.key;
        let refusal = self.memory.refusal(key);
        let mut session = self.memory.residents.get_mut(key);
        let visitor = session.as_deref().and_then(Session::visitor);
        let mut work: Option<Work<'g>> = None;
        for arrival in arrivals {
            let receipt = receipts.get_mut(arrival.batch)?;
            let (incoming, bytes) = group.incoming(*arrival)?;
            let Some(session) = &mut session else {
                receipt.refuse(incoming, refusal);
                continue;
            };
            match session.take(&incoming.event, &self.settings.rules) {
                Taken::New => {
                    receipt.accepted += 1;
                    let touch = touches.get(arrival.batch)?;
                    let work = work.get_or_insert_with(|| Work {
                        key,
                        visitor,
                        touch,
                        entries: Entries::default(),
                    });
                    if *work.touch == Touch::Untraced {
                        work.touch = touch;
                    }
                    work.entries.push(incoming.event.received_at, bytes);
                }
                Taken::Duplicate => receipt.duplicates += 1,
                Taken::Full => receipt.refuse(incoming, Refusal::Full),
            }
        }
        work
    }

    /// Decides on the sessions, and makes it durable together with the rows that have waited.
    async fn commit(
        &mut self,
        now: Timestamp,
        works: Vec<Work<'_>>,
        persons: &Persons,
    ) -> Result<(), StoreError> {
        let partition = self.settings.ingest.partition;
        let touched = works.len();
        let watched = match self.published.receiver_count() {
            0 => Watched::No,
            _ => Watched::Yes,
        };
        let rules = Arc::clone(&self.settings.rules);
        let place = (partition, self.heads);
        let mut draft = Draft::new((&rules, persons), self.ids.as_ref(), watched, place, now);
        for work in works {
            let key = work.key;
            let Some(name) = self.memory.tenants.name(key) else {
                continue;
            };
            let Some(session) = self.memory.residents.get_mut(key) else {
                continue;
            };
            let (visitor, bytes) = (work.visitor, work.entries.len());
            if let Some(place) = draft.add(&name, session, work) {
                let noted = Noted {
                    sequence: place.sequence,
                    at: now,
                    bytes,
                    visitor: VisitorOfRow::of(visitor, session.visitor()),
                };
                let due = session.due;
                self.memory.note(key, noted, due);
            }
        }
        let (commit, published) = draft.finish();
        let ingest = &self.settings.ingest;
        let waits = Waits {
            delay: ingest.row_delay,
            most: ingest.rows_behind,
            most_bytes: ingest.log_behind_bytes,
            // At least as many leave the queue of rows as enter it.
            limit: ingest.rows_per_commit.max(touched),
        };
        let rows = self.memory.unwritten.waiting(now, waits);
        self.store(commit, &rows).await?;
        for change in published {
            // Nobody may be watching.
            let _unwatched = self.published.send(Arc::new(News::Changed(change)));
        }
        Ok(())
    }

    /// Makes a commit durable together with the rows of these sessions.
    ///
    /// After a failure, what is in memory is worth nothing: it is made again from what is stored.
    pub(super) async fn store(
        &mut self,
        mut commit: Commit,
        rows: &[Key],
    ) -> Result<(), StoreError> {
        commit.rows = self.memory.rows(&self.store, rows)?;
        for key in rows {
            self.memory.unwritten.written(*key);
        }
        let heads = &mut commit.heads;
        heads.settled = self.memory.unwritten.settled(heads.sequence);
        let heads = *heads;
        if heads != self.heads || !commit.rows.is_empty() {
            self.store.commit(commit).await?;
        }
        self.heads = heads;
        self.memory.residents.let_go(rows);
        Ok(())
    }
}
