//! All that the writer holds. It is made from the store and can be made again.

use std::collections::{BTreeMap, HashMap};

use domain::id::{PersonId, SessionId, VisitorId};
use domain::time::Timestamp;
use platform::status::chain;
use storage::{StoreError, column};

use super::Refusal;
use super::group::{Arrival, Group};
use super::persons::Agreed;
use super::residents::{Limits, Residents};
use super::tenants::{BySession, Key, Tenant, Tenants};
use super::timers::Timers;
use super::unwritten::{Noted, Unwritten};
use crate::event::Event;
use crate::session::{LogPlace, Session};
use crate::store::{Loaded, Row, Store};

/// Sessions, their timers, and what is not in their rows yet.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) tenants: Tenants,
    pub(super) residents: Residents,
    pub(super) timers: Timers,
    pub(super) unwritten: Unwritten,
    pub(super) agreed: Agreed,
    /// Sessions of which the log holds what cannot be read. They are left as they are, for somebody to look at.
    pub(super) unreadable: BySession<LogPlace>,
    /// Sessions of the group at hand that take no events.
    closed: BySession<Refusal>,
}

/// Sessions that are wanted, with a visitor for those that may be new.
type Wanted = BTreeMap<Tenant, HashMap<SessionId, Option<VisitorId>>>;

impl Memory {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            tenants: Tenants::default(),
            residents: Residents::new(limits),
            timers: Timers::default(),
            unwritten: Unwritten::default(),
            agreed: Agreed::new(2 * limits.live),
            unreadable: BySession::default(),
            closed: BySession::default(),
        }
    }

    /// Forgets all sessions. Tenants keep their numbers.
    pub(super) fn clear(&mut self) {
        self.residents.clear();
        self.timers.clear();
        self.unwritten.clear();
        self.agreed.clear();
        self.unreadable.clear();
    }

    /// Brings the sessions of a group into memory, but for those that are corrupt.
    pub(super) async fn load(
        &mut self,
        store: &Store,
        group: &Group,
        arrivals: &[Arrival],
    ) -> Result<(), StoreError> {
        self.closed.clear();
        let mut wanted = Wanted::new();
        for key in &group.due {
            self.want(&mut wanted, *key, None);
        }
        for of_session in arrivals.chunk_by(|one, other| one.key == other.key) {
            if let Some(first) = of_session.first() {
                let visitor = group.event(*first).map(|event| event.visitor);
                self.want(&mut wanted, first.key, visitor);
            }
        }
        for (tenant, sessions) in wanted {
            self.fetch(store, tenant, sessions).await?;
        }
        for of_session in arrivals.chunk_by(|one, other| one.key == other.key) {
            let events = of_session.iter().filter_map(|one| group.event(*one));
            if let Some(first) = of_session.first() {
                self.remember(store, first.key, events).await?;
            }
        }
        Ok(())
    }

    fn want(&self, wanted: &mut Wanted, key: Key, visitor: Option<VisitorId>) {
        if !self.residents.contains(key) && !self.unreadable.contains_key(&key) {
            let sessions = wanted.entry(key.tenant).or_default();
            sessions.insert(key.session, visitor);
        }
    }

    async fn fetch(
        &mut self,
        store: &Store,
        tenant: Tenant,
        mut wanted: HashMap<SessionId, Option<VisitorId>>,
    ) -> Result<(), StoreError> {
        let Some(name) = self.tenants.tenant(tenant).cloned() else {
            return Ok(());
        };
        let ids: Vec<SessionId> = wanted.keys().copied().collect();
        for (session, loaded) in store.load(&name, &ids).await? {
            wanted.remove(&session);
            self.receive(Key { tenant, session }, loaded);
        }
        let visitors = wanted.values().flatten().copied();
        let visitors: Vec<PersonId> = visitors.map(PersonId::Visitor).collect();
        let histories = store.histories(&name, &visitors).await?;
        for (session, visitor) in wanted {
            // One that nothing is known of, and that nobody tells of, was erased.
            let Some(visitor) = visitor else { continue };
            let counts = histories
                .get(&PersonId::Visitor(visitor))
                .copied()
                .unwrap_or_default();
            let begun = Session::new(counts.history());
            self.residents.insert(Key { tenant, session }, begun);
        }
        Ok(())
    }

    /// Takes a session that was read, or notes why there is none.
    pub(super) fn receive(&mut self, key: Key, loaded: Loaded) {
        match loaded {
            Loaded::Session(session) => self.residents.insert(key, *session),
            Loaded::Erased => {
                self.closed.insert(key, Refusal::Erased);
            }
            Loaded::Corrupt(failure) => {
                tracing::error!(session = %key.session, error = %chain(&failure), "a session cannot be read");
                self.closed.insert(key, Refusal::Unreadable);
            }
        }
    }

    /// Why a session of this group takes no events.
    pub(super) fn refusal(&self, key: Key) -> Refusal {
        let closed = self.closed.get(&key).copied();
        closed.unwrap_or(Refusal::Unreadable)
    }

    /// Reads the past of a session from the log if one of these events stands before others.
    pub(super) async fn remember<'e>(
        &mut self,
        store: &Store,
        key: Key,
        mut events: impl Iterator<Item = &'e Event>,
    ) -> Result<(), StoreError> {
        let Some(session) = self.residents.get_mut(key) else {
            return Ok(());
        };
        if !events.any(|event| session.needs_past_for(event)) {
            return Ok(());
        }
        let Some(tenant) = self.tenants.tenant(key.tenant) else {
            return Ok(());
        };
        if let Some(past) = store.events(tenant, key.session, &session.places).await? {
            session.remember(past);
        }
        Ok(())
    }

    /// Notes a change that the log holds.
    pub(super) fn note(&mut self, key: Key, noted: Noted, due: Option<Timestamp>) {
        self.unwritten.note(key, noted);
        if let Some(due) = due {
            self.timers.set(key, due);
        }
    }

    /// The rows of these sessions.
    ///
    /// # Errors
    /// One of them cannot be made: it may not count as written, and has to be made again from the log.
    pub(super) fn rows(&self, store: &Store, keys: &[Key]) -> Result<Vec<Row>, StoreError> {
        let row = |key: &Key| {
            let name = self.tenants.name(*key)?;
            let visitor = self.unwritten.visitor(*key);
            self.residents
                .read(*key, |session| Row::of(store, &name, session, visitor))?
        };
        let rows = keys.iter().map(|key| {
            row(key).ok_or_else(|| {
                let id = key.session.to_string();
                column::Row::of("sessions", &id).corrupt("packed")
            })
        });
        rows.collect()
    }
}
