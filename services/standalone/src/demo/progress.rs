//! Progress on standard error: a bar where somebody watches, and lines with the time since the start.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::replay::Observer;

/// Parts of a replay that are told where no bar can be drawn.
const PARTS: u64 = 4;

/// Tells how far the demo has come.
#[derive(Debug)]
pub(super) struct Progress {
    began: Instant,
    bar: ProgressBar,
    done: AtomicU64,
    total: AtomicU64,
}

impl Progress {
    pub(super) fn begin() -> Self {
        let style = ProgressStyle::with_template("{elapsed:>5} [{bar:40}] {pos}/{len} {msg}");
        // Drawn from the moment on that there is something to count.
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        Self {
            began: Instant::now(),
            bar: match style {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            },
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
        }
    }

    /// When the demo began.
    pub(super) const fn began(&self) -> Instant {
        self.began
    }

    /// One line.
    pub(super) fn say(&self, text: &str) {
        let seconds = self.began.elapsed().as_secs_f64();
        self.bar.suspend(|| {
            // Whoever closed standard error does not want to know.
            let _ = writeln!(io::stderr().lock(), "{seconds:6.1} s  {text}");
        });
    }

    /// Begins to count recorded events.
    pub(super) fn expect(&self, events: usize) {
        let total = u64::try_from(events).unwrap_or(u64::MAX);
        self.total.store(total, Ordering::Relaxed);
        self.bar.set_draw_target(ProgressDrawTarget::stderr());
        self.bar.set_length(total);
        self.bar.set_message("recorded events");
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for Progress {
    fn acknowledged(&self, events: u64) {
        let before = self.done.fetch_add(events, Ordering::Relaxed);
        self.bar.inc(events);
        let total = self.total.load(Ordering::Relaxed).max(1);
        let part = |events: u64| events.saturating_mul(PARTS) / total;
        let now = before.saturating_add(events);
        if self.bar.is_hidden() && part(now) > part(before) {
            self.say(&format!("{now} of {total} recorded events are durable"));
        }
    }
}
