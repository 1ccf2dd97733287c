//! The service as a process of its own, whoever calls it, and notes of what they sent and were told.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::Mutex;
use std::time::Duration;

use domain::id::TenantId;
use platform::auth::{CallerKind, Grant};
use proto::offers::v1 as pb;
use proto::offers::v1::offer_authorization_service_client::OfferAuthorizationServiceClient;
use proto::offers::v1::offer_program_service_client::OfferProgramServiceClient;
use tempfile::TempDir;
use testkit::builders::{agent, partner};
use testkit::messages::a_programme;
use testkit::process::Child;
use testkit::scratch::Scratch;
use testkit::tokens::Issuer;
use testkit::{StandIn, messages};
use tokio::process::Command;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use crate::downstream::Told;
use crate::world::{a_case, authorize, fresh, granted};

/// What every offer costs.
pub(super) const AMOUNT: i64 = 100;
/// More than is asked for.
const BUDGET: i64 = 10_000_000;
const START: Duration = Duration::from_mins(1);
/// A call that takes longer was made to a service that has gone.
const CALL: Duration = Duration::from_secs(5);

pub(super) struct Bank {
    scratch: Scratch,
    issuer: Issuer,
    keys: TempDir,
    kpi: StandIn,
    child: Option<Child>,
    address: String,
}

/// Whoever calls for one tenant.
pub(super) struct Clients {
    tenant: String,
    channel: Channel,
    service: Bearer,
    agent: Bearer,
    operator: Bearer,
}

type Bearer = MetadataValue<Ascii>;

/// An offer that was asked for.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    case: pb::RecordCaseRequest,
    ask: pb::AuthorizeOfferRequest,
    /// The offer, if the answer came.
    pub(super) acknowledged: Option<String>,
}

/// What was sent, by tenant.
#[derive(Debug, Default)]
pub(super) struct Notes {
    sent: Mutex<BTreeMap<String, Vec<Sent>>>,
}

impl Bank {
    pub(super) async fn open(scratch: Scratch) -> Self {
        let mut bank = Self {
            scratch,
            issuer: Issuer::new(),
            keys: tempfile::tempdir().unwrap(),
            kpi: Told::default().serve().await,
            child: None,
            address: String::new(),
        };
        bank.start().await;
        bank
    }

    /// Starts the service on its files.
    pub(super) async fn start(&mut self) {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        self.address = free.local_addr().unwrap().to_string();
        drop(free);
        let auth = self.issuer.auth_config(offer_authorization::NAME);
        let key = auth.signing_key.unwrap().display().to_string();
        let keys = self.keys.path().display().to_string();
        let mut command = Command::new(env!("CARGO_BIN_EXE_offer-authorization"));
        command.args(["serve", "--listen", &self.address]);
        for (name, value) in [
            ("AUTH__ISSUER", auth.issuer.as_str()),
            ("AUTH__JWKS", auth.jwks.as_str()),
            ("AUTH__SIGNING_KEY", key.as_str()),
            ("STORE__URL", self.scratch.url()),
            ("STORE__DURABILITY", "relaxed"),
            ("TOKENS__KEY_FOLDER", keys.as_str()),
            ("UPSTREAMS__KPI", self.kpi.uri().as_str()),
            ("SERVER__TENANT_CALLS_PER_SECOND", "100000"),
            ("SERVER__PARTNER_CALLS_PER_SECOND", "100000"),
            ("SERVER__AGENT_CALLS_PER_SECOND", "100000"),
        ] {
            command.env(format!("RESCATE_OFFERS__{name}"), value);
        }
        let child = Child::spawn(command);
        child.line(START, |line| line.contains("serving")).await;
        self.child = Some(child);
    }

    /// `kill -9`, and waits until it is gone.
    pub(super) async fn kill(&mut self) {
        self.child.take().unwrap().kill().await;
    }

    pub(super) fn clients(&self, tenant: &str) -> Clients {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address)).unwrap();
        let tokens = self.issuer.tokens_for(offer_authorization::NAME);
        let bearer = |kind| {
            let grant = Grant {
                tenant: TenantId::parse(tenant).unwrap(),
                ..tokens.grant(kind)
            };
            format!("Bearer {}", tokens.mint(&grant)).parse().unwrap()
        };
        let (partner, agent) = (partner(), agent());
        Clients {
            tenant: tenant.to_owned(),
            channel: endpoint.timeout(CALL).connect_lazy(),
            service: bearer(CallerKind::Service),
            agent: bearer(CallerKind::Agent { partner, agent }),
            operator: bearer(CallerKind::Operator),
        }
    }

    pub(super) async fn create_budget(&self, tenant: &str) {
        let programme = pb::Programme {
            remedies: vec![proto::remedy::v1::RemedyKind::AmountOff.into()],
            ..a_programme("rescue", BUDGET)
        };
        let request = pb::CreateProgrammeRequest {
            request_id: fresh(),
            programme: Some(programme),
        };
        let clients = self.clients(tenant);
        let request = by(&clients.operator, request);
        clients
            .programmes()
            .create_programme(request)
            .await
            .unwrap();
    }
}

