//! Figures as they move.
//!
//! Every answer is computed from all facts of its window, so a stream cannot drift from what a query says. What that
//! costs is bounded: at most once a second, and at most a tenth of the time.

use std::sync::Arc;
use std::time::Duration;

use domain::id::TenantId;
use platform::stream::HEARTBEAT;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, sleep_until};

use super::{Answer, Selection, Service};
use crate::error::KpiError;
use crate::report::KpiReport;

/// Shortest time between two computations.
const MIN_PAUSE: Duration = Duration::from_secs(1);

/// A computation is followed by a pause so many times as long.
const PAUSE_PER_COST: u32 = 9;

/// A stream of figures.
pub(crate) struct Watching {
    service: Arc<Service>,
    tenant: TenantId,
    length: Duration,
    selection: Selection,
    changes: watch::Receiver<()>,
    last: Option<Last>,
    _permit: OwnedSemaphorePermit,
}

/// The last computation.
struct Last {
    report: KpiReport,
    sent_at: Instant,
    rest_until: Instant,
}

/// Why figures are computed again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// Nobody has seen any yet, or the reader has to be told that the stream lives.
    Due,
    /// There are new facts.
    Facts,
}

impl Service {
    /// Opens a stream of the window of this length that ends now.
    pub(crate) fn watch(
        self: &Arc<Self>,
        tenant: &TenantId,
        length: Duration,
        selection: Selection,
    ) -> Result<Watching, KpiError> {
        let permit = Arc::clone(&self.watches)
            .try_acquire_owned()
            .map_err(|_| KpiError::TooManyWatches)?;
        Ok(Watching {
            service: Arc::clone(self),
            tenant: tenant.clone(),
            length,
            selection,
            changes: self.changes.subscribe(tenant),
            last: None,
            _permit: permit,
        })
    }
}

impl Watching {
    /// The first figures at once; then new ones after new facts changed them, and every 15 seconds in any case. The
    /// latter also shows what another replica recorded, and what has left the window.
    pub(crate) async fn next(&mut self) -> Result<Answer, KpiError> {
        loop {
            let cause = self.wait().await;
            let started = Instant::now();
            // Seen before reading: a fact stored meanwhile leads to another round, never to none.
            self.changes.mark_unchanged();
            let answer = self
                .service
                .query_latest(&self.tenant, self.length, self.selection.clone())
                .await?;
            let now = Instant::now();
            let rest_until = (started + MIN_PAUSE).max(now + (now - started) * PAUSE_PER_COST);
            match &mut self.last {
                Some(last) if cause == Cause::Facts && last.report == answer.report => {
                    last.rest_until = rest_until;
                }
                _ => {
                    self.last = Some(Last {
                        report: answer.report.clone(),
                        sent_at: now,
                        rest_until,
                    });
                    return Ok(answer);
                }
            }
        }
    }

    async fn wait(&mut self) -> Cause {
        let Some(last) = &self.last else {
            return Cause::Due;
        };
        sleep_until(last.rest_until).await;
        tokio::select! {
            () = sleep_until(last.sent_at + HEARTBEAT) => Cause::Due,
            changed = self.changes.changed() => match changed {
                Ok(()) => Cause::Facts,
                // INVARIANT: the channel goes only when nobody listens, and we do.
                Err(_) => Cause::Due,
            },
        }
    }
}
