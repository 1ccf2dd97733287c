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
enum Occasion {
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
            let occasion = self.wait().await;
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
                Some(last) if occasion == Occasion::Facts && last.report == answer.report => {
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

    async fn wait(&mut self) -> Occasion {
        let Some(last) = &self.last else {
            return Occasion::Due;
        };
        sleep_until(last.rest_until).await;
        tokio::select! {
            // A sign of life is due also where facts come all the time and change nothing.
            biased;
            () = sleep_until(last.sent_at + HEARTBEAT) => Occasion::Due,
            changed = self.changes.changed() => match changed {
                Ok(()) => Occasion::Facts,
                // INVARIANT: the channel goes only when nobody listens, and we do.
                Err(_) => Occasion::Due,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use testkit::builders::tenant;

    use super::super::tests::{a_service, anything};
    use super::*;

    #[tokio::test]
    async fn facts_that_change_nothing_never_hold_up_a_sign_of_life() {
        let (service, _database, _scratch) = a_service().await;
        let mut watching = service
            .watch(&tenant(), Duration::from_hours(1), anything())
            .unwrap();
        let long_ago = Instant::now().checked_sub(HEARTBEAT).unwrap();
        let report = watching.next().await.unwrap().report;
        watching.last = Some(Last {
            report,
            sent_at: long_ago,
            rest_until: long_ago,
        });

        for _ in 0..64 {
            service.changes.tell(&tenant());
            assert!(watching.wait().await == Occasion::Due);
        }
    }
}