impl Clients {
    /// Asks for one offer after the other, each on a case of its own, until nobody answers.
    pub(super) async fn write(self, notes: std::sync::Arc<Notes>) {
        loop {
            let sent = Sent::new();
            let place = notes.sent(&self.tenant, sent.clone());
            match self.ask(&sent).await {
                Ok(offer) => notes.acknowledge(&self.tenant, place, offer),
                Err(_gone) => return,
            }
        }
    }

    /// Compares what is held with what was granted before and asked for since, until nobody answers.
    pub(super) async fn read(self, notes: std::sync::Arc<Notes>) {
        loop {
            let least = notes.acknowledged_of(&self.tenant);
            let Ok((held, redeemed, budget)) = self.money().await else {
                return;
            };
            let most = notes.of(&self.tenant).len();
            let granted = |offers| i64::try_from(offers).unwrap() * AMOUNT;
            assert!(granted(least) <= held, "{least} were granted, {held} held");
            assert!(held <= granted(most), "{most} were asked for, {held} held");
            assert_eq!((redeemed, budget), (0, BUDGET));
        }
    }

    /// The answer to the same requests.
    pub(super) async fn replay(&self, sent: &Sent) -> String {
        self.ask(sent).await.unwrap()
    }

    pub(super) async fn held(&self) -> i64 {
        self.money().await.unwrap().0
    }

    async fn ask(&self, sent: &Sent) -> Result<String, Status> {
        let mut offers = OfferAuthorizationServiceClient::new(self.channel.clone());
        offers
            .record_case(by(&self.service, sent.case.clone()))
            .await?;
        let answer = offers
            .authorize_offer(by(&self.agent, sent.ask.clone()))
            .await?;
        Ok(granted(answer.into_inner()).offer.unwrap().offer_id)
    }

    /// Held, redeemed and the budget.
    async fn money(&self) -> Result<(i64, i64, i64), Status> {
        let all = by(&self.operator, pb::ListProgrammesRequest::default());
        let listed = self.programmes().list_programmes(all).await?.into_inner();
        let programme = listed.programmes.into_iter().next().unwrap();
        let units = |money: Option<proto::money::v1::Money>| money.unwrap().minor_units;
        let (held, redeemed) = (units(programme.held), units(programme.redeemed));
        Ok((held, redeemed, units(programme.budget)))
    }

    fn programmes(&self) -> OfferProgramServiceClient<Channel> {
        OfferProgramServiceClient::new(self.channel.clone())
    }
}

impl Sent {
    fn new() -> Self {
        let shopper = messages::Shopper::new();
        let case = pb::RecordCaseRequest {
            request_id: fresh(),
            intervention_id: format!("itv_{}", fresh()),
            session_id: shopper.session.to_string(),
            person_id: shopper.person(),
            ..a_case()
        };
        let ask = pb::AuthorizeOfferRequest {
            intervention_id: case.intervention_id.clone(),
            ..authorize(AMOUNT)
        };
        Self {
            case,
            ask,
            acknowledged: None,
        }
    }
}

impl Notes {
    /// Notes what is about to be sent, and says where.
    fn sent(&self, tenant: &str, sent: Sent) -> usize {
        let mut all = self.sent.lock().unwrap();
        let of_tenant = all.entry(tenant.to_owned()).or_default();
        of_tenant.push(sent);
        of_tenant.len() - 1
    }

    fn acknowledge(&self, tenant: &str, place: usize, offer: String) {
        let mut all = self.sent.lock().unwrap();
        all.get_mut(tenant).unwrap()[place].acknowledged = Some(offer);
    }

    pub(super) fn of(&self, tenant: &str) -> Vec<Sent> {
        let all = self.sent.lock().unwrap();
        all.get(tenant).cloned().unwrap_or_default()
    }

    fn acknowledged_of(&self, tenant: &str) -> usize {
        let sent = self.of(tenant);
        sent.iter()
            .filter(|sent| sent.acknowledged.is_some())
            .count()
    }

    pub(super) fn acknowledged(&self) -> usize {
        let tenants: Vec<String> = self.sent.lock().unwrap().keys().cloned().collect();
        tenants
            .iter()
            .map(|tenant| self.acknowledged_of(tenant))
            .sum()
    }
}

fn by<T>(bearer: &Bearer, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request
        .metadata_mut()
        .insert("authorization", bearer.clone());
    request
}
