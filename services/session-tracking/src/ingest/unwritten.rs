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

    /// Sessions that have waited for so long by `now`, those that have waited longest first. What was noted by a clock
    /// that has been set back since waits no longer.
    pub(super) fn waiting(&mut self, now: Timestamp, delay: Duration, limit: usize) -> Vec<Key> {
        self.drop_written();
        let is_over = |entry: &&Entry| entry.at > now || elapsed(entry.at, now) >= delay;
        let waiting = self.order.iter().take_while(is_over);
        waiting
            .filter(|entry| self.counts(entry))
            .map(|entry| entry.key)
            .take(limit)
            .collect()
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
