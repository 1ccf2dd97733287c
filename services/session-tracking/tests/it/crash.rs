//! `kill -9` in the middle of taking events: what was acknowledged is there, and nothing is there twice.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use platform::client::connect_with_token;
use platform::clock::{Clock, SystemClock};
use proto::session::v1 as pb;
use proto::session::v1::session_tracking_service_client::SessionTrackingServiceClient;
use testkit::process::Child;
use testkit::tokens::Issuer;
use tokio::process::Command;
use tokio::task::JoinSet;

use crate::events::{event, session_id, viewed};
use crate::world::Sessions;

const DEADLINE: Duration = Duration::from_secs(30);
const ROUNDS: u64 = 4;
const SENDERS: u64 = 6;

struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    async fn start(config: &Path) -> Self {
        let address = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_session-tracking"));
        command
            .args(["serve", "--listen", &address.to_string(), "--config"])
            .arg(config);
        let child = Child::spawn(command);
        child.line(DEADLINE, |line| line.contains("serving")).await;
        Self { child, address }
    }

    fn client(&self, issuer: &Issuer) -> Sessions {
        let token = issuer.tokens_for(session_tracking::NAME).platform();
        let uri = format!("http://{}", self.address);
        SessionTrackingServiceClient::new(connect_with_token(&uri, &token).unwrap())
    }
}

fn config_file(folder: &Path, issuer: &Issuer) -> std::path::PathBuf {
    let auth = issuer.auth_config(session_tracking::NAME);
    let file = folder.join("sessions.toml");
    let text = format!(
        "[auth]\nissuer = {:?}\njwks = {:?}\nsigning_key = {:?}\n[store]\nurl = {:?}\n\
         [upstreams]\nrisk_scoring = \"http://127.0.0.1:1\"\nkpi = \"http://127.0.0.1:1\"\n",
        auth.issuer,
        auth.jwks,
        auth.signing_key.unwrap().display().to_string(),
        format!("sqlite:{}", folder.join("store.db").display()),
    );
    std::fs::write(&file, text).unwrap();
    file
}

/// One session's events, sent batch by batch until the service is gone.
struct Sender {
    session: u64,
    /// Batches that were acknowledged.
    acknowledged: usize,
    batches: Vec<Vec<pb::Event>>,
}

impl Sender {
    fn new(session: u64) -> Self {
        Self {
            session,
            acknowledged: 0,
            batches: Vec::new(),
        }
    }

    /// Sends what was not acknowledged, then new batches, until a call fails.
    async fn run(mut self, mut client: Sessions) -> Self {
        loop {
            if self.acknowledged == self.batches.len() {
                let now = SystemClock.now();
                let view = |_| event(self.session, now, viewed(pb::PageKind::Browse));
                self.batches.push((0..5).map(view).collect());
            }
            let events = self.batches[self.acknowledged].clone();
            let answer = client
                .record_events(pb::RecordEventsRequest { events })
                .await;
            let Ok(answer) = answer else { return self };
            let answer = answer.into_inner();
            assert_eq!(
                answer.accepted_count + answer.duplicate_count,
                5,
                "{answer:?}"
            );
            self.acknowledged += 1;
        }
    }

    async fn check(&self, client: &mut Sessions) {
        let request = pb::GetSessionRequest {
            session_id: session_id(self.session),
        };
        let count = match client.get_session(request).await {
            Ok(found) => found.into_inner().session.unwrap().event_count,
            Err(_) => 0,
        };
        let (acknowledged, sent) = (self.acknowledged * 5, self.batches.len() * 5);
        let stored = usize::try_from(count).unwrap();
        assert!(
            acknowledged <= stored && stored <= sent && stored % 5 == 0,
            "session {}: {acknowledged} acknowledged, {stored} stored, {sent} sent",
            self.session
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_event_is_lost_or_doubled() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = Issuer::new();
    let config = config_file(folder.path(), &issuer);
    let mut senders: Vec<Sender> = (1..=SENDERS).map(Sender::new).collect();

    for round in 1..=ROUNDS {
        let mut process = Process::start(&config).await;
        let mut client = process.client(&issuer);
        for sender in &senders {
            sender.check(&mut client).await;
        }
        let mut running = JoinSet::new();
        for sender in senders.drain(..) {
            running.spawn(sender.run(process.client(&issuer)));
        }
        // Not a wait for something: the kill is to fall anywhere.
        tokio::time::sleep(Duration::from_millis(150 + 37 * round)).await;
        process.child.kill().await;
        senders = running.join_all().await;
    }

    let process = Process::start(&config).await;
    let mut client = process.client(&issuer);
    let mut acknowledged = 0;
    for sender in &senders {
        sender.check(&mut client).await;
        acknowledged += sender.acknowledged;
        // Sent again, all of it counts as seen, but for a batch of which nothing was stored.
        for events in sender.batches.clone() {
            let answer = client
                .record_events(pb::RecordEventsRequest { events })
                .await;
            let answer = answer.unwrap().into_inner();
            assert!([0, 5].contains(&answer.accepted_count), "{answer:?}");
        }
    }
    assert!(
        acknowledged > 20,
        "only {acknowledged} batches were acknowledged at all"
    );
}
