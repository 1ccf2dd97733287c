//! What runs without being asked: handing out tasks, the timers, and upkeep.

use std::sync::Arc;

use domain::time::Timestamp;
use platform::lifecycle::Tasks;
use storage::Tx;

use super::Service;

impl Service {
    /// Starts the dispatcher, the timers and upkeep. All find all that they need in the store, so a restart loses nothing.
    pub(crate) fn start_background(&self, tasks: &Tasks) {
        let stop = tasks.shutdown();
        tasks.spawn("dispatcher", self.clone().dispatch_until(stop.clone()));
        tasks.spawn("timers", self.clone().keep_time_until(stop.clone()));
        tasks.spawn("upkeep", self.clone().keep_tidy_until(stop.clone()));
    }

    /// The time by which streams are opened.
    pub(crate) fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Has the dispatcher look for work once the transaction is durable.
    pub(super) fn dispatch_after_commit(&self, tx: &Tx) {
        let wake = Arc::clone(&self.inner.wake);
        tx.after_commit(move || wake.notify_one());
    }

    /// Has the dispatcher look for work now.
    pub(super) fn dispatch_soon(&self) {
        self.inner.wake.notify_one();
    }
}
