//! Senders that go on through a fault, by the same events until they are acknowledged, and know afterwards what must be there.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use platform::clock::{Clock, SystemClock};
use platform::status::reason_of;
use proto::error::v1::ErrorReason;
use proto::session::v1 as pb;
use testkit::eventually;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::events::{event, session_id, viewed};
use crate::world::Sessions;

/// Events of a batch.
const BATCH: usize = 5;

/// One session's events, sent batch by batch.
pub(crate) struct Sender {
    session: u64,
    clock: Arc<dyn Clock>,
    /// Batches that were acknowledged.
    acknowledged: usize,
    batches: Vec<Vec<pb::Event>>,
}

impl Sender {
    pub(crate) fn new(session: u64, clock: Arc<dyn Clock>) -> Self {
        Self {
            session,
            clock,
            acknowledged: 0,
            batches: Vec::new(),
        }
    }

    /// One whose events occur now.
    pub(crate) fn by_the_clock(session: u64) -> Self {
        Self::new(session, Arc::new(SystemClock))
    }

    /// Batches that were acknowledged.
    pub(crate) fn acknowledged(&self) -> usize {
        self.acknowledged
    }

    /// Sends what was not acknowledged, then new batches, until a call fails.
    pub(crate) async fn run(mut self, mut client: Sessions) -> Self {
        while self.send(&mut client).await.is_ok() {}
        self
    }

    /// Sends what was not acknowledged, or a new batch.
    async fn send(&mut self, client: &mut Sessions) -> Result<(), Status> {
        if self.acknowledged == self.batches.len() {
            let now = self.clock.now();
            let view = |_| event(self.session, now, viewed(pb::PageKind::Browse));
            self.batches.push((0..BATCH).map(view).collect());
        }
        let events = self.batches[self.acknowledged].clone();
        let request = pb::RecordEventsRequest { events };
        let answer = client.record_events(request).await?.into_inner();
        let told = answer.accepted_count + answer.duplicate_count;
        assert_eq!(usize::try_from(told).unwrap(), BATCH, "{answer:?}");
        self.acknowledged += 1;
        Ok(())
    }

    /// Fails unless what was acknowledged is there, all of it, and nothing is there twice.
    pub(crate) async fn check(&self, client: &mut Sessions) {
        let request = pb::GetSessionRequest {
            session_id: session_id(self.session),
        };
        let count = match client.get_session(request).await {
            Ok(found) => found.into_inner().session.unwrap().event_count,
            Err(_) => 0,
        };
        let (acknowledged, sent) = (self.acknowledged * BATCH, self.batches.len() * BATCH);
        let stored = usize::try_from(count).unwrap();
        assert!(
            acknowledged <= stored && stored <= sent && stored.is_multiple_of(BATCH),
            "session {}: {acknowledged} acknowledged, {stored} stored, {sent} sent",
            self.session
        );
    }

    /// Sent again, all of it counts as seen, but for a batch of which nothing was stored.
    pub(crate) async fn send_all_again(&self, client: &mut Sessions) {
        for events in self.batches.clone() {
            let request = pb::RecordEventsRequest { events };
            let answer = client.record_events(request).await.unwrap().into_inner();
            assert!([0, 5].contains(&answer.accepted_count), "{answer:?}");
        }
    }
}

/// Senders that go on whatever they are answered, until they are told to stop.
pub(crate) struct Senders {
    seen: Vec<Arc<Seen>>,
    stop: CancellationToken,
    running: JoinSet<(Sender, Sessions)>,
}

/// What a sender was answered.
#[derive(Default)]
struct Seen {
    acknowledged: AtomicUsize,
    refused: Mutex<Vec<Status>>,
}

impl Senders {
    pub(crate) fn start(senders: impl IntoIterator<Item = (Sender, Sessions)>) -> Self {
        let (mut seen, mut running) = (Vec::new(), JoinSet::new());
        let stop = CancellationToken::new();
        for (sender, client) in senders {
            let own = Arc::<Seen>::default();
            seen.push(Arc::clone(&own));
            running.spawn(persist(sender, client, own, stop.clone()));
        }
        Self {
            seen,
            stop,
            running,
        }
    }

    /// Waits until each of them was acknowledged something that it had not been when this was called.
    pub(crate) async fn go_on(&self, deadline: Duration) {
        let acknowledged = |seen: &Arc<Seen>| seen.acknowledged.load(Ordering::SeqCst);
        let before: Vec<_> = self.seen.iter().map(acknowledged).collect();
        eventually(deadline, async || {
            let mut now = self.seen.iter().map(acknowledged).zip(&before);
            // What was under way has come to its end, and one more was begun.
            now.all(|(now, before)| now > before + 1)
        })
        .await;
    }

    /// Waits until each of them was refused something since the last time.
    pub(crate) async fn are_refused(&self, deadline: Duration) {
        eventually(deadline, async || {
            let mut seen = self.seen.iter();
            seen.all(|seen| !seen.refused.lock().unwrap().is_empty())
        })
        .await;
    }

    /// How they were refused since the last time: codes, as numbers, and reasons.
    pub(crate) fn refusals(&self) -> BTreeSet<(i32, Option<ErrorReason>)> {
        let told = |seen: &Arc<Seen>| std::mem::take(&mut *seen.refused.lock().unwrap());
        let all = self.seen.iter().flat_map(told);
        all.map(|status| (status.code().into(), reason_of(&status)))
            .collect()
    }

    /// Lets each of them bring its last batch to its end, and checks what is there.
    pub(crate) async fn finish(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.running.join_next().await {
            let (sender, mut client) = ended.unwrap();
            assert_eq!(sender.acknowledged, sender.batches.len());
            sender.check(&mut client).await;
            sender.send_all_again(&mut client).await;
            sender.check(&mut client).await;
        }
    }
}

async fn persist(
    mut sender: Sender,
    mut client: Sessions,
    seen: Arc<Seen>,
    stop: CancellationToken,
) -> (Sender, Sessions) {
    while !stop.is_cancelled() || sender.acknowledged < sender.batches.len() {
        match sender.send(&mut client).await {
            Ok(()) => {
                seen.acknowledged.fetch_add(1, Ordering::SeqCst);
            }
            Err(status) => {
                seen.refused.lock().unwrap().push(status);
                // Not faster than a caller who waits a little before trying again.
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
    (sender, client)
}
