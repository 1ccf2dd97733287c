//! When which session is to be looked at again. The same times stand in the rows of the sessions, from which this is
//! made again after a restart.
//!
//! A heap with one entry for each session, at its time or before. Most times only move on, with each act of a shopper:
//! then the entry stays where it is, and whoever finds the session not due yet sets its time again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use domain::time::{Timestamp, from_millis, to_millis};

use super::tenants::{BySession, Key};

/// One time per session.
#[derive(Debug, Default)]
pub(super) struct Timers {
    entries: BinaryHeap<Reverse<(i64, Key)>>,
    /// The entry of each session that counts; others of it are left over.
    armed: BySession<i64>,
    /// Sessions that are not looked at for a while, because the store did not take what came of it.
    held: BySession<Held>,
}

/// Until when, and how often the store has refused.
#[derive(Debug, Clone, Copy)]
struct Held {
    until: i64,
    refusals: u32,
}

/// How long a session is left alone whose transaction was refused: twice as long each time.
const FIRST_PAUSE: i64 = 1_000;
const LONGEST_PAUSE: i64 = 300_000;

impl Timers {
    /// Has the session looked at by `due`.
    pub(super) fn set(&mut self, key: Key, due: Timestamp) {
        let due = to_millis(due);
        if self.armed.get(&key).is_some_and(|armed| *armed <= due) {
            return;
        }
        self.armed.insert(key, due);
        self.entries.push(Reverse((due, key)));
    }

    /// Takes out the sessions whose time may have come by `now`, the longest overdue first, at most `limit`.
    pub(super) fn due(&mut self, now: Timestamp, limit: usize) -> Vec<Key> {
        let now = to_millis(now);
        let mut found = Vec::new();
        while found.len() < limit
            && let Some(Reverse((due, key))) = self.entries.peek().copied()
            && due <= now
        {
            self.entries.pop();
            if self.armed.get(&key) != Some(&due) {
                continue;
            }
            match self.held.get(&key) {
                Some(held) if held.until > now => {
                    self.armed.insert(key, held.until);
                    self.entries.push(Reverse((held.until, key)));
                }
                Some(_) | None => {
                    self.armed.remove(&key);
                    found.push(key);
                }
            }
        }
        found
    }

    /// When a session is looked at next. It may be before its time.
    pub(super) fn next(&self) -> Option<Timestamp> {
        let Reverse((due, _)) = self.entries.peek()?;
        from_millis(*due).ok()
    }

    /// Leaves a session alone for a while, because what came of its timer was refused. It stays so when all else is made
    /// again.
    pub(super) fn put_off(&mut self, key: Key, now: Timestamp) {
        let now = to_millis(now);
        // Those who were taken away meanwhile are not asked for again.
        self.held
            .retain(|_, held| held.until > now.saturating_sub(LONGEST_PAUSE));
        let refusals = self.held.get(&key).map_or(0, |held| held.refusals);
        let pause = FIRST_PAUSE << refusals.min(16);
        let held = Held {
            until: now.saturating_add(pause.min(LONGEST_PAUSE)),
            refusals: refusals.saturating_add(1),
        };
        self.held.insert(key, held);
    }

    /// Notes that what came of timers was taken.
    pub(super) fn taken(&mut self, keys: &[Key]) {
        if !self.held.is_empty() {
            self.held.retain(|key, _| !keys.contains(key));
        }
    }

    /// Forgets all times, but not who is left alone.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.armed.clear();
    }
}

#[cfg(test)]
mod tests {
    use domain::id::TenantId;
    use testkit::ids::nth;

    use super::super::tenants::Tenants;
    use super::*;

    fn key(n: u64) -> Key {
        let tenant = Tenants::default().number(&TenantId::parse("acme").unwrap());
        Key {
            tenant,
            session: nth(n),
        }
    }

    fn at(millis: i64) -> Timestamp {
        from_millis(millis).unwrap()
    }

    #[test]
    fn the_longest_overdue_come_first() {
        let mut timers = Timers::default();
        timers.set(key(1), at(30));
        timers.set(key(2), at(10));
        timers.set(key(3), at(20));

        assert_eq!(timers.due(at(25), 1), [key(2)]);
        assert_eq!(timers.due(at(25), 10), [key(3)]);
        assert_eq!(timers.due(at(30), 10), [key(1)]);
        assert_eq!(timers.due(at(99), 10), []);
    }

    #[test]
    fn who_was_refused_is_left_alone_for_longer_each_time() {
        let mut timers = Timers::default();
        timers.put_off(key(1), at(0));
        timers.clear();
        timers.set(key(1), at(0));
        timers.set(key(2), at(0));

        assert_eq!(timers.due(at(999), 10), [key(2)]);
        assert_eq!(timers.next(), Some(at(1_000)));
        assert_eq!(timers.due(at(1_000), 10), [key(1)]);

        timers.put_off(key(1), at(1_000));
        timers.set(key(1), at(0));
        assert_eq!(timers.due(at(2_999), 10), []);
        assert_eq!(timers.due(at(3_000), 10), [key(1)]);

        timers.taken(&[key(1)]);
        timers.set(key(1), at(0));
        assert_eq!(timers.due(at(3_000), 10), [key(1)]);
    }

    #[test]
    fn a_session_is_looked_at_once_by_its_earliest_time() {
        let mut timers = Timers::default();
        timers.set(key(1), at(50));
        timers.set(key(1), at(10));
        timers.set(key(1), at(70));

        assert_eq!(timers.next(), Some(at(10)));
        assert_eq!(timers.due(at(99), 10), [key(1)]);
        assert_eq!(timers.due(at(99), 10), []);
    }
}
