//! Making sessions again from the log: what their rows do not hold is folded and decided on once more, by the same code
//! and at the same instants, and nobody is told again.

use domain::id::SessionId;
use platform::status::chain;
use storage::StoreError;

use super::memory::Memory;
use super::tenants::Key;
use super::unwritten::Noted;
use crate::session::{LogPlace, Rules, Session, VisitorOfRow};
use crate::store::{Heads, Loaded, Record, Section, Store};

impl Memory {
    /// Makes all sessions whose rows do not hold everything.
    pub(super) async fn recover(
        &mut self,
        store: &Store,
        rules: &Rules,
        (partition, heads): (u16, Heads),
    ) -> Result<(), StoreError> {
        self.clear();
        let mut after = heads.settled;
        loop {
            let records = store.records_after(partition, after).await?;
            let Some(last) = records.last() else {
                return Ok(());
            };
            after = last.place.sequence;
            for record in records {
                self.replay(store, rules, record).await?;
            }
            self.residents.end_turn();
        }
    }

    async fn replay(
        &mut self,
        store: &Store,
        rules: &Rules,
        record: Record,
    ) -> Result<(), StoreError> {
        let tenant = self.tenants.number(&record.tenant);
        let absent: Vec<SessionId> = record
            .sections
            .iter()
            .map(|section| section.session)
            .filter(|session| {
                let session = *session;
                let key = Key { tenant, session };
                !self.residents.contains(key) && !self.unreadable.contains_key(&key)
            })
            .collect();
        for (session, loaded) in store.load(&record.tenant, &absent).await? {
            let key = Key { tenant, session };
            match loaded {
                Loaded::Corrupt(failure) => self.give_up(key, record.place, &failure),
                loaded @ (Loaded::Session(_) | Loaded::Erased) => self.receive(key, loaded),
            }
        }
        for section in &record.sections {
            let session = section.session;
            self.take_again(store, rules, Key { tenant, session }, (&record, section))
                .await?;
        }
        Ok(())
    }

    async fn take_again(
        &mut self,
        store: &Store,
        rules: &Rules,
        key: Key,
        (record, section): (&Record, &Section),
    ) -> Result<(), StoreError> {
        if self.unreadable.contains_key(&key) {
            return Ok(());
        }
        if let Some(history) = section.began
            && !self.residents.contains(key)
        {
            self.residents.insert(key, Session::new(history));
        }
        let place = record.place;
        let is_missing = |session: &Session| {
            let of_partition = |known: &&LogPlace| known.partition == place.partition;
            let last = session.places.iter().rev().find(of_partition);
            last.is_none_or(|last| last.sequence < place.sequence)
        };
        if !self.residents.read(key, is_missing).unwrap_or(false) {
            return Ok(());
        }
        let events = match section.events(place) {
            Ok(events) => events,
            Err(failure) => {
                self.give_up(key, place, &failure);
                return Ok(());
            }
        };
        match self.remember(store, key, events.iter()).await {
            Ok(()) => {}
            Err(failure @ StoreError::CorruptRow { .. }) => {
                self.give_up(key, place, &failure);
                return Ok(());
            }
            Err(failure) => return Err(failure),
        }
        if let Some(session) = self.residents.get_mut(key) {
            let before = session.visitor();
            session.replay(events, (record.now, section.change, section.met), rules);
            session.places.push(place);
            let noted = Noted {
                sequence: place.sequence,
                at: record.now,
                bytes: section.entries.len(),
                visitor: VisitorOfRow::of(before, session.visitor()),
            };
            let due = session.due;
            self.note(key, noted, due);
        }
        Ok(())
    }

    /// Leaves a session as it is stored: it takes no events and is not shown, and the log counts as unread from here on,
    /// so that what was acknowledged is not passed over but found again by each start until somebody has mended it.
    fn give_up(&mut self, key: Key, place: LogPlace, failure: &StoreError) {
        tracing::error!(
            session = %key.session,
            partition = place.partition,
            sequence = place.sequence,
            error = %chain(failure),
            "acknowledged events cannot be read: their session is closed, and the log is held from here on"
        );
        self.residents.remove(key);
        self.unwritten.hold(key, place.sequence);
        self.unreadable.insert(key, place);
    }
}
