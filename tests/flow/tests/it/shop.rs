//! A running suite, and clients for whoever deals with it.

use domain::id::{AgentId, PartnerId, SessionId, TenantId};
use platform::auth::{CallerKind, Grant};
use platform::client::{Client, connect_with_token};
use platform::ids::{IdSource, SystemIds};
use proto::kpi::v1::kpi_service_client::KpiServiceClient;
use proto::offers::v1::offer_authorization_service_client::OfferAuthorizationServiceClient;
use proto::offers::v1::offer_program_service_client::OfferProgramServiceClient;
use proto::risk::v1::model_service_client::ModelServiceClient;
use proto::risk::v1::risk_scoring_service_client::RiskScoringServiceClient;
use proto::routing::v1::agent_desk_service_client::AgentDeskServiceClient;
use proto::routing::v1::intervention_service_client::InterventionServiceClient;
use proto::routing::v1::play_service_client::PlayServiceClient;
use proto::routing::v1::shopper_service_client::ShopperServiceClient;
use proto::session::v1::session_tracking_service_client::SessionTrackingServiceClient;
use standalone::suite::{ISSUER, Overrides, Ports, SERVICES, Suite, SuiteOptions};
use standalone::token::mint;
use tempfile::TempDir;
use testkit::messages::now;
use testkit::scratch::{Engine, Scratch};
use tokio_util::sync::CancellationToken;

pub(crate) const SESSIONS: &str = "session-tracking";
pub(crate) const RISK: &str = "risk-scoring";
pub(crate) const ROUTING: &str = "intervention-routing";
pub(crate) const OFFERS: &str = "offer-authorization";
pub(crate) const KPI: &str = "kpi";

/// The partner of these flows, and its one agent.
pub(crate) const PARTNER: &str = "acme-bpo";
pub(crate) const AGENT: &str = "ana";

/// Longer than any test lasts.
const LONG_MS: i64 = 600_000;

/// A suite with one tenant, on free ports and a folder of its own.
pub(crate) struct Shop {
    suite: Suite,
    options: SuiteOptions,
    tenant: TenantId,
    _folder: TempDir,
    _databases: Vec<Scratch>,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::with(settings(), Vec::new()).await
    }

    /// A shop whose services keep everything on this engine; `None` where the engine is absent and not demanded.
    pub(crate) async fn open_on(engine: Engine) -> Option<Self> {
        let mut settings = settings();
        let mut databases = Vec::new();
        for (service, _) in SERVICES {
            let database = engine.scratch().await?;
            settings.set(service, "store", "url", database.url());
            settings.set(service, "store", "durability", "relaxed");
            // Two shops are open at once, and a server has a hundred connections.
            settings.set(service, "store", "pool_size", 4);
            databases.push(database);
        }
        Some(Self::with(settings, databases).await)
    }

    async fn with(overrides: Overrides, databases: Vec<Scratch>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = SuiteOptions {
            data: folder.path().to_owned(),
            ports: Ports::Free,
            overrides,
        };
        Self {
            suite: started(&options).await,
            options,
            tenant: TenantId::parse("flow-shop").unwrap(),
            _folder: folder,
            _databases: databases,
        }
    }

    /// Stops the suite and starts it on the same data, on other ports.
    pub(crate) async fn reopen(self) -> Self {
        self.suite.stop().await.unwrap();
        Self {
            suite: started(&self.options).await,
            ..self
        }
    }

    pub(crate) async fn close(self) {
        self.suite.stop().await.unwrap();
    }

    pub(crate) fn uri(&self, service: &str) -> String {
        self.suite.addresses().uri(service)
    }

    pub(crate) fn token(&self, caller: CallerKind) -> String {
        self.token_of(&self.tenant, caller)
    }

    fn token_of(&self, tenant: &TenantId, caller: CallerKind) -> String {
        mint(self.suite.keys(), tenant, caller, None).unwrap()
    }

    /// A token that is good, but for somebody who is not of the suite.
    pub(crate) fn token_for(&self, audience: &str) -> String {
        let operator = CallerKind::Operator;
        let grant = Grant::new(audience, self.tenant.clone(), "flow", operator);
        let key = self.suite.keys().signing_key();
        let token = key.mint(ISSUER, &grant, now(), SystemIds.next_uuid());
        token.unwrap()
    }

    pub(crate) fn client(&self, service: &str, caller: CallerKind) -> Client {
        connect_with_token(&self.uri(service), &self.token(caller)).unwrap()
    }

    /// A client of the same kind of caller at another tenant.
    pub(crate) fn stranger(&self, tenant: &str, service: &str, caller: CallerKind) -> Client {
        let token = self.token_of(&TenantId::parse(tenant).unwrap(), caller);
        connect_with_token(&self.uri(service), &token).unwrap()
    }

    pub(crate) fn sessions(&self) -> SessionTrackingServiceClient<Client> {
        SessionTrackingServiceClient::new(self.client(SESSIONS, CallerKind::Platform))
    }

    pub(crate) fn risk(&self) -> RiskScoringServiceClient<Client> {
        RiskScoringServiceClient::new(self.client(RISK, CallerKind::Platform))
    }

    pub(crate) fn models(&self) -> ModelServiceClient<Client> {
        ModelServiceClient::new(self.client(RISK, CallerKind::Operator))
    }

    pub(crate) fn interventions(&self) -> InterventionServiceClient<Client> {
        InterventionServiceClient::new(self.client(ROUTING, CallerKind::Operator))
    }

    pub(crate) fn plays(&self) -> PlayServiceClient<Client> {
        PlayServiceClient::new(self.client(ROUTING, CallerKind::Operator))
    }

    pub(crate) fn desk(&self) -> AgentDeskServiceClient<Client> {
        AgentDeskServiceClient::new(self.client(ROUTING, an_agent()))
    }

    pub(crate) fn storefront(&self, session: SessionId) -> ShopperServiceClient<Client> {
        let caller = CallerKind::Storefront { session };
        ShopperServiceClient::new(self.client(ROUTING, caller))
    }

    pub(crate) fn programmes(&self) -> OfferProgramServiceClient<Client> {
        OfferProgramServiceClient::new(self.client(OFFERS, CallerKind::Operator))
    }

    pub(crate) fn agent_offers(&self) -> OfferAuthorizationServiceClient<Client> {
        OfferAuthorizationServiceClient::new(self.client(OFFERS, an_agent()))
    }

    /// As intervention-routing tells of cases.
    pub(crate) fn cases(&self) -> OfferAuthorizationServiceClient<Client> {
        OfferAuthorizationServiceClient::new(self.client(OFFERS, CallerKind::Service))
    }

    pub(crate) fn checkout(&self) -> OfferAuthorizationServiceClient<Client> {
        OfferAuthorizationServiceClient::new(self.client(OFFERS, CallerKind::Checkout))
    }

    pub(crate) fn kpis(&self) -> KpiServiceClient<Client> {
        KpiServiceClient::new(self.client(KPI, CallerKind::Operator))
    }
}

