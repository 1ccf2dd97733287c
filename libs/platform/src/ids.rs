//! Where ids come from, as a dependency, so that tests and replays get the same ones twice.

use domain::id::TypedId;
use uuid::Uuid;

/// Makes ids that never repeat.
pub trait IdSource: Send + Sync + 'static {
    /// The next id; those of the system are time-ordered (UUIDv7).
    fn next_uuid(&self) -> Uuid;
}

impl dyn IdSource {
    /// The next id of one kind: `ids.next::<OfferId>()`.
    pub fn next<T: TypedId>(&self) -> T {
        T::from_uuid(self.next_uuid())
    }
}

/// UUIDv7 from the time and the random source of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemIds;

impl IdSource for SystemIds {
    #[expect(clippy::disallowed_methods, reason = "this is where ids come from")]
    fn next_uuid(&self) -> Uuid {
        Uuid::now_v7()
    }
}
