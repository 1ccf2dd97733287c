//! One group: loading, folding, deciding, committing.

use std::sync::Arc;

use domain::time::earlier;
use storage::StoreError;

use super::super::group::{Arrival, Group, Work, Works};
use super::super::memory::Persons;
use super::super::publish::{Draft, Watched};
use super::super::tenants::Key;
use super::super::touch::Touch;
use super::super::{Receipt, Refusal};
use super::Writer;
use crate::session::Taken;
use crate::store::Commit;

impl Writer {
    /// Decides a group and makes it durable.
    pub(super) async fn keep(&mut self, group: &Group) -> Result<Vec<Receipt>, StoreError> {
        let arrivals = group.arrivals(&mut self.memory.tenants);
        self.memory.load(&self.store, group, &arrivals).await?;
        let persons = self.memory.meet(&self.store, group, &arrivals).await?;
        let mut works = self.works_of_timers(group);
        let receipts = self.fold(group, &arrivals, &mut works);
        self.commit(works, &persons).await?;
        self.memory.residents.end_turn();
        Ok(receipts)
    }

    /// What the sessions need whose time has come. The others are looked at when it has.
    pub(super) fn works_of_timers(&mut self, group: &Group) -> Works {
        let now = self.clock.now();
        let mut works = Works::new();
        for key in &group.due {
            let due = self.memory.residents.read(*key, |session| session.due);
            match due.flatten() {
                Some(due) if due <= now => {
                    works.insert(*key, Work::new(Touch::Untraced));
                }
                Some(due) => self.memory.timers.set(*key, due),
                None => {}
            }
        }
        works
    }

    /// Takes the events of a group into their sessions.
    pub(super) fn fold(
        &mut self,
        group: &Group,
        arrivals: &[Arrival],
        works: &mut Works,
    ) -> Vec<Receipt> {
        let touches: Vec<Touch> = group
            .handed
            .iter()
            .map(|handed| Touch::of_batch(&handed.batch))
            .collect();
        let mut receipts = vec![Receipt::default(); group.handed.len()];
        for arrival in arrivals {
            let Some((batch, incoming, bytes)) = group.incoming(*arrival) else {
                continue;
            };
            let (Some(receipt), Some(touch)) = (receipts.get_mut(batch), touches.get(batch)) else {
                continue;
            };
            let Some(session) = self.memory.residents.get_mut(arrival.key) else {
                receipt.refuse(incoming, self.memory.refusal(arrival.key));
                continue;
            };
            match session.take(incoming.event.clone(), &self.settings.rules) {
                Taken::New => {
                    receipt.accepted += 1;
                    let work = works
                        .entry(arrival.key)
                        .or_insert_with(|| Work::new(touch.clone()));
                    if work.touch == Touch::Untraced {
                        work.touch = touch.clone();
                    }
                    work.entries.push(incoming.event.received_at, bytes);
                }
                Taken::Duplicate => receipt.duplicates += 1,
                Taken::Full => receipt.refuse(incoming, Refusal::Full),
            }
        }
        receipts
    }

    pub(super) async fn commit(
        &mut self,
        works: Works,
        persons: &Persons,
    ) -> Result<(), StoreError> {
        let (partition, now) = (self.settings.ingest.partition, self.clock.now());
        let touched = works.len();
        let watched = match self.published.receiver_count() {
            0 => Watched::No,
            _ => Watched::Yes,
        };
        let rules = Arc::clone(&self.settings.rules);
        let place = (partition, self.heads);
        let mut draft = Draft::new((&rules, persons), self.ids.as_ref(), watched, place, now);
        for (key, work) in works {
            let Some(name) = self.memory.tenants.name(key) else {
                continue;
            };
            let session = self.memory.residents.get_mut(key);
            let place = session.and_then(|session| draft.add(&name, session, work));
            if let Some(place) = place {
                self.memory.note(key, place, now);
            }
        }
        let (commit, published) = draft.finish();
        let longest = earlier(now, self.settings.ingest.row_delay);
        // At least as many leave the queue of rows as enter it.
        let rows = self.settings.ingest.rows_per_commit.max(touched);
        let rows = self.memory.unwritten.waiting_since(longest, rows);
        self.store(commit, &rows).await?;
        for change in published {
            // Nobody may be watching.
            let _unwatched = self.published.send(Arc::new(change));
        }
        Ok(())
    }

    /// Makes a commit durable together with the rows of these sessions.
    pub(super) async fn store(
        &mut self,
        mut commit: Commit,
        rows: &[Key],
    ) -> Result<(), StoreError> {
        commit.rows = self.memory.rows(&self.store, rows);
        let heads = &mut commit.heads;
        heads.settled = self.memory.unwritten.settled(heads.sequence, rows);
        let heads = *heads;
        if heads != self.heads || !commit.rows.is_empty() {
            self.store.commit(commit).await?;
        }
        for key in rows {
            self.memory.unwritten.written(*key);
        }
        self.heads = heads;
        Ok(())
    }
}