/// Settings for tests: everybody is patient, since a busy machine is slow, and nobody is told to slow down.
fn settings() -> Overrides {
    let mut settings = Overrides::default();
    for (service, _) in SERVICES {
        settings.set(service, "server", "drain_accept_ms", 0);
        for whose in ["tenant", "partner", "agent"] {
            let key = format!("{whose}_calls_per_second");
            settings.set(service, "server", &key, 100_000);
        }
    }
    // Everybody is treated, so that the flow does not depend on who is drawn.
    settings.set(ROUTING, "rules", "holdout_bps", 0);
    for key in [
        "chat_reservation_timeout_ms",
        "silent_after_ms",
        "begin_within_ms",
    ] {
        settings.set(ROUTING, "desks", key, LONG_MS);
    }
    settings.set(ROUTING, "invitations", "answer_within_ms", LONG_MS);
    for key in ["cart_idle_ms", "checkout_idle_ms", "shock_pause_ms"] {
        settings.set(SESSIONS, "signals", key, LONG_MS);
    }
    settings
}

async fn started(options: &SuiteOptions) -> Suite {
    Suite::start(options, CancellationToken::new())
        .await
        .unwrap()
}

/// The one agent of these flows.
pub(crate) fn an_agent() -> CallerKind {
    an_agent_named(AGENT)
}

/// An agent of the same partner with a desk of their own.
pub(crate) fn another_agent() -> CallerKind {
    an_agent_named("eva")
}

fn an_agent_named(agent: &str) -> CallerKind {
    CallerKind::Agent {
        partner: PartnerId::parse(PARTNER).unwrap(),
        agent: AgentId::parse(agent).unwrap(),
    }
}

/// Who approves for the agent.
pub(crate) fn a_supervisor() -> CallerKind {
    CallerKind::Supervisor {
        partner: PartnerId::parse(PARTNER).unwrap(),
        agent: AgentId::parse("sol").unwrap(),
    }
}

/// A new idempotency key.
pub(crate) fn request_id() -> String {
    SystemIds.next_uuid().to_string()
}
