//! Every RPC with every kind of caller: what the table of access does not allow is refused, by every service.

use bytes::Bytes;
use domain::id::{AgentId, PartnerId, SessionId};
use platform::auth::{CallerKind, Role, access};
use platform::client::{Client, ClientConfig, connect_as, connect_with_token};
use prost_reflect::MethodDescriptor;
use tonic::Code;
use uuid::Uuid;

use crate::shop::{KPI, OFFERS, RISK, ROUTING, SESSIONS, Shop};
use crate::wire::{first_answer, path_of, rpcs, service_of, shared_rpcs};

#[tokio::test]
async fn every_rpc_refuses_who_may_not_call_it() {
    let shop = Shop::open().await;
    let mut checked = 0;
    let own = rpcs().into_iter().map(|rpc| (service_of(&rpc), rpc));
    let all = [SESSIONS, RISK, ROUTING, OFFERS, KPI];
    let shared = all
        .into_iter()
        .flat_map(|service| shared_rpcs().into_iter().map(move |rpc| (service, rpc)));
    for (service, rpc) in own.chain(shared) {
        let path = path_of(&rpc);
        let uri = shop.uri(service);
        assert_eq!(
            answer(&uri, &rpc, None).await,
            Code::Unauthenticated,
            "{path} without a token"
        );
        assert_eq!(
            answer(&uri, &rpc, Some("not.a.token")).await,
            Code::Unauthenticated,
            "{path} with a token that is none"
        );
        for (role, caller) in callers() {
            let token = shop.token(caller);
            let code = answer(&uri, &rpc, Some(&token)).await;
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

/// The code that a call with an empty message gets. A stream that opens and stays silent counts as `Ok`.
async fn answer(uri: &str, rpc: &MethodDescriptor, token: Option<&str>) -> Code {
    let client = client(uri, token);
    match first_answer(&client, rpc, Bytes::new()).await {
        Ok(_) => Code::Ok,
        Err(refused) => refused.code(),
    }
}

fn client(uri: &str, token: Option<&str>) -> Client {
    match token {
        Some(token) => connect_with_token(uri, token).unwrap(),
        None => connect_as(&ClientConfig::default(), uri, None).unwrap(),
    }
}
