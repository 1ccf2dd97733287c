//! What offers are asked on: shops with a budget each, and a case for each offer. All of it is made before the clock starts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::id::{InterventionId, TenantId};
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use platform::auth::{CallerKind, Grant};
use platform::ids::{IdSource, SystemIds};
use proto::cause::v1::Cause;
use proto::offers::v1 as pb;
use proto::offers::v1::authorize_offer_request::Value;
use proto::offers::v1::authorize_offer_response::Decision;
use proto::offers::v1::check_authority_request::Grantor;
use proto::offers::v1::offer_authorization_service_client::OfferAuthorizationServiceClient;
use proto::offers::v1::offer_program_service_client::OfferProgramServiceClient;
use proto::remedy::v1::RemedyKind;
use testkit::builders::{agent, partner};
use testkit::messages::{Shopper, a_cart, a_programme, usd};
use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::drive::Call;
use crate::error::LoadError;
use crate::numbers;
use crate::server::Server;

/// What every offer costs, in minor units.
const AMOUNT: i64 = 100;
/// More than is ever asked for.
const BUDGET: i64 = 1_000_000_000_000;
/// Connections of a run; callers share them.
const CONNECTIONS: usize = 4;
/// Calls under way while the stage is set.
const AT_ONCE: usize = 64;

/// Shops on a running server.
pub(super) struct Stage {
    connections: Vec<Channel>,
    shops: Vec<Arc<Shop>>,
}

/// A tenant with one budget, and its callers.
struct Shop {
    operator: Bearer,
    service: Bearer,
    agent: Bearer,
    granted: AtomicU64,
}

type Bearer = MetadataValue<Ascii>;

impl Stage {
    /// Opens so many shops.
    pub(super) async fn set(server: &Server, budgets: usize) -> Result<Self, LoadError> {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            connections.push(server.channel().await?);
        }
        let shops = (0..budgets).map(|number| Shop::new(server, number).map(Arc::new));
        let stage = Self {
            connections,
            shops: shops.collect::<Result<_, _>>()?,
        };
        let opened = stage.turns().take(budgets).map(|(shop, channel)| async {
            let shop = shop;
            shop.open(channel).await
        });
        at_once(opened).await?;
        Ok(stage)
    }

    /// So many offers, on each shop in turn, with a case for each.
    pub(super) async fn offers(&self, count: usize) -> Result<Vec<Call>, LoadError> {
        let prepared = self.turns().take(count);
        at_once(prepared.map(|(shop, channel)| prepare(shop, channel))).await
    }

    /// Questions what an agent may grant, on each shop in turn.
    pub(super) fn checks(&self, count: usize) -> Vec<Call> {
        let turns = self.turns().take(count);
        turns
            .map(|(shop, channel)| check(shop, channel).boxed())
            .collect()
    }

    /// Calls of a method that does nothing and needs nobody's rights.
    pub(super) fn empty_calls(&self, count: usize) -> Vec<Call> {
        let turns = self.turns().take(count);
        turns.map(|(_, channel)| nothing(channel).boxed()).collect()
    }

    /// Compares what is held of each budget with what was granted of it, and says how many budgets those are.
    pub(super) async fn read_back(&self) -> Result<u64, LoadError> {
        let turns = self.turns().take(self.shops.len());
        let read = at_once(turns.map(|(shop, channel)| async move { shop.prove(channel).await }));
        Ok(numbers::count(read.await?.len()))
    }

    /// The shops in turn, over the connections in turn, without end.
    fn turns(&self) -> impl Iterator<Item = (Arc<Shop>, Channel)> {
        let connections = self.connections.iter().cloned().cycle();
        self.shops.iter().map(Arc::clone).cycle().zip(connections)
    }
}

/// Does all of it, in their order as far as answers go.
async fn at_once<T>(
    work: impl Iterator<Item = impl Future<Output = Result<T, LoadError>>>,
) -> Result<Vec<T>, LoadError> {
    stream::iter(work).buffered(AT_ONCE).try_collect().await
}

impl Shop {
    fn new(server: &Server, number: usize) -> Result<Self, LoadError> {
        let wrong = |_| LoadError::Wrong("a shop cannot be named".to_owned());
        let tenant = TenantId::parse(&format!("shop-{number}")).map_err(wrong)?;
        let bearer = |kind| {
            let tokens = server.tokens();
            let grant = Grant {
                tenant: tenant.clone(),
                ..tokens.grant(kind)
            };
            let header = format!("Bearer {}", tokens.mint(&grant));
            let wrong = |_| LoadError::Wrong("a token cannot be sent".to_owned());
            header.parse::<Bearer>().map_err(wrong)
        };
        let (partner, agent) = (partner(), agent());
        Ok(Self {
            operator: bearer(CallerKind::Operator)?,
            service: bearer(CallerKind::Service)?,
            agent: bearer(CallerKind::Agent { partner, agent })?,
            granted: AtomicU64::new(0),
        })
    }

