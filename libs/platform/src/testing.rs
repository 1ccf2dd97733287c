//! A tiny gRPC service behind the real server, for the tests of server and client.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes};
use domain::id::{AgentId, PartnerId, TenantId};
use futures::future::BoxFuture;
use http::uri::PathAndQuery;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::{Request, Response, Status};
use tower::{Service, service_fn};

use crate::Deadline;
use crate::auth::{
    Access, AuthConfig, Caller, CallerKind, DevelopmentKeys, Grant, Role, Scope, Table, Verifier,
};
use crate::client::{Client, ClientConfig, connect_as};
use crate::clock::{Clock, SystemClock};
use crate::ids::{IdSource, SystemIds};
use crate::server::{ServeError, Server, ServerConfig};
use crate::status::{Fault, Kind};
use crate::stream::{self, Inlet, StreamLimits};
use crate::telemetry::TraceContext;

pub(crate) const ISSUER: &str = "https://issuer.test";
pub(crate) const AUDIENCE: &str = "tiny";

const OPEN: Access = Access {
    scope: Scope::OffersRead,
    roles: &[Role::Platform, Role::Agent],
};
const OPEN_TO_SERVICES: Access = Access {
    scope: Scope::OffersRead,
    roles: &[Role::Platform, Role::Agent, Role::Service],
};
const CLOSED: Access = Access {
    scope: Scope::FactsRead,
    roles: &[Role::Platform],
};

const BATCHES: Access = Access {
    scope: Scope::MessagesDeliver,
    roles: &[Role::Service],
};

const TABLE: &Table = &[
    ("/rescate.delivery.v1.DeliveryService/Deliver", BATCHES),
    ("/test.Tiny/Echo", OPEN),
    ("/test.Tiny/Wait", OPEN_TO_SERVICES),
    ("/test.Tiny/Panic", OPEN),
    ("/test.Tiny/Who", OPEN),
    ("/test.Tiny/Left", OPEN),
    ("/test.Tiny/Trace", OPEN),
    ("/test.Tiny/Resume", OPEN),
    ("/test.Tiny/Flaky", OPEN),
    ("/test.Tiny/Broken", OPEN),
    ("/test.Tiny/Watch", OPEN),
    ("/test.Tiny/PanicLater", OPEN),
    ("/test.Tiny/Closed", CLOSED),
];

/// Messages as they are.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}

/// What the tiny service does is named by its method.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tiny {
    /// How often `Flaky` still fails.
    pub(crate) failures: Arc<AtomicU32>,
    /// How often any method was called.
    pub(crate) calls: Arc<AtomicU32>,
    /// The traces that callers of `Wait` brought.
    pub(crate) traces: Arc<Mutex<Vec<String>>>,
}

impl NamedService for Tiny {
    const NAME: &'static str = "test.Tiny";
}

impl Tiny {
    async fn answer(
        self,
        method: String,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, Status> {
        let text = String::from_utf8_lossy(request.get_ref()).into_owned();
        let answer = match method.as_str() {
            "Wait" => {
                if let Some(trace) = request.metadata().get("traceparent") {
                    let trace = trace.to_str().unwrap().to_owned();
                    self.traces.lock().unwrap().push(trace);
                }
                tokio::time::sleep(Duration::from_millis(text.parse().unwrap())).await;
                "waited".to_owned()
            }
            "Panic" => panic!("juan@example.com did it"),
            "Who" => {
                let hidden = !request.metadata().contains_key("authorization");
                format!("{} {hidden}", Caller::of(&request)?.tenant().as_str())
            }
            "Left" => Deadline::current()
                .unwrap()
                .remaining()
                .as_millis()
                .to_string(),
            "Trace" => {
                let header = request.metadata().get("traceparent");
                header
                    .map_or("", |value| value.to_str().unwrap())
                    .to_owned()
            }
            "Resume" => {
                let span = tracing::info_span!("accepted");
                TraceContext::parse(&text).unwrap().resume(&span);
                span.in_scope(String::new)
            }
            "Flaky" => {
                let left = self.failures.load(Ordering::SeqCst);
                if left > 0 {
                    self.failures.store(left - 1, Ordering::SeqCst);
                    return Err(Fault::new(Kind::Unavailable, "flaky").to_status());
                }
                "flaky at last".to_owned()
            }
            _ => text,
        };
        Ok(Response::new(answer.into()))
    }

    fn watch(request: &Request<Bytes>) -> Result<Response<Inlet<Bytes>>, Status> {
        let (outlet, inlet) = stream::open(request, SystemClock.now(), StreamLimits::default())?;
        tokio::spawn(async move {
            let _ = outlet.send(Bytes::from_static(b"first")).await;
            let end = outlet.ended().await;
            outlet.close(end, Some("after first".to_owned()));
        });
        Ok(Response::new(inlet))
    }
}

impl Service<http::Request<Body>> for Tiny {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<http::Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let tiny = self.clone();
        let method = request.uri().path().rsplit('/').next().unwrap().to_owned();
        Box::pin(async move {
            let mut grpc = tonic::server::Grpc::new(Raw);
            Ok(match method.as_str() {
                "Broken" => http::Response::builder()
                    .header("content-type", "application/grpc")
                    .header("grpc-status", "7")
                    .header("grpc-status-details-bin", "*** no base64 ***")
                    .body(Body::empty())
                    .unwrap(),
                "PanicLater" => http::Response::builder()
                    .header("content-type", "application/grpc")
                    .body(Body::new(PanicsLater))
                    .unwrap(),
                "Watch" => {
                    let watch = service_fn(|request| async move { Tiny::watch(&request) });
                    grpc.server_streaming(watch, request).await
                }
                _ => {
                    let answer =
                        service_fn(move |request| tiny.clone().answer(method.clone(), request));
                    grpc.unary(answer, request).await
                }
            })
        })
    }
}

