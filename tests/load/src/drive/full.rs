//! Full speed: the next batch of a stream leaves when one of its batches is acknowledged.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::stream::{Open, Told};
use super::{Progress, Running};
use crate::error::LoadError;

/// Sends on all streams at once.
pub(super) fn send(open: Vec<Open>, window: usize, progress: &Arc<Progress>) -> Running {
    let mut running = Running::new();
    for open in open {
        running.spawn(stream(open, window, Arc::clone(progress)));
    }
    running
}

async fn stream(open: Open, window: usize, progress: Arc<Progress>) -> Result<Told, LoadError> {
    let Open {
        sender,
        mut answers,
        mut messages,
    } = open;
    let mut sent = 0;
    // When each batch left that is not acknowledged yet.
    let mut in_flight = VecDeque::with_capacity(window);
    loop {
        while in_flight.len() < window && !progress.is_stopping() {
            let Some(message) = messages.next() else {
                break;
            };
            sent += u64::from(message.events);
            in_flight.push_back(Instant::now());
            // A stream that has ended says so to whoever reads it.
            let _ = sender.send(message.bytes);
        }
        if in_flight.is_empty() {
            return Ok(answers.finish(sent));
        }
        let Some(durable) = answers.next(&progress).await? else {
            let what = "the stream ended before every batch was acknowledged";
            return Err(LoadError::Wrong(what.to_owned()));
        };
        let now = Instant::now();
        for left in durable.filter_map(|_| in_flight.pop_front()) {
            if progress.is_measuring() {
                answers.latencies().record(now - left);
            }
        }
    }
}
