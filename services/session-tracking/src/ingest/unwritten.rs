//! Sessions whose rows do not hold their last changes yet. The log holds these, so a crash loses nothing: whoever starts
//! again reads on from the first record that is not in all rows.

use std::collections::VecDeque;
use std::collections::hash_map::Entry as Slot;
use std::time::Duration;

use domain::time::{Timestamp, elapsed};

use super::tenants::{BySession, Key, Tenant};
use crate::session::VisitorOfRow;

/// In the order of their first changes that no row holds.
#[derive(Debug, Default)]
pub(super) struct Unwritten {
    since: BySession<Since>,
    /// Also holds entries of sessions that were written since, until they come to the front.
    order: VecDeque<Entry>,
    /// Bytes of events that were noted so far.
    noted: u64,
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
    /// The events since the one that waits longest are so many bytes: a start reads all of them again.
    pub(super) most_bytes: u64,
    /// So many are written at once.
    pub(super) limit: usize,
}

/// A change that the log holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noted {
    /// The record that holds it.
    pub(super) sequence: u64,
    pub(super) at: Timestamp,
    /// Of its events, as they are in the log.
    pub(super) bytes: usize,
    pub(super) visitor: VisitorOfRow,
}

#[derive(Debug, Clone, Copy)]
struct Since {
    sequence: u64,
    visitor: VisitorOfRow,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    sequence: u64,
    at: Timestamp,
    key: Key,
    /// Bytes that were noted before.
    before: u64,
}

impl Unwritten {
    pub(super) fn note(&mut self, key: Key, noted: Noted) {
        let Noted {
            sequence,
            at,
            bytes,
            visitor,
        } = noted;
        let before = self.noted;
        self.noted = before.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        match self.since.entry(key) {
            Slot::Vacant(vacant) => {
                vacant.insert(Since { sequence, visitor });
                self.order.push_back(Entry {
                    sequence,
                    at,
                    key,
                    before,
                });
            }
            Slot::Occupied(mut occupied) => {
                if visitor == VisitorOfRow::Another {
                    occupied.get_mut().visitor = visitor;
                }
            }
        }
    }

    /// Whether the row of a session names another visitor than it has.
    pub(super) fn visitor(&self, key: Key) -> VisitorOfRow {
        self.since
            .get(&key)
            .map_or(VisitorOfRow::Same, |it| it.visitor)
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
        let Waits {
            delay,
            most,
            most_bytes,
            limit,
        } = limits;
        self.drop_written();
        let mut excess = self.since.len().saturating_sub(most);
        let enough = self.noted.saturating_sub(most_bytes);
        let mut is_over = |entry: &&Entry| {
            let is_excess = excess > 0 || entry.before < enough;
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
        let since = self.since.remove(&key).map(|since| since.sequence);
        let all = since.into_iter().chain(self.held).chain([sequence]);
        self.held = all.min();
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    fn counts(&self, entry: &Entry) -> bool {
        let since = self.since.get(&entry.key);
        since.is_some_and(|since| since.sequence == entry.sequence)
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

    fn noted(sequence: u64, second: u64) -> Noted {
        Noted {
            sequence,
            at: at(second),
            bytes: 100,
            visitor: VisitorOfRow::Same,
        }
    }

    /// Four sessions, one a second, the last one first in the table.
    fn four() -> Unwritten {
        let mut unwritten = Unwritten::default();
        for second in 0..4 {
            unwritten.note(key(9 - second), noted(u64::from(second) + 1, second.into()));
        }
        unwritten
    }

    fn waits(most: usize, limit: usize) -> Waits {
        Waits {
            delay: DELAY,
            most,
            most_bytes: u64::MAX,
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
    fn those_are_written_whose_events_lie_too_far_back() {
        let mut unwritten = four();
        let bytes = |most_bytes| Waits {
            most_bytes,
            ..waits(100, 100)
        };
        assert_eq!(unwritten.waiting(at(3), bytes(400)), []);
        assert_eq!(unwritten.waiting(at(3), bytes(399)), [key(9)]);
        // More of one that waits already lets the others wait no longer.
        unwritten.note(key(6), noted(5, 3));
        assert_eq!(unwritten.waiting(at(3), bytes(399)), [key(8), key(9)]);
    }

    #[test]
    fn another_visitor_is_remembered_until_the_row_names_it() {
        let mut unwritten = four();
        let moved = Noted {
            visitor: VisitorOfRow::Another,
            ..noted(5, 4)
        };
        unwritten.note(key(7), moved);
        unwritten.note(key(7), noted(6, 5));
        assert_eq!(unwritten.visitor(key(7)), VisitorOfRow::Another);
        assert_eq!(unwritten.visitor(key(8)), VisitorOfRow::Same);
        unwritten.written(key(7));
        assert_eq!(unwritten.visitor(key(7)), VisitorOfRow::Same);
    }

    #[test]
    fn a_clock_that_is_set_back_holds_nothing_up() {
        let mut unwritten = Unwritten::default();
        unwritten.note(key(1), noted(1, 9));
        assert_eq!(unwritten.waiting(at(3), waits(100, 100)), [key(1)]);
    }
}
