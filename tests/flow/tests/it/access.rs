//! Every RPC with every kind of caller: what the table of access does not allow is refused, by every service.

use std::time::Duration;

use bytes::{Buf, BufMut, Bytes};
use domain::id::{AgentId, PartnerId, SessionId};
use http::uri::PathAndQuery;
use platform::auth::{CallerKind, Role, access};
use platform::client::{Client, ClientConfig, connect_as, connect_with_token};
use prost::Message;
use prost_types::FileDescriptorSet;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Code, Request, Status};
use uuid::Uuid;

use crate::shop::{KPI, OFFERS, RISK, ROUTING, SESSIONS, Shop};

#[tokio::test]
async fn every_rpc_refuses_who_may_not_call_it() {
    let shop = Shop::open().await;
    let mut checked = 0;
    for path in rpc_paths() {
        let uri = shop.uri(service_of(&path));
        assert_eq!(
            answer(&uri, &path, None).await,
            Code::Unauthenticated,
            "{path} without a token"
        );
        assert_eq!(
            answer(&uri, &path, Some("not.a.token")).await,
            Code::Unauthenticated,
            "{path} with a token that is none"
        );
        for (role, caller) in callers() {
            let token = shop.token(caller);
            let code = answer(&uri, &path, Some(&token)).await;
            let allowed = is_allowed(&path, role);
            assert_eq!(
                code != Code::PermissionDenied,
                allowed,
                "{path} as {role:?}: {code:?}"
            );
            assert_ne!(code, Code::Unauthenticated, "{path} as {role:?}");
            checked += 1;
        }
    }
    assert!(checked > 400, "only {checked} combinations were tried");
    shop.close().await;
}

/// Whether the table allows a role that has all its scopes to call an RPC.
fn is_allowed(path: &str, role: Role) -> bool {
    let (_, access) = access::RPCS
        .iter()
        .find(|(known, _)| *known == path)
        .unwrap_or_else(|| panic!("{path} has no line in the table of access"));
    access.roles.contains(&role) && role.scopes().contains(access.scope)
}

fn callers() -> [(Role, CallerKind); 7] {
    let partner = || PartnerId::parse("acme-bpo").unwrap();
    let agent = |name| AgentId::parse(name).unwrap();
    let session = SessionId::from_uuid(Uuid::from_u128(7));
    [
        (Role::Platform, CallerKind::Platform),
        (Role::Storefront, CallerKind::Storefront { session }),
        (
            Role::Agent,
            CallerKind::Agent {
                partner: partner(),
                agent: agent("ana"),
            },
        ),
        (
            Role::Supervisor,
            CallerKind::Supervisor {
                partner: partner(),
                agent: agent("sol"),
            },
        ),
        (Role::Checkout, CallerKind::Checkout),
        (Role::Operator, CallerKind::Operator),
        (Role::Service, CallerKind::Service),
    ]
}

/// Every RPC that the wire contracts hold, as a path.
fn rpc_paths() -> Vec<String> {
    let files = FileDescriptorSet::decode(proto::FILE_DESCRIPTOR_SET)
        .unwrap()
        .file;
    let mut paths = Vec::new();
    for file in files
        .iter()
        .filter(|file| file.package().starts_with("rescate."))
    {
        for service in &file.service {
            for method in &service.method {
                let (package, service) = (file.package(), service.name());
                paths.push(format!("/{package}.{service}/{}", method.name()));
            }
        }
    }
    paths
}

fn service_of(path: &str) -> &'static str {
    match path.split('.').nth(1) {
        Some("session") => SESSIONS,
        Some("risk") => RISK,
        Some("routing") => ROUTING,
        Some("offers") => OFFERS,
        Some("kpi") => KPI,
        _ => panic!("{path} belongs to no service"),
    }
}

/// The code that a call with an empty message gets. A stream that opens and stays silent counts as `Ok`.
async fn answer(uri: &str, path: &str, token: Option<&str>) -> Code {
    let client = client(uri, token);
    let mut grpc = Grpc::new(client);
    grpc.ready().await.unwrap();
    let path = PathAndQuery::try_from(path).unwrap();
    let request = Request::new(tokio_stream::once(Bytes::new()));
    let opened = grpc.streaming(request, path, Encoded).await;
    let first = match opened {
        Ok(answers) => {
            let mut answers = answers.into_inner();
            tokio::time::timeout(PATIENCE, async move { answers.message().await }).await
        }
        Err(refused) => Ok(Err(refused)),
    };
    match first {
        Ok(Err(refused)) => refused.code(),
        Ok(Ok(_)) | Err(_) => Code::Ok,
    }
}

/// How long an open stream may stay silent before it counts as allowed.
const PATIENCE: Duration = Duration::from_millis(300);

fn client(uri: &str, token: Option<&str>) -> Client {
    match token {
        Some(token) => connect_with_token(uri, token).unwrap(),
        None => connect_as(&ClientConfig::default(), uri, None).unwrap(),
    }
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
