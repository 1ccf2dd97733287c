//! A network that swallows everything for a while, under load: callers fail by their deadline and are back when the network
//! is, and streams whose other end has gone do not stay.

use std::time::Duration;

use platform::client::{ClientConfig, connect_as};
use platform::server::ServerConfig;
use proto::error::v1::ErrorReason;
use proto::session::v1 as pb;
use proto::session::v1::session_tracking_service_client::SessionTrackingServiceClient;
use testkit::{Proxy, eventually};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use crate::events::{event, viewed};
use crate::sender::{Sender, Senders};
use crate::world::{Sessions, World};

const DEADLINE: Duration = Duration::from_secs(10);
const CALL: Duration = Duration::from_millis(500);
const HOLE: Duration = Duration::from_secs(3);
/// How soon after the network a caller must be back.
const BACK: Duration = Duration::from_secs(3);
/// How soon a stream must be freed whose other end has gone.
const FREED: Duration = Duration::from_secs(30);
const ROUNDS: usize = 2;
const SENDERS: u64 = 8;
const STREAMS: u64 = 20;
const CONNECTIONS: u64 = 4;

fn through(proxy: &Proxy, world: &World) -> Sessions {
    let config = ClientConfig {
        default_deadline_ms: u64::try_from(CALL.as_millis()).unwrap(),
        ..ClientConfig::default()
    };
    let token = world.tokens().platform();
    let client = connect_as(&config, &proxy.uri(), Some(&token)).unwrap();
    SessionTrackingServiceClient::new(client)
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_fail_by_their_deadline_and_are_back_when_the_network_is() {
    let world = World::start().await;
    let proxy = Proxy::to(&world.uri()).await;
    let sender = |session| {
        let sender = Sender::new(session, world.clock.shared());
        (sender, through(&proxy, &world))
    };
    let senders = Senders::start((1..=SENDERS).map(sender));

    for _ in 0..ROUNDS {
        senders.go_on(DEADLINE).await;
        senders.refusals();
        proxy.swallow();
        // Not a wait for something: the network is away for so long.
        tokio::time::sleep(HOLE).await;
        senders.are_refused(CALL).await;
        let late = (
            Code::DeadlineExceeded.into(),
            Some(ErrorReason::DeadlineExceeded),
        );
        assert_eq!(senders.refusals(), [late].into());
        proxy.heal();
        senders.go_on(BACK).await;
    }

    senders.finish().await;
}

/// A stream whose first batch is acknowledged.
async fn stream(mut client: Sessions, session: u64, world: &World) -> impl Sized + use<> {
    let (sender, requests) = mpsc::channel(4);
    let requests = ReceiverStream::new(requests);
    let answers = client.stream_events(requests).await.unwrap();
    let events = vec![event(session, world.now(), viewed(pb::PageKind::Browse))];
    let request = pb::StreamEventsRequest { batch: 1, events };
    sender.send(request).await.unwrap();
    let mut answers = answers.into_inner();
    assert_eq!(answers.message().await.unwrap().unwrap().durable_batch, 1);
    (sender, answers)
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_whose_other_end_has_gone_are_freed() {
    let mut world = World::with(|config| {
        config.server.keepalive_interval_ms = 1_000;
        config.server.keepalive_timeout_ms = 1_000;
    })
    .await;
    let proxy = Proxy::to(&world.uri()).await;
    let mut open = Vec::new();
    for connection in 0..CONNECTIONS {
        let client = through(&proxy, &world);
        for n in 0..STREAMS / CONNECTIONS {
            let session = 1 + connection * STREAMS + n;
            open.push(stream(client.clone(), session, &world).await);
        }
    }
    let connections = usize::try_from(CONNECTIONS).unwrap();
    assert_eq!(proxy.open_at_server(), connections);

    proxy.swallow();
    drop(open);

    eventually(FREED, async || proxy.open_at_server() == 0).await;
    assert_eq!(world.session(1).await.event_count, 1);
    world.stop().await;
}

#[test]
fn as_shipped_a_dead_connection_is_noticed_in_time() {
    let config = ServerConfig::default();

    let noticed = config.keepalive_interval_ms + config.keepalive_timeout_ms;

    assert!(Duration::from_millis(noticed) <= FREED);
}
