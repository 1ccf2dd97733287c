//! The courier of one destination: claims what is due, delivers it in batches, and writes down in groups what became of
//! them. Deliveries go on while it claims and writes.

use std::collections::HashSet;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use platform::clock::Clock;
use platform::status::chain;
use platform::telemetry::in_this_service;
use storage::{Database, StoreError};
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::backoff::pause_after;
use super::batch::{self, DELIVERY_TIMEOUT, Means, Report, Seen};
use super::plan::{self, Lane};
use crate::Transport;
use crate::outbox::{self, Claim, Outcome, Row, Settled};

/// Deliveries to one destination at a time: half of what a service takes before it refuses.
const CONCURRENCY: usize = 32;
/// Messages in memory for one destination.
const MOST_CLAIMED: usize = 512;
/// Outcomes wait this long for company, so that one write records many.
const MARK_AFTER: Duration = Duration::from_millis(10);
const LEASE: Duration = Duration::from_secs(30);

pub(super) struct Courier {
    pub(super) destination: String,
    pub(super) database: Database,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) clock: Arc<dyn Clock>,
    /// Rung when something may be due.
    pub(super) bell: Arc<Notify>,
    pub(super) stop: CancellationToken,
}

/// What a courier has in hand.
struct Round {
    means: Arc<Means>,
    batches: JoinSet<()>,
    reports: mpsc::UnboundedReceiver<Report>,
    /// Lanes whose first message was delivered, and which go on.
    waiting: Vec<Lane>,
    /// Lanes of which a message is being delivered or not yet written down. INVARIANT: nothing of them is claimed.
    busy: HashSet<i64>,
    claimed: usize,
    /// What is known and not yet written down, and when it will be.
    settled: Vec<Settled>,
    settled_lanes: Vec<i64>,
    mark_at: Option<Instant>,
    marking: Option<BoxFuture<'static, Marked>>,
    /// How often in a row the destination was gone, and until when it is left alone.
    gone: u32,
    quiet_until: Option<Instant>,
    /// Whether something may be due that was not claimed.
    look: bool,
}

/// The end of a write: what could not be recorded is kept and written again.
struct Marked {
    settled: Vec<Settled>,
    lanes: Vec<i64>,
    outcome: Result<(), StoreError>,
}

impl Courier {
    pub(super) async fn run(self) {
        let (sender, reports) = mpsc::unbounded_channel();
        let mut round = Round {
            means: Arc::new(Means {
                transport: Arc::clone(&self.transport),
                clock: Arc::clone(&self.clock),
                permits: Semaphore::new(CONCURRENCY),
                stop: self.stop.clone(),
                reports: sender,
            }),
            batches: JoinSet::new(),
            reports,
            waiting: Vec::new(),
            busy: HashSet::new(),
            claimed: 0,
            settled: Vec::new(),
            settled_lanes: Vec::new(),
            mark_at: None,
            marking: None,
            gone: 0,
            quiet_until: None,
            look: true,
        };
        while !self.stop.is_cancelled() {
            if round.look {
                self.claim(&mut round).await;
            }
            self.mark_if_due(&mut round);
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = self.bell.notified() => round.look = true,
                () = sleep_until(round.next_mark()) => {}
                () = sleep_until(round.quiet_until) => round.end_quiet(),
                Some(report) = round.reports.recv() => round.take_all(report),
                Some(ended) = round.batches.join_next() => notice(ended),
                marked = ended(&mut round.marking) => round.conclude(marked),
            }
        }
        self.finish(round).await;
    }

    async fn claim(&self, round: &mut Round) {
        round.look = false;
        let free = MOST_CLAIMED.saturating_sub(round.claimed);
        if free == 0 || round.quiet_until.is_some() {
            return;
        }
        // One message finds out whether a destination that was gone is back.
        let limit = if round.gone == 0 { free } else { 1 };
        if round.gone > 0 && !round.busy.is_empty() {
            return;
        }
        let claim = Claim {
            destination: self.destination.clone(),
            busy: round.busy.iter().copied().collect(),
            limit: u64::try_from(limit).unwrap_or(u64::MAX),
            lease: LEASE,
        };
        match outbox::claim(&self.database, claim, self.clock.now()).await {
            Ok(rows) => round.start(rows),
            // The poll comes back to it.
            Err(error) => tracing::warn!(
                error = %chain(&error),
                "outbox not readable"
            ),
        }
    }

    fn mark_if_due(&self, round: &mut Round) {
        let due = round.mark_at.is_some_and(|at| at <= Instant::now());
        if due && round.marking.is_none() {
            let settled = std::mem::take(&mut round.settled);
            let lanes = std::mem::take(&mut round.settled_lanes);
            round.mark_at = None;
            let mark = mark(
                self.database.clone(),
                Arc::clone(&self.clock),
                settled,
                lanes,
            );
            round.marking = Some(mark.boxed());
        }
    }

    /// Waits for the deliveries under way and writes down what became of them.
    async fn finish(&self, mut round: Round) {
        while let Some(ended) = round.batches.join_next().await {
            notice(ended);
        }
        while let Ok(report) = round.reports.try_recv() {
            round.take(report);
        }
        round.release();
        if let Some(marking) = round.marking.take() {
            round.conclude(marking.await);
        }
        let Round {
            settled,
            settled_lanes,
            ..
        } = round;
        let database = self.database.clone();
        let marked = mark(database, Arc::clone(&self.clock), settled, settled_lanes).await;
        if let Err(error) = marked.outcome {
            // They are delivered again after the next start, and the receiver's inbox drops them.
            tracing::warn!(
                error = %chain(&error),
                messages = marked.settled.len(),
                "deliveries not recorded"
            );
        }
    }
}

