//! The relay carries what waits in the outbox. Each destination has a courier of its own, so that one that is slow or
//! gone holds up nobody else's messages.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use platform::clock::Clock;
use platform::telemetry::in_this_service;
use storage::Database;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::Transport;
use courier::Courier;

mod backoff;
mod batch;
mod courier;
mod plan;

/// How long a message may wait when no wake-up tells of it, as when another replica wrote it.
const POLL: Duration = Duration::from_millis(200);

/// Delivers the messages of one outbox. One per process and database; replicas share the work on PostgreSQL.
pub struct Relay {
    database: Database,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
}

impl Relay {
    pub fn new(database: Database, transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> Self {
        Self {
            database,
            transport,
            clock,
        }
    }

    /// Delivers until `stop`, then finishes the deliveries under way and returns. A commit that enqueued a message wakes
    /// it at once. Every failure is tried again, so this never ends by itself.
    pub async fn run(self, stop: CancellationToken) {
        let mut couriers = JoinSet::new();
        let mut bells = Vec::new();
        for destination in self.transport.destinations() {
            let bell = Arc::new(Notify::new());
            bells.push(Arc::clone(&bell));
            let courier = Courier {
                destination,
                database: self.database.clone(),
                transport: Arc::clone(&self.transport),
                clock: Arc::clone(&self.clock),
                bell,
                stop: stop.clone(),
            };
            couriers.spawn(in_this_service(courier.run()));
        }
        while stop
            .run_until_cancelled(tokio::time::timeout(
                POLL,
                self.database.wakeup().notified(),
            ))
            .await
            .is_some()
        {
            for bell in &bells {
                bell.notify_one();
            }
        }
        while let Some(ended) = couriers.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a courier ended in a panic");
            }
        }
    }
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay")
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}
