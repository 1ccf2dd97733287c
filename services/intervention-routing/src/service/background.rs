//! What runs without being asked: handing out tasks, the timers, and upkeep.

use domain::time::Timestamp;
use platform::lifecycle::Tasks;
use storage::Tx;

use super::Service;
use super::dispatch::Line;

impl Service {
    /// Starts the dispatchers, the timers and upkeep. All find all that they need in the store, so a restart loses nothing.
    pub(crate) fn start_background(&self, tasks: &Tasks) {
        let stop = tasks.shutdown();
        for line in [Line::Chats, Line::Calls] {
            let dispatched = self.clone().dispatch_until(line, stop.clone());
            tasks.spawn(line.name(), dispatched);
        }
        tasks.spawn("timers", self.clone().keep_time_until(stop.clone()));
        tasks.spawn("upkeep", self.clone().keep_tidy_until(stop.clone()));
    }

    /// The time by which streams are opened.
    pub(crate) fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Has the dispatchers look for work once the transaction is durable.
    pub(super) fn dispatch_after_commit(&self, tx: &Tx) {
        let dispatchers = self.inner.dispatchers.clone();
        tx.after_commit(move || dispatchers.wake());
    }

    /// Has the dispatchers look for work now.
    pub(super) fn dispatch_soon(&self) {
        self.inner.dispatchers.wake();
    }
}
