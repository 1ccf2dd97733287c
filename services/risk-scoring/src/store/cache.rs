//! What registered models evaluate, kept in memory: a committed model never changes, and its file may be megabytes long.
//!
//! Bounded by the size of all models together; who was not asked for the longest is forgotten first. That a model cannot be
//! used is kept, too, so that it is read and complained about once.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::id::TenantId;

use crate::evaluator::Evaluator;
use crate::model::ModelKey;

/// Nodes of trees and what their leaves add, lines and terms of all models together, of about nine bytes each but for the few
/// lines and terms: the most that one tenant can run at once fits.
const MAX_SIZE: usize = 11_000_000;
/// What a model takes at least.
const LEAST_SIZE: usize = 100;

/// A registered version of a tenant.
pub(super) type Name = (TenantId, ModelKey);

/// What is known of a model that is stored.
#[derive(Debug, Clone)]
pub(super) enum Known {
    Usable(Arc<Evaluator>),
    /// This release cannot evaluate it.
    Unusable,
}

/// Models by name. Clones share everything.
#[derive(Clone)]
pub(super) struct Cache(Arc<Mutex<Kept>>);

struct Kept {
    entries: HashMap<Name, Entry>,
    /// Tenants whose models were all read since one of them was forgotten.
    warm: HashSet<TenantId>,
    size: usize,
    max_size: usize,
    /// Counts what was asked for.
    asked: u64,
}

struct Entry {
    known: Known,
    size: usize,
    asked: u64,
}

impl Cache {
    pub(super) fn new() -> Self {
        Self::of_size(MAX_SIZE)
    }

    fn of_size(max_size: usize) -> Self {
        Self(Arc::new(Mutex::new(Kept {
            entries: HashMap::new(),
            warm: HashSet::new(),
            size: 0,
            max_size,
            asked: 0,
        })))
    }

    pub(super) fn get(&self, name: &Name) -> Option<Known> {
        let mut kept = self.lock();
        kept.asked = kept.asked.saturating_add(1);
        let asked = kept.asked;
        let entry = kept.entries.get_mut(name)?;
        entry.asked = asked;
        Some(entry.known.clone())
    }

    pub(super) fn keep(&self, name: Name, known: Known) {
        let size = match &known {
            Known::Usable(evaluator) => evaluator.size().max(LEAST_SIZE),
            Known::Unusable => LEAST_SIZE,
        };
        let mut kept = self.lock();
        kept.forget(&name);
        kept.make_room(size);
        kept.asked = kept.asked.saturating_add(1);
        let asked = kept.asked;
        kept.size = kept.size.saturating_add(size);
        kept.entries.insert(name, Entry { known, size, asked });
    }

    /// Whether the models of a tenant were all read, and none was forgotten since.
    pub(super) fn is_warm(&self, tenant: &TenantId) -> bool {
        self.lock().warm.contains(tenant)
    }

    pub(super) fn note_warm(&self, tenant: TenantId) {
        self.lock().warm.insert(tenant);
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn make_room(&mut self, size: usize) {
        while !self.entries.is_empty() && self.size.saturating_add(size) > self.max_size {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.asked);
            let Some((name, _)) = oldest.map(|(name, entry)| (name.clone(), entry.asked)) else {
                return;
            };
            self.warm.remove(&name.0);
            self.forget(&name);
        }
    }

    fn forget(&mut self, name: &Name) {
        if let Some(entry) = self.entries.remove(name) {
            self.size = self.size.saturating_sub(entry.size);
        }
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Cache").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use domain::id::ModelId;
    use testkit::builders::tenant;

    use super::*;

    fn name(version: u32) -> Name {
        let id = ModelId::parse("spring").unwrap();
        (tenant(), ModelKey { id, version })
    }

    #[test]
    fn what_was_not_asked_for_the_longest_makes_room() {
        let cache = Cache::of_size(3 * LEAST_SIZE);
        cache.note_warm(tenant());
        for version in 1..=3 {
            cache.keep(name(version), Known::Unusable);
        }
        assert!(cache.is_warm(&tenant()) && cache.get(&name(1)).is_some());

        cache.keep(name(4), Known::Unusable);

        let held = [1, 2, 3, 4].map(|version| cache.get(&name(version)).is_some());
        assert_eq!(held, [true, false, true, true]);
        assert!(
            !cache.is_warm(&tenant()),
            "one of its models is to be read again"
        );
    }

    #[test]
    fn keeping_one_again_takes_no_more_room() {
        let cache = Cache::of_size(2 * LEAST_SIZE);
        for _ in 0..10 {
            cache.keep(name(1), Known::Unusable);
        }
        cache.keep(name(2), Known::Unusable);
        assert!(cache.get(&name(1)).is_some() && cache.get(&name(2)).is_some());
    }

    #[test]
    fn a_model_that_is_larger_than_all_room_is_kept_alone() {
        let cache = Cache::of_size(LEAST_SIZE / 2);
        cache.keep(name(1), Known::Unusable);
        cache.keep(name(2), Known::Unusable);
        assert!(cache.get(&name(1)).is_none() && cache.get(&name(2)).is_some());
    }
}
