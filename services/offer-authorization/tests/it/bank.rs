//! The bank checker: the service as a process of its own, many who hold and redeem offers of several budgets, others who read
//! them, and the proof. Whatever was acknowledged is there, once; what was not is there once or not at all, and a replay tells
//! which; and no reader ever sees more out of a budget than was asked for, or less than was granted.

mod notes;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use domain::id::TenantId;
use futures::future::join_all;
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
use tokio::task::JoinSet;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use crate::downstream::Told;
use crate::world::{a_case, authorize, fresh, granted, redeem};
pub(crate) use notes::Notes;
use notes::{Answers, Place, Sent};

const BUDGETS: usize = 8;
const WRITERS: usize = 8;
const READERS: usize = 2;
/// What every offer costs.
const AMOUNT: i64 = 100;
/// More than is asked for.
const BUDGET: i64 = 10_000_000;
const START: Duration = Duration::from_mins(1);
/// A call that takes longer was made to a service that has gone.
const CALL: Duration = Duration::from_secs(5);

pub(crate) struct Bank {
    scratch: Scratch,
    issuer: Issuer,
    keys: TempDir,
    kpi: StandIn,
    durability: &'static str,
    child: Option<Child>,
    address: String,
}

/// Whoever calls for one tenant.
pub(crate) struct Clients {
    tenant: String,
    channel: Channel,
    service: Bearer,
    agent: Bearer,
    checkout: Bearer,
    operator: Bearer,
}

type Bearer = MetadataValue<Ascii>;

/// What the counters of a budget show.
struct Money {
    held: i64,
    redeemed: i64,
    budget: i64,
}

impl Bank {
    /// The service with a budget for each tenant, on a database that need not outlive its own server.
    pub(crate) async fn open(scratch: Scratch) -> Self {
        Self::with(scratch, "relaxed").await
    }

    /// The same, on a database that keeps what it has acknowledged.
    pub(crate) async fn durable(scratch: Scratch) -> Self {
        Self::with(scratch, "full").await
    }

    async fn with(scratch: Scratch, durability: &'static str) -> Self {
        let mut bank = Self {
            scratch,
            durability,
            issuer: Issuer::new(),
            keys: tempfile::tempdir().unwrap(),
            kpi: Told::default().serve().await,
            child: None,
            address: String::new(),
        };
        bank.start().await;
        for tenant in tenants() {
            bank.create_budget(&tenant).await;
        }
        bank
    }

    /// Starts the service on its files.
    pub(crate) async fn start(&mut self) {
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
            ("STORE__DURABILITY", self.durability),
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
    pub(crate) async fn kill(&mut self) {
        self.child.take().unwrap().kill().await;
    }

    /// Writers and readers, until nobody answers.
    pub(crate) fn work(&self, notes: &Arc<Notes>) -> JoinSet<()> {
        let mut busy = JoinSet::new();
        let tenants = tenants();
        for (tenant, _) in tenants.iter().zip(0..WRITERS) {
            busy.spawn(self.clients(tenant).write(Arc::clone(notes)));
        }
        for tenant in tenants.iter().take(READERS) {
            busy.spawn(self.clients(tenant).read(Arc::clone(notes)));
        }
        busy
    }

    /// Whether the service says that it can work.
    pub(crate) async fn health(&self) -> Result<(), String> {
        testkit::serve::health(format!("http://{}", self.address)).await
    }

    /// Replays what was sent and is not proven yet, and compares what is held and redeemed with what all answers say.
    pub(crate) async fn prove(&self, notes: &Notes) {
        let tenants = tenants();
        let proofs = tenants.iter().map(|tenant| self.prove_one(notes, tenant));
        join_all(proofs).await;
    }

    async fn prove_one(&self, notes: &Notes, tenant: &str) {
        let clients = self.clients(tenant);
        for (place, sent) in notes.unproven_of(tenant) {
            notes.prove(place, clients.replay(&sent).await);
        }
        let all = notes.answers_of(tenant);
        let offers: BTreeSet<&String> = all.iter().map(|answer| &answer.offer).collect();
        assert_eq!(offers.len(), all.len(), "two requests, one offer");
        let redeemed = all.iter().filter_map(|answer| answer.redemption.as_ref());
        let redemptions: BTreeSet<&String> = redeemed.clone().collect();
        assert_eq!(
            redemptions.len(),
            redeemed.count(),
            "two offers, one redemption"
        );
        let Money { held, redeemed, .. } = clients.money().await.unwrap();
        let used = redemptions.len();
        let sums = (cost(offers.len() - used), cost(used));
        assert_eq!((held, redeemed), sums, "of `{tenant}`");
    }

    fn clients(&self, tenant: &str) -> Clients {
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
            checkout: bearer(CallerKind::Checkout),
            operator: bearer(CallerKind::Operator),
        }
    }

