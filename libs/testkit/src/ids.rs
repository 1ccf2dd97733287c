//! Ids that are the same in each run, so that a failing test shows the same values twice and golden bytes hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::id::TypedId;
use platform::ids::IdSource;
use uuid::Uuid;

/// Version 7 and variant bits set, time bits fixed: valid wherever a time-ordered id is expected.
const BASE: u128 = 0x0192_f0c1_0000_7000_8000_0000_0000_0000;

/// `0192f0c1-0000-7000-8000-000000000001`, `…02` and so on, in ascending order. Clones share one counter.
#[derive(Debug, Clone, Default)]
pub struct SequentialIds {
    issued: Arc<AtomicU64>,
}

impl SequentialIds {
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts after `issued` ids, for a second source in one test that must not repeat the first.
    pub fn after(issued: u64) -> Self {
        Self {
            issued: Arc::new(AtomicU64::new(issued)),
        }
    }

    /// The next id of one kind.
    pub fn next<T: TypedId>(&self) -> T {
        T::from_uuid(self.next_uuid())
    }

    /// The form that services take.
    pub fn shared(&self) -> Arc<dyn IdSource> {
        Arc::new(self.clone())
    }
}

impl IdSource for SequentialIds {
    fn next_uuid(&self) -> Uuid {
        nth_uuid(self.issued.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

/// The id of one kind that [`SequentialIds`] gives as its `n`th, counted from 1: `nth::<SessionId>(7)`.
pub fn nth<T: TypedId>(n: u64) -> T {
    T::from_uuid(nth_uuid(n))
}

/// The bare UUID of [`nth`].
pub fn nth_uuid(n: u64) -> Uuid {
    // The low 62 bits are free: the two above them are the variant.
    Uuid::from_u128(BASE | (u128::from(n) & ((1 << 62) - 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_repeat_from_run_to_run_and_ascend() {
        let ids = SequentialIds::new();

        let (first, second) = (ids.next_uuid(), ids.next_uuid());

        assert_eq!(first.to_string(), "0192f0c1-0000-7000-8000-000000000001");
        assert_eq!(first.get_version_num(), 7);
        assert!(first < second);
    }
}
