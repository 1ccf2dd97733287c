//! Live sessions in memory. What is not here is read again from the store.

use std::collections::HashMap;

use domain::id::PersonId;

use crate::session::Session;
use crate::snapshot::SessionKey;

/// Sessions by key; those touched longest ago leave first.
#[derive(Debug)]
pub(super) struct Cache {
    sessions: HashMap<SessionKey, Held>,
    limit: usize,
    turn: u64,
}

#[derive(Debug)]
struct Held {
    session: Session,
    touched: u64,
}

impl Cache {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            sessions: HashMap::new(),
            limit,
            turn: 0,
        }
    }

    pub(super) fn contains(&self, key: &SessionKey) -> bool {
        self.sessions.contains_key(key)
    }

    pub(super) fn insert(&mut self, session: Session) {
        let held = Held {
            touched: self.turn,
            session,
        };
        self.sessions.insert(held.session.key.clone(), held);
    }

    /// The session, which is thereby touched.
    pub(super) fn get_mut(&mut self, key: &SessionKey) -> Option<&mut Session> {
        let held = self.sessions.get_mut(key)?;
        held.touched = self.turn;
        Some(&mut held.session)
    }

    pub(super) fn evict(&mut self, key: &SessionKey) {
        self.sessions.remove(key);
    }

    pub(super) fn clear(&mut self) {
        self.sessions.clear();
    }

    /// Drops the sessions of a person.
    pub(super) fn evict_person(&mut self, person: PersonId) {
        self.sessions.retain(|_, held| {
            held.session
                .shown
                .as_ref()
                .is_some_and(|shown| match person {
                    PersonId::Shopper(shopper) => shown.shopper != Some(shopper),
                    PersonId::Visitor(visitor) => shown.visitor != visitor,
                })
        });
    }

    /// Ends a turn: when too many sessions are held, a tenth of the limit leaves, so that the search for the oldest is
    /// rare.
    pub(super) fn end_turn(&mut self) {
        self.turn += 1;
        if self.sessions.len() <= self.limit {
            return;
        }
        let excess = self.sessions.len() - self.limit + self.limit / 10;
        let mut turns: Vec<u64> = self.sessions.values().map(|held| held.touched).collect();
        turns.sort_unstable();
        let Some(last) = turns.get(excess.saturating_sub(1)).copied() else {
            return;
        };
        self.sessions.retain(|_, held| held.touched > last);
    }
}

#[cfg(test)]
mod tests {
    use domain::id::TenantId;
    use domain::moment::VisitHistory;
    use testkit::ids::nth;

    use super::*;

    fn key(n: u64) -> SessionKey {
        SessionKey {
            tenant: TenantId::parse("acme").unwrap(),
            session: nth(n),
        }
    }

    #[test]
    fn those_touched_longest_ago_leave_first() {
        let mut cache = Cache::new(10);
        for n in 1..=10 {
            cache.insert(Session::new(key(n), VisitHistory::default()));
            cache.end_turn();
        }
        cache.get_mut(&key(1)).unwrap();
        cache.insert(Session::new(key(11), VisitHistory::default()));
        cache.end_turn();

        assert!(cache.contains(&key(1)) && cache.contains(&key(11)));
        assert!(!cache.contains(&key(2)) && !cache.contains(&key(3)));
        assert!(cache.contains(&key(4)));
    }
}