    async fn create_budget(&self, tenant: &str) {
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
    /// Asks for one offer after the other, each on a case of its own, and redeems every other one, until nobody answers.
    async fn write(self, notes: Arc<Notes>) {
        loop {
            let done = async {
                let (place, granted) = self.hold(&notes).await?;
                self.hold(&notes).await?;
                self.use_up(&notes, place, &granted).await
            };
            if let Err(end) = done.await {
                notes.end(end.code());
                return;
            }
        }
    }

    async fn hold(&self, notes: &Notes) -> Result<(Place, pb::GrantedOffer), Status> {
        let sent = Sent::new();
        let place = notes.sent(&self.tenant, sent.clone());
        let granted = self.ask(&sent).await?;
        let offer = granted.offer.clone().unwrap();
        notes.granted(place, offer.offer_id);
        Ok((place, granted))
    }

    async fn use_up(
        &self,
        notes: &Notes,
        place: Place,
        granted: &pb::GrantedOffer,
    ) -> Result<(), Status> {
        let redemption = redeem(granted);
        notes.redeeming(place, redemption.clone());
        notes.redeemed(place, self.redeem(redemption).await?);
        Ok(())
    }

    /// Compares what is out of a budget with what was granted before and asked for since, until nobody answers.
    async fn read(self, notes: Arc<Notes>) {
        loop {
            let least = notes.granted_of(&self.tenant);
            let Ok(money) = self.money().await else {
                return;
            };
            let most = notes.of(&self.tenant).len();
            let out = money.held + money.redeemed;
            assert!(cost(least) <= out, "{least} were granted, {out} is out");
            assert!(out <= cost(most), "{most} were asked for, {out} is out");
            assert_eq!(money.budget, BUDGET);
        }
    }

    /// The answers to the same requests.
    async fn replay(&self, sent: &Sent) -> Answers {
        let granted = self.ask(sent).await.unwrap();
        let redemption = match &sent.redeem {
            Some(redeem) => Some(self.redeem(redeem.clone()).await.unwrap()),
            None => None,
        };
        Answers {
            offer: granted.offer.unwrap().offer_id,
            redemption,
        }
    }

    async fn ask(&self, sent: &Sent) -> Result<pb::GrantedOffer, Status> {
        let mut offers = self.offers();
        offers
            .record_case(by(&self.service, sent.case.clone()))
            .await?;
        let answer = offers
            .authorize_offer(by(&self.agent, sent.ask.clone()))
            .await?;
        Ok(granted(answer.into_inner()))
    }

    async fn redeem(&self, redeem: pb::RedeemOfferRequest) -> Result<String, Status> {
        let answer = self
            .offers()
            .redeem_offer(by(&self.checkout, redeem))
            .await?;
        Ok(answer.into_inner().redemption_id)
    }

    async fn money(&self) -> Result<Money, Status> {
        let all = by(&self.operator, pb::ListProgrammesRequest::default());
        let listed = self.programmes().list_programmes(all).await?.into_inner();
        let programme = listed.programmes.into_iter().next().unwrap();
        let units = |money: Option<proto::money::v1::Money>| money.unwrap().minor_units;
        Ok(Money {
            held: units(programme.held),
            redeemed: units(programme.redeemed),
            budget: units(programme.budget),
        })
    }

    fn offers(&self) -> OfferAuthorizationServiceClient<Channel> {
        OfferAuthorizationServiceClient::new(self.channel.clone())
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
        Self::of(case, ask)
    }
}

fn tenants() -> Vec<String> {
    (0..BUDGETS)
        .map(|number| format!("bank-{number}"))
        .collect()
}

/// What so many offers cost.
fn cost(offers: usize) -> i64 {
    i64::try_from(offers).unwrap() * AMOUNT
}

fn by<T>(bearer: &Bearer, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request
        .metadata_mut()
        .insert("authorization", bearer.clone());
    request
}
