//! Many readers that do not keep up with many changes: each is cut, at a bounded price in memory, and goes on where it was
//! without having lost anything.

use std::collections::BTreeSet;
use std::time::Duration;

use platform::clock::{Clock, SystemClock};
use platform::status::reason_of;
use proto::error::v1::ErrorReason;
use proto::session::v1 as pb;
use proto::session::v1::watch_sessions_response::Update;
use testkit::tokens::Issuer;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::{Code, Status, Streaming};

use crate::events::{event, session_id, viewed};
use crate::process::{Process, config_file};
use crate::world::Sessions;

const DEADLINE: Duration = Duration::from_mins(1);
const READERS: usize = 20;
const SESSIONS: u64 = 500;
/// Changes of each session: 20,000 changes in all, some 6 MiB for each reader. A client takes 2 MiB of a stream that nobody
/// reads, so that each is behind by more than the 4,096 changes that are kept for it.
const CHANGES: u32 = 40;
const MOST_MEMORY: u64 = 2 << 20;

struct Reader {
    client: Sessions,
    updates: Streaming<pb::WatchSessionsResponse>,
    token: String,
    /// Sessions whose last change was not told yet.
    missing: BTreeSet<String>,
}

impl Reader {
    /// A reader who has seen all that was there.
    async fn open(mut client: Sessions) -> Self {
        let updates = watch(&mut client, String::new()).await;
        let mut reader = Self {
            client,
            updates,
            token: String::new(),
            missing: (1..=SESSIONS).map(session_id).collect(),
        };
        while !matches!(reader.next().await, Ok(Update::SnapshotComplete(_))) {}
        reader
    }

    async fn next(&mut self) -> Result<Update, Status> {
        let update = timeout(DEADLINE, self.updates.message()).await.unwrap()?;
        let update = update.unwrap();
        self.token = update.resume_token;
        Ok(update.update.unwrap())
    }

    /// Reads on, over as many streams as it takes, until it has seen the last change of each session. Says how often it
    /// was cut before.
    async fn catch_up(mut self) -> usize {
        let mut cuts = 0;
        while !self.missing.is_empty() {
            match self.next().await {
                Ok(Update::Session(session)) if session.event_count == CHANGES => {
                    self.missing.remove(&session.session_id);
                }
                Ok(_) => {}
                Err(cut) => {
                    assert_eq!(cut.code(), Code::ResourceExhausted, "{cut:?}");
                    assert_eq!(reason_of(&cut), Some(ErrorReason::SlowConsumer));
                    cuts += 1;
                    self.updates = watch(&mut self.client, self.token.clone()).await;
                }
            }
        }
        cuts
    }
}

async fn watch(
    client: &mut Sessions,
    resume_token: String,
) -> Streaming<pb::WatchSessionsResponse> {
    let request = pb::WatchSessionsRequest {
        resume_token,
        ..Default::default()
    };
    client.watch_sessions(request).await.unwrap().into_inner()
}

/// One change of each session, in as few batches as may be.
async fn change_all(client: &mut Sessions) {
    let now = SystemClock.now();
    let events = (1..=SESSIONS).map(|n| event(n, now, viewed(pb::PageKind::Browse)));
    let request = pb::RecordEventsRequest {
        events: events.collect(),
    };
    let answer = client.record_events(request).await.unwrap().into_inner();
    assert_eq!(u64::from(answer.accepted_count), SESSIONS, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_readers_of_many_changes_are_cut_and_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = Issuer::new();
    let process = Process::start(&config_file(folder.path(), &issuer)).await;
    let mut readers = Vec::new();
    for _ in 0..READERS {
        readers.push(Reader::open(process.client(&issuer)).await);
    }
    let before = process.child.resident().unwrap();

    let mut client = process.client(&issuer);
    for _ in 0..CHANGES {
        change_all(&mut client).await;
    }

    let grown = process.child.resident().unwrap().saturating_sub(before);
    let most = MOST_MEMORY * u64::try_from(READERS).unwrap();
    assert!(grown <= most, "{grown} bytes for {READERS} streams");
    let mut catching_up = JoinSet::new();
    for reader in readers {
        catching_up.spawn(reader.catch_up());
    }
    let cuts = catching_up.join_all().await;
    assert!(cuts.iter().all(|cuts| *cuts > 0), "{cuts:?}");
}
