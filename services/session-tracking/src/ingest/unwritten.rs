//! Sessions whose rows do not hold their last changes yet. The log holds these, so a crash loses nothing: whoever starts
//! again reads on from the first record that is not in all rows.

use std::collections::VecDeque;
use std::collections::hash_map::Entry as Slot;
use std::time::Duration;

use domain::time::{Timestamp, elapsed};

use super::tenants::{BySession, Key, Tenant};

/// In the order of their first changes that no row holds.
#[derive(Debug, Default)]
pub(super) struct Unwritten {
    since: BySession<u64>,
    /// Also holds entries of sessions that were written since, until they come to the front.
    order: VecDeque<Entry>,
    /// A record that must be read again, whatever the rows hold.
    held: Option<u64>,
}

/// How long rows may be behind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waits {
    /// A session waits for so long.
    pub(super) delay: Duration,
    /// So many sessions wait: a start reads again what they have come to.
    pub(super) most: usize,
    /// So many are written at once.
    pub(super) limit: usize,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    sequence: u64,
    at: Timestamp,
    key: Key,
}

impl Unwritten {
    /// Notes that a record of the log holds a change.
    pub(super) fn note(&mut self, key: Key, sequence: u64, at: Timestamp) {
        if let Slot::Vacant(vacant) = self.since.entry(key) {
            vacant.insert(sequence);
            self.order.push_back(Entry { sequence, at, key });
        }
    }

    /// Notes that the row holds everything.
    pub(super) fn written(&mut self, key: Key) {
        self.since.remove(&key);
    }

    pub(super) fn contains(&self, key: Key) -> bool {
        self.since.contains_key(&key)
    }

    /// Sessions that have waited for so long by `now`, and those that are too many; of these the ones that have waited
    /// longest, in the order of the table, where neighbours cost little. What was noted by a clock that has been set back
    /// since waits no longer.
    pub(super) fn waiting(&mut self, now: Timestamp, limits: Waits) -> Vec<Key> {
        let Waits { delay, most, limit } = limits;
        self.drop_written();
        let mut excess = self.since.len().saturating_sub(most);
        let mut is_over = |entry: &&Entry| {
            let is_excess = excess > 0;
            excess = excess.saturating_sub(1);
            is_excess || entry.at > now || elapsed(entry.at, now) >= delay
        };
        let counting = self.order.iter().filter(|entry| self.counts(entry));
        let mut waiting: Vec<Key> = counting
            .take_while(|entry| is_over(entry))
            .map(|entry| entry.key)
            .take(limit)
            .collect();
        waiting.sort_unstable();
        waiting
    }

    /// The sessions of a tenant, those that have waited longest first.
    pub(super) fn of(&self, tenant: Tenant) -> Vec<Key> {
        let of_tenant = self.order.iter().filter(|entry| entry.key.tenant == tenant);
        of_tenant
            .filter(|entry| self.counts(entry))
            .map(|entry| entry.key)
            .collect()
    }

    /// The last record up to which all rows hold everything, when `head` is the last of all.
    pub(super) fn settled(&mut self, head: u64) -> u64 {
        self.drop_written();
        let first = self.order.front().map(|entry| entry.sequence);
        let first = first.into_iter().chain(self.held).min();
        first.map_or(head, |sequence| sequence.saturating_sub(1))
    }

    /// Notes that a session cannot be written any more, as this record of it cannot be read: whoever starts next meets it
    /// again.
    pub(super) fn hold(&mut self, key: Key, sequence: u64) {
        let since = self.since.remove(&key);
        let all = since.into_iter().chain(self.held).chain([sequence]);
        self.held = all.min();
    }

    pub(super) fn clear(&mut self) {
        self.since.clear();
        self.order.clear();
        self.held = None;
    }

    fn counts(&self, entry: &Entry) -> bool {
        self.since.get(&entry.key) == Some(&entry.sequence)
    }

    fn drop_written(&mut self) {
        while let Some(first) = self.order.front()
            && !self.counts(first)
        {
            self.order.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::id::{SessionId, TenantId};
    use domain::time::later;
    use uuid::Uuid;

    use super::super::tenants::Tenants;
    use super::*;

    const DELAY: Duration = Duration::from_secs(5);

    fn at(second: u64) -> Timestamp {
        later(Timestamp::UNIX_EPOCH, Duration::from_secs(second))
    }

    fn key(number: u8) -> Key {
        let name: TenantId = "shop".parse().unwrap();
        Key {
            tenant: Tenants::default().number(&name),
            session: SessionId::from_uuid(Uuid::from_bytes([number; 16])),
        }
    }

    /// Four sessions, one a second, the last one first in the table.
    fn four() -> Unwritten {
        let mut unwritten = Unwritten::default();
        for second in 0..4 {
            unwritten.note(key(9 - second), u64::from(second) + 1, at(second.into()));
        }
        unwritten
    }

    fn waits(most: usize, limit: usize) -> Waits {
        Waits {
            delay: DELAY,
            most,
            limit,
        }
    }

    #[test]
    fn a_row_is_written_when_it_has_waited_long_enough() {
        let mut unwritten = four();
        assert_eq!(unwritten.waiting(at(4), waits(100, 100)), []);
        assert_eq!(unwritten.waiting(at(5), waits(100, 100)), [key(9)]);
        assert_eq!(
            unwritten.waiting(at(7), waits(100, 100)),
            [key(7), key(8), key(9)]
        );
        assert_eq!(unwritten.waiting(at(7), waits(100, 2)), [key(8), key(9)]);
    }

    #[test]
    fn those_that_are_too_many_are_written_before_their_time() {
        let mut unwritten = four();
        assert_eq!(unwritten.waiting(at(3), waits(3, 100)), [key(9)]);
        assert_eq!(unwritten.waiting(at(3), waits(1, 2)), [key(8), key(9)]);
        unwritten.written(key(9));
        assert_eq!(unwritten.waiting(at(3), waits(3, 100)), []);
        assert_eq!(unwritten.settled(4), 1);
    }

    #[test]
    fn a_clock_that_is_set_back_holds_nothing_up() {
        let mut unwritten = Unwritten::default();
        unwritten.note(key(1), 1, at(9));
        assert_eq!(unwritten.waiting(at(3), waits(100, 100)), [key(1)]);
    }
}
