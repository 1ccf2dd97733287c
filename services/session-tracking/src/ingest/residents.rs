//! Sessions in memory: some as they are worked with, the others at rest in their compact form. What is not here is read
//! again from the store.

use std::collections::VecDeque;

use domain::time::Timestamp;

use super::tenants::{BySession, Key};
use crate::packed;
use crate::session::Session;

/// What a session at rest takes beside its bytes: its places in the tables of the writer.
const OVERHEAD: usize = 200;

/// How much may stay in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// Sessions that are worked with.
    pub(super) live: usize,
    /// Bytes of sessions at rest.
    pub(super) resting_bytes: usize,
}

/// A session is kept beside the table, which is looked through for those that are to rest.
#[derive(Debug)]
struct Live {
    session: Box<Session>,
    touched: u64,
}

#[derive(Debug)]
struct Resting {
    bytes: Box<[u8]>,
    since: u64,
}

/// Sessions by key.
#[derive(Debug)]
pub(super) struct Residents {
    limits: Limits,
    live: BySession<Live>,
    resting: BySession<Resting>,
    resting_bytes: usize,
    /// Those at rest in the order in which they came to it; also those that were woken since.
    order: VecDeque<CameToRest>,
    /// How many stand in it.
    ordered: usize,
    turn: u64,
}

/// Sessions that came to rest at one turn. There are millions of them, so they take no more room than they need.
#[derive(Debug)]
struct CameToRest {
    since: u64,
    keys: Vec<Key>,
}