    /// Opens the one budget of the shop.
    async fn open(&self, channel: Channel) -> Result<(), LoadError> {
        let programme = pb::Programme {
            remedies: vec![RemedyKind::AmountOff.into()],
            offers_per_person: 1,
            ..a_programme("rescue", BUDGET)
        };
        let request = pb::CreateProgrammeRequest {
            request_id: fresh(),
            programme: Some(programme),
        };
        let mut client = OfferProgramServiceClient::new(channel);
        client.create_programme(by(&self.operator, request)).await?;
        Ok(())
    }

    /// What is held is what was granted.
    async fn prove(&self, channel: Channel) -> Result<(), LoadError> {
        let request = by(&self.operator, pb::ListProgrammesRequest::default());
        let mut client = OfferProgramServiceClient::new(channel);
        let listed = client.list_programmes(request).await?.into_inner();
        let programme = listed.programmes.into_iter().next();
        let held = programme.and_then(|programme| programme.held);
        let held = held.map_or(0, |money| money.minor_units);
        let granted = self.granted.load(Ordering::Relaxed);
        if granted * AMOUNT.unsigned_abs() == held.unsigned_abs() {
            return Ok(());
        }
        let what = format!("{granted} offers of {AMOUNT} were granted, and {held} is held of them");
        Err(LoadError::Wrong(what))
    }
}

/// Records a case of a shopper of its own, and gives the call that asks for an offer on it.
async fn prepare(shop: Arc<Shop>, channel: Channel) -> Result<Call, LoadError> {
    let intervention: InterventionId = ids().next();
    let shopper = Shopper::new();
    let cart = a_cart();
    let cart_version = cart.version;
    let request = pb::RecordCaseRequest {
        request_id: fresh(),
        intervention_id: intervention.to_string(),
        revision: 1,
        session_id: shopper.session.to_string(),
        person_id: shopper.person(),
        cause: Cause::UnexpectedCost.into(),
        cart: Some(cart),
        agent: Some(pb::CaseAgent {
            partner_id: partner().to_string(),
            agent_id: agent().to_string(),
        }),
        ..pb::RecordCaseRequest::default()
    };
    let mut client = OfferAuthorizationServiceClient::new(channel);
    client.record_case(by(&shop.service, request)).await?;
    let request = pb::AuthorizeOfferRequest {
        request_id: fresh(),
        intervention_id: intervention.to_string(),
        remedy: RemedyKind::AmountOff.into(),
        value: Some(Value::Amount(usd(AMOUNT))),
        cart_version,
    };
    let ask = async move {
        let answer = client.authorize_offer(by(&shop.agent, request)).await?;
        match answer.into_inner().decision {
            Some(Decision::Granted(_)) => {
                shop.granted.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            other => Err(LoadError::Wrong(format!("not granted: {other:?}"))),
        }
    };
    Ok(ask.boxed())
}

async fn check(shop: Arc<Shop>, channel: Channel) -> Result<(), LoadError> {
    let request = pb::CheckAuthorityRequest {
        grantor: Some(Grantor::Caller(pb::Caller {})),
        cause: Cause::UnexpectedCost.into(),
        cart: Some(a_cart()),
        ..pb::CheckAuthorityRequest::default()
    };
    let mut client = OfferAuthorizationServiceClient::new(channel);
    let answer = client.check_authority(by(&shop.agent, request)).await?;
    let answer = answer.into_inner();
    if answer.empowered {
        return Ok(());
    }
    Err(LoadError::Wrong(format!(
        "an agent may nothing: {answer:?}"
    )))
}

async fn nothing(channel: Channel) -> Result<(), LoadError> {
    let mut client = HealthClient::new(channel);
    client.check(HealthCheckRequest::default()).await?;
    Ok(())
}

fn by<T>(bearer: &Bearer, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let headers = request.metadata_mut();
    headers.insert("authorization", bearer.clone());
    request
}

fn ids() -> &'static dyn IdSource {
    &SystemIds
}

fn fresh() -> String {
    ids().next_uuid().to_string()
}
