//! RPCs as the wire contracts name them, and calls of any of them by bytes, for tests that walk them all.

use std::sync::LazyLock;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes};
use futures::{StreamExt, future, stream};
use http::uri::PathAndQuery;
use platform::client::Client;
use prost_reflect::{DescriptorPool, MethodDescriptor};
use tokio::sync::oneshot;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Request, Status};

use crate::shop::{KPI, OFFERS, RISK, ROUTING, SESSIONS};

/// How long an open stream may stay silent before it counts as accepted.
const SILENCE: Duration = Duration::from_secs(2);

/// Every message and RPC of the wire contracts.
pub(crate) static CONTRACTS: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(proto::FILE_DESCRIPTOR_SET).unwrap());

/// What every server has beside its own: batches of calls to it.
const SHARED: &str = "rescate.delivery.v1";

/// Every RPC that belongs to one service of the suite.
pub(crate) fn rpcs() -> Vec<MethodDescriptor> {
    let own = CONTRACTS.services().filter(|service| {
        let package = service.package_name();
        package.starts_with("rescate.") && package != SHARED
    });
    own.flat_map(|service| service.methods().collect::<Vec<_>>())
        .collect()
}

/// Every RPC that all services of the suite have.
pub(crate) fn shared_rpcs() -> Vec<MethodDescriptor> {
    let shared = CONTRACTS
        .services()
        .filter(|service| service.package_name() == SHARED);
    shared
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .collect()
}

/// The RPC of this name; no two of the suite have the same.
pub(crate) fn rpc_named(name: &str) -> MethodDescriptor {
    let mut named = rpcs().into_iter().filter(|rpc| rpc.name() == name);
    let rpc = named.next().unwrap_or_else(|| panic!("no RPC {name}"));
    assert!(named.next().is_none(), "more than one RPC {name}");
    rpc
}

/// What a call of the RPC is sent to.
pub(crate) fn path_of(rpc: &MethodDescriptor) -> String {
    format!("/{}/{}", rpc.parent_service().full_name(), rpc.name())
}

/// The service of the suite that has the RPC.
pub(crate) fn service_of(rpc: &MethodDescriptor) -> &'static str {
    match rpc.parent_service().package_name() {
        "rescate.session.v1" => SESSIONS,
        "rescate.risk.v1" => RISK,
        "rescate.routing.v1" => ROUTING,
        "rescate.offers.v1" => OFFERS,
        "rescate.kpi.v1" => KPI,
        other => panic!("{other} belongs to no service"),
    }
}

/// Sends one message and gives the first answer; `None` when the RPC accepts the message and says nothing.
///
/// A stream from the client stays open until then: a desk that has nothing more to say has gone. It ends with the answer, or
/// the service would go on to wait for more.
pub(crate) async fn first_answer(
    client: &Client,
    rpc: &MethodDescriptor,
    message: Bytes,
) -> Result<Option<Bytes>, Status> {
    let mut grpc = Grpc::new(client.clone());
    grpc.ready().await?;
    let path = PathAndQuery::try_from(path_of(rpc)).unwrap();
    let (_open, answered) = oneshot::channel::<()>();
    let said = stream::once(future::ready(message));
    let said = if rpc.is_client_streaming() {
        said.chain(stream::pending().take_until(answered))
            .left_stream()
    } else {
        said.right_stream()
    };
    let answers = grpc.streaming(Request::new(said), path, Encoded).await?;
    let mut answers = answers.into_inner();
    tokio::time::timeout(SILENCE, answers.message())
        .await
        .unwrap_or(Ok(None))
}

/// Messages as they lie on the wire.
#[derive(Debug, Clone, Copy)]
struct Encoded;

impl Codec for Encoded {
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

impl Encoder for Encoded {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put(item);
        Ok(())
    }
}

impl Decoder for Encoded {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, input: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(input.copy_to_bytes(input.remaining())))
    }
}