impl Residents {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            live: BySession::default(),
            resting: BySession::default(),
            resting_bytes: 0,
            order: VecDeque::new(),
            ordered: 0,
            turn: 0,
        }
    }

    pub(super) fn contains(&self, key: Key) -> bool {
        self.live.contains_key(&key) || self.resting.contains_key(&key)
    }

    pub(super) fn insert(&mut self, key: Key, session: Session) {
        self.forget_resting(key);
        self.wake(key, Box::new(session));
    }

    fn wake(&mut self, key: Key, session: Box<Session>) {
        let touched = self.turn;
        self.live.insert(key, Live { session, touched });
    }

    /// The session to work with, woken if it rests.
    pub(super) fn get_mut(&mut self, key: Key) -> Option<&mut Session> {
        // Most are about, and the other table is large.
        if !self.live.contains_key(&key) {
            let resting = self.forget_resting(key)?;
            // INVARIANT: what was packed here can be unpacked; if not, it is read from the store.
            let session = packed::unpack(&resting.bytes).ok()?;
            self.wake(key, Box::new(session));
        }
        let live = self.live.get_mut(&key)?;
        live.touched = self.turn;
        Some(&mut live.session)
    }

    /// The session as it is, without waking it.
    pub(super) fn read<T>(&self, key: Key, read: impl FnOnce(&Session) -> T) -> Option<T> {
        if let Some(live) = self.live.get(&key) {
            return Some(read(&live.session));
        }
        let session = packed::unpack(&self.resting.get(&key)?.bytes).ok()?;
        Some(read(&session))
    }

    /// When the session is to be looked at, without waking it.
    pub(super) fn due(&self, key: Key) -> Option<Timestamp> {
        match self.live.get(&key) {
            Some(live) => live.session.due,
            None => packed::first(&self.resting.get(&key)?.bytes).ok()?,
        }
    }

    pub(super) fn remove(&mut self, key: Key) {
        self.live.remove(&key);
        self.forget_resting(key);
    }

    /// Has those of these sessions leave to which nothing more happens by itself, as they have ended. Their rows hold
    /// everything; should an event come late after all, they are read again.
    pub(super) fn let_go(&mut self, written: &[Key]) {
        for key in written {
            if self.due(*key).is_none() {
                self.remove(*key);
            }
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new(self.limits);
    }

    /// Ends a turn: when more sessions are worked with than may, those touched longest ago go to rest. A tenth of the
    /// limit goes at once, so that the search for them is rare.
    pub(super) fn end_turn(&mut self) {
        self.turn += 1;
        if self.live.len() <= self.limits.live {
            return;
        }
        let excess = self.live.len() - self.limits.live + self.limits.live / 10;
        let mut turns: Vec<u64> = self.live.values().map(|live| live.touched).collect();
        let Some(at) = excess.checked_sub(1).filter(|at| *at < turns.len()) else {
            return;
        };
        let (_, last, _) = turns.select_nth_unstable(at);
        let last = *last;
        let mut tired = Vec::with_capacity(excess);
        tired.extend(self.live.extract_if(|_, live| live.touched <= last));
        let mut keys = Vec::with_capacity(tired.len());
        for (key, live) in tired {
            self.rest(key, &live.session);
            keys.push(key);
        }
        self.ordered += keys.len();
        let since = self.turn;
        self.order.push_back(CameToRest { since, keys });
        self.drop_woken();
    }

    /// Sessions that have rested longest and must leave for the others to fit in.
    pub(super) fn excess(&mut self, most: usize) -> Vec<Key> {
        let mut over = self.resting_bytes.saturating_sub(self.limits.resting_bytes);
        let mut leaving = Vec::new();
        while over > 0
            && leaving.len() < most
            && let Some(first) = self.order.front_mut()
        {
            let since = first.since;
            let Some(key) = first.keys.pop() else {
                self.order.pop_front();
                continue;
            };
            self.ordered -= 1;
            if let Some(resting) = self.resting.get(&key).filter(|it| it.since == since) {
                over = over.saturating_sub(resting.bytes.len() + OVERHEAD);
                leaving.push(key);
            }
        }
        leaving
    }

    /// Forgets when those came to rest that were woken since, once they are half as many as those that rest.
    fn drop_woken(&mut self) {
        if self.ordered <= self.resting.len() + self.resting.len() / 2 + 1_000 {
            return;
        }
        let resting = &self.resting;
        for CameToRest { since, keys } in &mut self.order {
            keys.retain(|key| resting.get(key).is_some_and(|it| it.since == *since));
            keys.shrink_to_fit();
        }
        self.order.retain(|came| !came.keys.is_empty());
        self.ordered = self.order.iter().map(|came| came.keys.len()).sum();
    }

    fn rest(&mut self, key: Key, session: &Session) {
        let bytes = packed::pack(session).into_boxed_slice();
        self.resting_bytes += bytes.len() + OVERHEAD;
        let since = self.turn;
        self.resting.insert(key, Resting { bytes, since });
    }

    fn forget_resting(&mut self, key: Key) -> Option<Resting> {
        let resting = self.resting.remove(&key)?;
        self.resting_bytes = self
            .resting_bytes
            .saturating_sub(resting.bytes.len() + OVERHEAD);
        Some(resting)
    }
}

#[cfg(test)]
mod tests {
    use domain::id::{SessionId, TenantId};
    use domain::moment::VisitHistory;
    use testkit::ids::nth;

    use super::super::tenants::Tenants;
    use super::*;
    use crate::samples::at;

    #[test]
    fn whatever_has_ended_leaves_once_it_is_written() {
        let name: TenantId = "shop".parse().unwrap();
        let tenant = Tenants::default().number(&name);
        let key = |number| Key {
            tenant,
            session: nth::<SessionId>(number),
        };
        let mut residents = Residents::new(Limits {
            live: 2,
            resting_bytes: 1 << 20,
        });
        for number in 1..=6 {
            let mut session = Session::new(VisitHistory::default());
            session.due = (number % 2 == 0).then(|| at(9));
            residents.insert(key(number), session);
            residents.end_turn();
        }
        assert!(residents.live.len() < 6, "some rest");

        residents.let_go(&[1, 2, 5, 6].map(key));
        let left: Vec<u64> = (1..=6).filter(|n| residents.contains(key(*n))).collect();
        assert_eq!(left, [2, 3, 4, 6]);
    }
}
