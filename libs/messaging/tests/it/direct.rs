//! The direct transport, against a receiver at the other end of a real connection.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use domain::id::TenantId;
use domain::time::Timestamp;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::HeaderMap;
use messaging::{DeliveryError, DirectTransport, Envelope, Transport};
use platform::Sources;
use platform::auth::{SigningKey, TokenSource};
use platform::client::ClientConfig;
use platform::clock::SystemClock;
use platform::server::deliveries;
use platform::telemetry::{self, TelemetryConfig, TraceContext};
use prost::Message;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::body::Body;
use tonic::server::{Grpc, NamedService};
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::{Code, Request, Response, Status};
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};
use tracing::Instrument;

use crate::support::{RISK, request_id};

type Outcome = Result<(), DeliveryError>;

const METHOD: &str = "/test.Receiver/Take";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// Takes any text, and refuses with the code whose number is the text.
#[derive(Clone, Default)]
struct Receiver {
    taken: Arc<Mutex<Vec<(HeaderMap, String)>>>,
}

impl NamedService for Receiver {
    const NAME: &'static str = "test.Receiver";
}

impl Service<http::Request<Body>> for Receiver {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let taken = Arc::clone(&self.taken);
        async move {
            assert_eq!(request.uri().path(), METHOD);
            let headers = request.headers().clone();
            let take = service_fn(move |request: Request<String>| {
                let text = request.into_inner();
                let refusal: Option<i32> = text.parse().ok();
                taken.lock().unwrap().push((headers.clone(), text));
                std::future::ready(refusal.map_or(Ok(Response::new(())), refuse))
            });
            let codec = ProstCodec::<(), String>::default();
            Ok(Grpc::new(codec).unary(take, request).await)
        }
        .boxed()
    }
}

#[expect(clippy::disallowed_methods, reason = "plays a receiver that refuses")]
fn refuse(code: i32) -> Result<Response<()>, Status> {
    Err(Status::new(Code::from(code), "as you say"))
}

async fn serve(receiver: Receiver) -> SocketAddr {
    serve_routes(Routes::new(receiver)).await
}

async fn serve_routes(routes: Routes) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = TcpListenerStream::new(listener);
    let server = Server::builder().add_routes(routes);
    tokio::spawn(server.serve_with_incoming(connections));
    address
}

fn transport_to(address: SocketAddr) -> DirectTransport {
    let key = Arc::new(SigningKey::generate().unwrap());
    let tokens = TokenSource::new(key, "rescate", "session-tracking", &Sources::system());
    let uri = format!("http://{address}");
    DirectTransport::connect(&ClientConfig::default(), &tokens, [(RISK, uri.as_str())]).unwrap()
}

fn envelope(text: &str) -> Envelope {
    Envelope {
        message_id: request_id(1),
        tenant: TenantId::parse("acme").unwrap(),
        destination: RISK.to_owned(),
        method: METHOD.to_owned(),
        order_key: "k".to_owned(),
        payload: text.to_owned().encode_to_vec().into(),
        created_at: Timestamp::UNIX_EPOCH,
        expires_at: None,
        trace: None,
        attempt: 1,
    }
}

#[tokio::test]
async fn the_request_arrives_as_it_was_encoded() {
    let receiver = Receiver::default();
    let transport = transport_to(serve(receiver.clone()).await);
    assert_eq!(transport.destinations(), [RISK]);
    transport.deliver(&envelope("hello")).await.unwrap();
    let taken = receiver.taken.lock().unwrap();
    let [(headers, text)] = taken.as_slice() else {
        panic!("one call");
    };
    assert_eq!(text, "hello");
    assert!(headers["authorization"].as_bytes().starts_with(b"Bearer "));
    assert!(headers.contains_key("grpc-timeout"));
}

#[tokio::test]
async fn refusals_say_what_becomes_of_the_message() {
    let transport = transport_to(serve(Receiver::default()).await);
    let mut outcomes = Vec::new();
    for code in [
        Code::InvalidArgument,
        Code::Aborted,
        Code::Internal,
        Code::Unauthenticated,
    ] {
        let text = i32::from(code).to_string();
        outcomes.push(transport.deliver(&envelope(&text)).await.unwrap_err());
    }
    let expected = [
        DeliveryError::Refused("InvalidArgument".to_owned()),
        DeliveryError::Busy("Aborted".to_owned()),
        DeliveryError::Failed("Internal".to_owned()),
        DeliveryError::Unavailable("Unauthenticated".to_owned()),
    ];
    assert_eq!(outcomes, expected);
}

