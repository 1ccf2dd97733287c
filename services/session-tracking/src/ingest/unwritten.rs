//! Sessions whose rows do not hold their last changes yet. The log holds these, so a crash loses nothing: whoever starts
//! again reads on from the first record that is not in all rows.

use std::collections::{HashMap, HashSet, VecDeque};

use domain::time::Timestamp;

use super::tenants::Key;

/// In the order of their first changes that no row holds.
#[derive(Debug, Default)]
pub(super) struct Unwritten {
    since: HashMap<Key, u64>,
    /// Also holds entries of sessions that were written since, until they come to the front.
    order: VecDeque<Entry>,
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
        if let std::collections::hash_map::Entry::Vacant(vacant) = self.since.entry(key) {
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

    /// Sessions that have waited since `before` or longer, those that have waited longest first.
    pub(super) fn waiting_since(&mut self, before: Timestamp, limit: usize) -> Vec<Key> {
        self.drop_written();
        let waiting = self.order.iter().take_while(|entry| entry.at <= before);
        waiting
            .filter(|entry| self.counts(entry))
            .map(|entry| entry.key)
            .take(limit)
            .collect()
    }

    /// The last record up to which all rows hold everything, once these rows are written too, when `head` is the last of
    /// all.
    pub(super) fn settled(&mut self, head: u64, rows: &[Key]) -> u64 {
        self.drop_written();
        let rows: HashSet<Key> = rows.iter().copied().collect();
        self.order
            .iter()
            .find(|entry| self.counts(entry) && !rows.contains(&entry.key))
            .map_or(head, |entry| entry.sequence.saturating_sub(1))
    }

    pub(super) fn clear(&mut self) {
        self.since.clear();
        self.order.clear();
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
