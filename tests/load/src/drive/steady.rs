//! A steady pace: one clock sends for all streams in turn. A thread of its own keeps it, since timers of the runtime are
//! no finer than a millisecond.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::mpsc::UnboundedSender;

use super::stream::{Answers, Open};
use super::{Progress, Running};
use crate::error::LoadError;
use crate::events::Message;
use crate::numbers::{count, real};

/// Time for the streams to be listened to before the first batch is due.
const LEAD: Duration = Duration::from_millis(20);

/// When each batch is due.
#[derive(Debug, Clone, Copy)]
struct Schedule {
    first: Instant,
    /// From one batch to the next, over all streams.
    step: Duration,
    streams: u64,
}

impl Schedule {
    /// Of the batch with this number, from 1, on this stream, from 0.
    fn due(&self, stream: u64, number: u64) -> Instant {
        let place = number.saturating_sub(1) * self.streams + stream;
        self.first + self.step.mul_f64(real(place))
    }
}

/// The sending half of a stream.
struct Sending {
    sender: UnboundedSender<Bytes>,
    messages: std::vec::IntoIter<Message>,
    /// Tells the other half how many events were sent.
    sent: tokio::sync::oneshot::Sender<u64>,
    events: u64,
}

/// Sends on all streams in turn.
pub(super) fn send(open: Vec<Open>, events_per_second: f64, progress: &Arc<Progress>) -> Running {
    let streams = count(open.len());
    let first = open
        .first()
        .and_then(|open| open.messages.as_slice().first());
    let per_message = first.map_or(1, |message| message.events);
    let schedule = Schedule {
        first: Instant::now() + LEAD,
        step: Duration::from_secs_f64(f64::from(per_message) / events_per_second.max(1.0)),
        streams,
    };
    let mut running = Running::new();
    let mut sending = Vec::new();
    for (stream, open) in (0..).zip(open) {
        let (sent, told) = tokio::sync::oneshot::channel();
        sending.push(Sending {
            sender: open.sender,
            messages: open.messages,
            sent,
            events: 0,
        });
        let progress = Arc::clone(progress);
        running.spawn(async move {
            let answers = read(open.answers, stream, schedule, &progress).await?;
            Ok(answers.finish(told.await.unwrap_or_default()))
        });
    }
    let progress = Arc::clone(progress);
    thread::spawn(move || {
        keep_pace(&mut sending, schedule, &progress);
        for ended in sending {
            // Its reader may have failed, which is told elsewhere.
            let _ = ended.sent.send(ended.events);
        }
    });
    running
}

fn keep_pace(sending: &mut [Sending], schedule: Schedule, progress: &Progress) {
    for number in 1.. {
        for (stream, sending) in (0..).zip(sending.iter_mut()) {
            let Some(message) = sending.messages.next() else {
                return;
            };
            let due = schedule.due(stream, number);
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if progress.is_stopping() {
                return;
            }
            sending.events += u64::from(message.events);
            let _ = sending.sender.send(message.bytes);
        }
    }
}

async fn read(
    mut answers: Answers,
    stream: u64,
    schedule: Schedule,
    progress: &Progress,
) -> Result<Answers, LoadError> {
    while let Some(durable) = answers.next(progress).await? {
        if !progress.is_measuring() {
            continue;
        }
        let now = Instant::now();
        for number in durable {
            let due = schedule.due(stream, number);
            answers
                .latencies()
                .record(now.saturating_duration_since(due));
        }
    }
    Ok(answers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_take_turns() {
        let schedule = Schedule {
            first: Instant::now(),
            step: Duration::from_millis(10),
            streams: 4,
        };

        let after = |stream, number| schedule.due(stream, number) - schedule.first;

        assert_eq!(after(0, 1), Duration::ZERO);
        assert_eq!(after(3, 1), Duration::from_millis(30));
        assert_eq!(after(1, 2), Duration::from_millis(50));
    }
}
