//! The limit that session-tracking is measured against: a tonic server that takes the same stream of batches, makes
//! groups of them durable as blobs, acknowledges, and does nothing else.
//!
//! Deliberately absent: access, limits, traces, and any look at what an event says. It reads a batch either as bytes,
//! which is what transport and disk allow, or decodes it as the generated type first, which every server must that
//! looks at events. Its store is opened as that of every service, with the same durability.

pub(crate) mod group;
mod wire;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use futures::FutureExt;
use futures::future::BoxFuture;
use proto::session::v1::StreamEventsResponse;
use proto::session::v1::session_tracking_service_server::SERVICE_NAME;
use storage::{Database, StoreConfig, StoreUrl};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::body::Body;
use tonic::server::{Grpc, NamedService, StreamingService};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};
use tower::Service;

use crate::error::LoadError;
use crate::output::note;
use group::{Acks, Waiting};
use wire::{Codec, Received};

/// What the bare server does with the bytes of a batch before it stores them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Decoding {
    /// Nothing but finding the number of the batch and counting its events.
    Raw,
    /// Decodes it as the generated type, and drops that.
    Typed,
}

/// How the bare server is started.
#[derive(Debug, clap::Args)]
pub(crate) struct BareArguments {
    #[arg(long)]
    listen: SocketAddr,
    #[arg(long)]
    store: String,
    #[arg(long, value_enum)]
    decoding: Decoding,
}

/// Batches that may wait for the writer, as many as session-tracking lets wait.
const QUEUE: usize = 512;

/// Serves until the process is killed.
pub(crate) async fn serve(arguments: BareArguments) -> Result<(), LoadError> {
    let BareArguments {
        listen,
        store,
        decoding,
    } = arguments;
    let wrong = |_| LoadError::Wrong("the url of the store cannot be used".to_owned());
    let url = StoreUrl::parse(&store).map_err(wrong)?;
    let config = StoreConfig::new(&store).map_err(wrong)?;
    let database = Database::open(&config).await?;
    group::create_table(&database).await?;
    let (queue, waiting) = mpsc::channel(QUEUE);
    let commits = tokio::spawn(group::commit_all(database, waiting));
    let refused = LoadError::at(listen.to_string());
    let listener = TcpListener::bind(listen).await.map_err(refused)?;
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    note(format_args!("serving, the store is {url}"));
    let served = Server::builder()
        .add_service(Bare { queue, decoding })
        .serve_with_incoming(incoming);
    tokio::select! {
        served = served => Ok(served?),
        ended = commits => ended?,
    }
}

/// The contract of session-tracking, as far as streams of events.
#[derive(Debug, Clone)]
struct Bare {
    queue: mpsc::Sender<Waiting>,
    decoding: Decoding,
}

impl NamedService for Bare {
    const NAME: &'static str = SERVICE_NAME;
}

impl Service<http::Request<Body>> for Bare {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    /// Whatever is called, it is a stream of events.
    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let streams = Streams(self.queue.clone());
        let codec = Codec(self.decoding);
        async move { Ok(Grpc::new(codec).streaming(streams, request).await) }.boxed()
    }
}

struct Streams(mpsc::Sender<Waiting>);

impl StreamingService<Received> for Streams {
    type Response = StreamEventsResponse;
    type ResponseStream = UnboundedReceiverStream<Result<StreamEventsResponse, Status>>;
    type Future = BoxFuture<'static, Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: Request<Streaming<Received>>) -> Self::Future {
        let queue = self.0.clone();
        async move {
            // The client has no more batches in flight than its window.
            let (acks, answers) = mpsc::unbounded_channel();
            tokio::spawn(read(request.into_inner(), queue, Acks::new(acks)));
            Ok(Response::new(UnboundedReceiverStream::new(answers)))
        }
        .boxed()
    }
}

async fn read(mut batches: Streaming<Received>, queue: mpsc::Sender<Waiting>, acks: Acks) {
    while let Ok(Some(batch)) = batches.message().await {
        let acks = acks.clone();
        if queue.send(Waiting { batch, acks }).await.is_err() {
            return;
        }
    }
}