impl Round {
    fn start(&mut self, rows: Vec<Row>) {
        self.claimed = self.claimed.saturating_add(rows.len());
        let until = Instant::now() + LEASE.saturating_sub(DELIVERY_TIMEOUT * 2);
        let lanes = plan::lanes(rows, until);
        self.busy.extend(lanes.iter().map(|lane| lane.number));
        self.send(lanes);
    }

    fn send(&mut self, lanes: Vec<Lane>) {
        for lanes in plan::batches(lanes) {
            let batch = batch::deliver(Arc::clone(&self.means), lanes);
            self.batches.spawn(in_this_service(batch));
        }
    }

    /// Takes a report and what else is known by now, so that lanes that go on may go together.
    fn take_all(&mut self, report: Report) {
        self.take(report);
        while let Ok(report) = self.reports.try_recv() {
            self.take(report);
        }
        let waiting = std::mem::take(&mut self.waiting);
        self.send(waiting);
    }

    fn take(&mut self, report: Report) {
        match report.destination {
            Seen::Answering => self.gone = 0,
            Seen::Gone if self.quiet_until.is_none() => {
                self.gone = self.gone.saturating_add(1);
                self.quiet_until = Some(Instant::now() + pause_after(self.gone));
            }
            Seen::Gone | Seen::Nothing => {}
        }
        let now = Instant::now();
        self.mark_at.get_or_insert(now + MARK_AFTER);
        self.settled.extend(report.settled);
        if report.lane.rows.is_empty() {
            self.settled_lanes.push(report.lane.number);
        } else {
            self.waiting.push(report.lane);
        }
    }

    /// Gives back what was claimed and will not be tried.
    fn release(&mut self) {
        let rows = self.waiting.drain(..).flat_map(|lane| lane.rows);
        self.settled.extend(rows.map(|row| Settled {
            id: row.id,
            outcome: Outcome::Released,
        }));
    }

    fn conclude(&mut self, marked: Marked) {
        self.marking = None;
        match marked.outcome {
            Ok(()) => {
                self.claimed = self.claimed.saturating_sub(marked.settled.len());
                for lane in marked.lanes {
                    self.busy.remove(&lane);
                }
                self.look = true;
            }
            Err(error) => {
                tracing::warn!(
                    error = %chain(&error),
                    "deliveries not recorded yet"
                );
                self.settled.extend(marked.settled);
                self.settled_lanes.extend(marked.lanes);
                // INVARIANT: what is not written down stays busy, and is written before anything else of its lane goes.
                self.mark_at = Some(Instant::now() + pause_after(1));
            }
        }
    }

    fn end_quiet(&mut self) {
        self.quiet_until = None;
        self.look = true;
    }

    fn next_mark(&self) -> Option<Instant> {
        self.mark_at.filter(|_| self.marking.is_none())
    }
}

async fn mark(
    database: Database,
    clock: Arc<dyn Clock>,
    settled: Vec<Settled>,
    lanes: Vec<i64>,
) -> Marked {
    let outcome = if settled.is_empty() {
        Ok(())
    } else {
        let (shared, now) = (Arc::new(settled.clone()), clock.now());
        let write = database.write(move |tx| {
            let settled = Arc::clone(&shared);
            async move { outbox::mark(tx, &settled, now).await }.boxed()
        });
        write.await
    };
    Marked {
        settled,
        lanes,
        outcome,
    }
}

fn notice(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        // Its lanes stay busy until the next start: a message that makes us panic would only do so again.
        tracing::error!(%error, "a delivery panicked");
    }
}

/// Waits for a write under way; for ever when there is none.
async fn ended(marking: &mut Option<BoxFuture<'static, Marked>>) -> Marked {
    match marking {
        Some(marking) => marking.await,
        None => pending().await,
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => pending().await,
    }
}