/// What was told of each message, in the order of the messages.
async fn told_of_all(transport: &DirectTransport, texts: &[&str]) -> Vec<Outcome> {
    let envelopes: Vec<Envelope> = texts.iter().map(|text| envelope(text)).collect();
    let told = Mutex::new(BTreeMap::new());
    let tell = |position, outcome| {
        let before = told.lock().unwrap().insert(position, outcome);
        assert_eq!(before, None, "told twice");
    };
    let whole = transport.deliver_all(&envelopes, &tell).await;
    assert_eq!(whole, Ok(()));
    told.into_inner().unwrap().into_values().collect()
}

fn expected_of_all() -> [Outcome; 3] {
    let refused = DeliveryError::Refused("InvalidArgument ERROR_REASON_UNSPECIFIED".to_owned());
    let busy = DeliveryError::Busy("Aborted ERROR_REASON_UNSPECIFIED".to_owned());
    [Ok(()), Err(refused), Err(busy)]
}

#[tokio::test]
async fn several_go_in_one_call_and_each_has_its_fate() {
    let receiver = Receiver::default();
    let routes = Routes::new(receiver.clone()).prepare();
    let routes = routes.clone().add_service(deliveries(routes));
    let transport = transport_to(serve_routes(routes).await);

    let told = told_of_all(&transport, &["hello", "3", "10"]).await;

    assert_eq!(told, expected_of_all());
    let taken = receiver.taken.lock().unwrap();
    let tokens = taken
        .iter()
        .filter(|(headers, _)| headers.contains_key("authorization"));
    assert_eq!((taken.len(), tokens.count()), (3, 0), "the batch had it");
}

#[tokio::test]
async fn a_receiver_that_knows_no_batches_is_called_for_each() {
    let receiver = Receiver::default();
    let transport = transport_to(serve(receiver.clone()).await);

    let told = told_of_all(&transport, &["hello", "3", "10"]).await;

    let alone = |outcome: &Outcome| match outcome {
        Ok(()) => Code::Ok,
        Err(DeliveryError::Refused(_)) => Code::InvalidArgument,
        Err(_) => Code::Aborted,
    };
    let codes: Vec<Code> = told.iter().map(alone).collect();
    assert_eq!(codes, [Code::Ok, Code::InvalidArgument, Code::Aborted]);
    assert_eq!(receiver.taken.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn an_absent_receiver_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let outcome = transport_to(address).deliver(&envelope("hello")).await;
    assert!(
        matches!(outcome, Err(DeliveryError::Unavailable(_))),
        "{outcome:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_belongs_to_the_trace_of_the_change() {
    use crate::support::{drained, message, send};
    use messaging::{Message, Relay};
    use tokio_util::sync::CancellationToken;

    let _telemetry = telemetry::init(&TelemetryConfig::default(), "session-tracking").unwrap();
    let receiver = Receiver::default();
    let transport = transport_to(serve(receiver.clone()).await);
    let scratch = testkit::scratch::sqlite();
    let database = scratch.migrated(messaging::migrations()).await;
    let traceparent = format!("00-{TRACE}-b7ad6b7169203331-01");
    let sent = Message {
        destination: RISK,
        method: METHOD,
        payload: "hello".to_owned().encode_to_vec(),
        trace: Some(TraceContext::parse(&traceparent).unwrap()),
        ..message(1, "k")
    };
    send(&database, vec![sent]).await;
    // Without a trace of its own, a message continues that of the code that sends it.
    let change = tracing::info_span!("change");
    let own = Message {
        destination: RISK,
        method: METHOD,
        payload: "own".to_owned().encode_to_vec(),
        ..message(2, "k")
    };
    send(&database, vec![own]).instrument(change.clone()).await;
    let stop = CancellationToken::new();
    let relay = Relay::new(database.clone(), Arc::new(transport), Arc::new(SystemClock));
    let relay = tokio::spawn(relay.run(stop.clone()));
    drained(&database).await;
    stop.cancel();
    relay.await.unwrap();

    let taken = receiver.taken.lock().unwrap();
    let arrived = TraceContext::of_headers(&taken[0].0).unwrap();
    assert_eq!(arrived.trace_id(), TRACE);
    assert_ne!(arrived.as_str(), traceparent);
    let arrived = TraceContext::of_headers(&taken[1].0).unwrap();
    let change = TraceContext::of_span(&change).unwrap();
    assert_eq!(arrived.trace_id(), change.trace_id());
}
