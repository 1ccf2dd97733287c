//! What is kept in memory up to a number: when there is more, what was kept first is forgotten, and made again when it is
//! asked for.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Shared values by their keys.
pub(super) struct Kept<K, V> {
    most: usize,
    values: Mutex<Values<K, V>>,
}

struct Values<K, V> {
    by_key: HashMap<K, Arc<V>>,
    /// In the order in which they were kept.
    order: VecDeque<K>,
}

impl<K: Clone + Eq + Hash, V> Kept<K, V> {
    pub(super) fn new(most: usize) -> Self {
        let values = Values {
            by_key: HashMap::new(),
            order: VecDeque::new(),
        };
        Self {
            most,
            values: Mutex::new(values),
        }
    }

    pub(super) fn get(&self, key: &K) -> Option<Arc<V>> {
        self.values().by_key.get(key).map(Arc::clone)
    }

    /// Keeps a value, in place of an earlier one.
    pub(super) fn keep(&self, key: K, value: Arc<V>) {
        let mut values = self.values();
        if values.by_key.insert(key.clone(), value).is_some() {
            return;
        }
        values.order.push_back(key);
        while values.order.len() > self.most {
            if let Some(oldest) = values.order.pop_front() {
                values.by_key.remove(&oldest);
            }
        }
    }

    fn values(&self) -> MutexGuard<'_, Values<K, V>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_and_no_other() {
        let kept = Kept::new(3);
        for key in [1, 2, 1, 3, 4] {
            kept.keep(key, Arc::new(key));
        }

        let there = |key| kept.get(&key).is_some();
        assert_eq!([1, 2, 3, 4].map(there), [false, true, true, true]);
        let values = kept.values();
        assert_eq!((values.by_key.len(), values.order.len()), (3, 3));
    }

    #[test]
    fn the_newest_value_of_a_key_counts() {
        let kept = Kept::new(3);
        kept.keep("key", Arc::new(1));
        kept.keep("key", Arc::new(2));

        assert_eq!(kept.get(&"key").as_deref(), Some(&2));
    }
}