struct PanicsLater;

impl http_body::Body for PanicsLater {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Status>>> {
        panic!("juan@example.com did it later")
    }
}

/// A running server with the tiny service, and whoever may sign tokens for it.
pub(crate) struct Harness {
    pub(crate) keys: DevelopmentKeys,
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: CancellationToken,
    pub(crate) serving: JoinHandle<Result<(), ServeError>>,
    pub(crate) tiny: Tiny,
    _folder: Arc<TempDir>,
}

pub(crate) fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

pub(crate) fn agent(name: &str) -> CallerKind {
    CallerKind::Agent {
        partner: PartnerId::parse("bpo-1").unwrap(),
        agent: AgentId::parse(name).unwrap(),
    }
}

pub(crate) fn auth_config(keys: &DevelopmentKeys) -> AuthConfig {
    AuthConfig {
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
        jwks: keys.jwks_path().to_str().unwrap().to_owned(),
        revocations: None,
        signing_key: None,
        leeway_seconds: 30,
    }
}

impl Harness {
    pub(crate) async fn start(config: ServerConfig) -> Self {
        Self::start_with(config, |server| server).await
    }

    pub(crate) async fn start_with(
        config: ServerConfig,
        shape: impl FnOnce(Server) -> Server,
    ) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        Self::start_on(folder, None, config, shape).await
    }

    /// Two servers with the same keys and the same list of revoked tokens.
    pub(crate) async fn replicas(config: ServerConfig, revocations: &str) -> [Self; 2] {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let start = || {
            let (folder, list) = (Arc::clone(&folder), Some(revocations.to_owned()));
            Self::start_on(folder, list, config.clone(), |server| server)
        };
        [start().await, start().await]
    }

    async fn start_on(
        folder: Arc<TempDir>,
        revocations: Option<String>,
        config: ServerConfig,
        shape: impl FnOnce(Server) -> Server,
    ) -> Self {
        let keys = DevelopmentKeys::create_or_load(folder.path()).unwrap();
        let auth = AuthConfig {
            revocations,
            ..auth_config(&keys)
        };
        let verifier = Verifier::open(&auth, Arc::new(SystemClock)).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let tiny = Tiny::default();
        let server = shape(Server::new(&config, "tiny", verifier).with_access(TABLE));
        let serving = server.serve(listener, Routes::new(tiny.clone()), shutdown.clone());
        Self {
            keys,
            address,
            shutdown,
            serving: tokio::spawn(serving),
            tiny,
            _folder: folder,
        }
    }

    pub(crate) fn uri(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn token(&self, grant: &Grant) -> String {
        let key = self.keys.signing_key();
        key.mint(ISSUER, grant, SystemClock.now(), SystemIds.next_uuid())
            .unwrap()
    }

    pub(crate) fn client_of(&self, tenant_name: &str, kind: CallerKind) -> Client {
        let grant = Grant::new(AUDIENCE, tenant(tenant_name), "tester", kind);
        self.client_with(&ClientConfig::default(), &self.token(&grant))
    }

    pub(crate) fn client(&self) -> Client {
        self.client_of("acme", CallerKind::Platform)
    }

    pub(crate) fn client_with(&self, config: &ClientConfig, token: &str) -> Client {
        connect_as(config, &self.uri(), Some(token)).unwrap()
    }
}

/// Calls a method of the tiny service.
pub(crate) async fn call(client: &Client, method: &str, message: &str) -> Result<String, Status> {
    send(
        client,
        method,
        Request::new(Bytes::from(message.to_owned())),
    )
    .await
}

pub(crate) async fn call_within(
    client: &Client,
    method: &str,
    message: &str,
    timeout: Duration,
) -> Result<String, Status> {
    let mut request = Request::new(Bytes::from(message.to_owned()));
    request.set_timeout(timeout);
    send(client, method, request).await
}

async fn send(client: &Client, method: &str, request: Request<Bytes>) -> Result<String, Status> {
    let mut grpc = tonic::client::Grpc::new(client.clone());
    grpc.ready().await?;
    let answer = grpc.unary(request, path(method), Raw).await?;
    Ok(String::from_utf8(answer.into_inner().to_vec()).unwrap())
}

pub(crate) fn path(method: &str) -> PathAndQuery {
    format!("/test.Tiny/{method}").parse().unwrap()
}
