//! When which session is to be looked at again. The same times stand in the rows of the sessions, from which this is
//! made again after a restart.

use std::collections::{BTreeSet, HashMap};

use domain::time::Timestamp;

use crate::snapshot::SessionKey;

/// One time per session.
#[derive(Debug, Default)]
pub(super) struct Timers {
    due: BTreeSet<(Timestamp, SessionKey)>,
    of: HashMap<SessionKey, Timestamp>,
}

impl Timers {
    /// Sets or removes the time of a session.
    pub(super) fn set(&mut self, key: &SessionKey, due: Option<Timestamp>) {
        let before = match due {
            Some(due) => {
                self.due.insert((due, key.clone()));
                self.of.insert(key.clone(), due)
            }
            None => self.of.remove(key),
        };
        if let Some(before) = before.filter(|before| Some(*before) != due) {
            self.due.remove(&(before, key.clone()));
        }
    }

    /// The sessions whose time has come by `now`, the longest overdue first, at most `limit`.
    pub(super) fn due(&self, now: Timestamp, limit: usize) -> Vec<SessionKey> {
        self.due
            .iter()
            .take_while(|(due, _)| *due <= now)
            .take(limit)
            .map(|(_, key)| key.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use domain::id::TenantId;
    use domain::time::from_millis;
    use testkit::ids::nth;

    use super::*;

    fn key(n: u64) -> SessionKey {
        SessionKey {
            tenant: TenantId::parse("acme").unwrap(),
            session: nth(n),
        }
    }

    fn at(millis: i64) -> Timestamp {
        from_millis(millis).unwrap()
    }

    #[test]
    fn the_longest_overdue_come_first() {
        let mut timers = Timers::default();
        timers.set(&key(1), Some(at(30)));
        timers.set(&key(2), Some(at(10)));
        timers.set(&key(3), Some(at(20)));

        assert_eq!(timers.due(at(25), 10), [key(2), key(3)]);
        assert_eq!(timers.due(at(30), 1), [key(2)]);
    }

    #[test]
    fn a_session_has_one_time() {
        let mut timers = Timers::default();
        timers.set(&key(1), Some(at(10)));
        timers.set(&key(1), Some(at(50)));
        timers.set(&key(2), Some(at(10)));
        timers.set(&key(2), None);

        assert_eq!(timers.due(at(49), 10), []);
        assert_eq!(timers.due(at(50), 10), [key(1)]);
    }
}
