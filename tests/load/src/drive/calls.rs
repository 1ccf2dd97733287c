//! Unary calls: so many callers, each with one call under way. At full speed a caller makes the next call when it has its
//! answer; at a steady pace calls are due by a clock, whether or not a caller is free, and a latency counts from then.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use tokio::sync::{Mutex, mpsc};

use super::stream::Told;
use super::{Outcome, Pace, Plan, Progress, Running, run};
use crate::error::LoadError;
use crate::server::Server;

/// A call that is made once it is polled.
pub(crate) type Call = BoxFuture<'static, Result<(), LoadError>>;

/// A call, and when it is due; at full speed, when somebody is free.
type Due = (Option<Instant>, Call);

/// Makes calls, in their order.
pub(crate) async fn call(
    server: &Server,
    calls: Vec<Call>,
    callers: usize,
    plan: Plan,
) -> Result<Outcome, LoadError> {
    let (sender, waiting) = mpsc::unbounded_channel();
    let waiting = Arc::new(Mutex::new(waiting));
    let start = |progress: &Arc<Progress>| {
        let mut running = Running::new();
        for _ in 0..callers {
            running.spawn(caller(Arc::clone(&waiting), Arc::clone(progress)));
        }
        match plan.pace {
            // Nobody stops listening before all is sent.
            Pace::Full { .. } => calls.into_iter().for_each(|call| {
                let _ = sender.send((None, call));
            }),
            Pace::Steady { events_per_second } => {
                let step = Duration::from_secs_f64(events_per_second.max(1.0).recip());
                let progress = Arc::clone(progress);
                // Timers of the runtime are no finer than a millisecond.
                thread::spawn(move || keep_pace(calls, step, &sender, &progress));
            }
        }
        running
    };
    run(server, plan, start).await
}

fn keep_pace(
    calls: Vec<Call>,
    step: Duration,
    sender: &mpsc::UnboundedSender<Due>,
    progress: &Progress,
) {
    let mut due = Instant::now();
    for call in calls {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if progress.is_stopping() || sender.send((Some(due), call)).is_err() {
            return;
        }
        due += step;
    }
}

async fn caller(
    waiting: Arc<Mutex<mpsc::UnboundedReceiver<Due>>>,
    progress: Arc<Progress>,
) -> Result<Told, LoadError> {
    let mut told = Told::default();
    while !progress.is_stopping() {
        let next = waiting.lock().await.recv().await;
        let Some((due, call)) = next else { break };
        let begun = due.unwrap_or_else(Instant::now);
        told.sent += 1;
        call.await?;
        told.accepted += 1;
        progress.acknowledged.fetch_add(1, Ordering::Relaxed);
        if progress.is_measuring() {
            told.latencies.record(begun.elapsed());
        }
    }
    Ok(told)
}
