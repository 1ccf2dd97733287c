//! A running suite, and typed clients for whoever deals with it.

use domain::id::{AgentId, PartnerId, SessionId, TenantId};
use platform::auth::CallerKind;
use platform::client::{Client, connect_with_token};
use platform::ids::{IdSource, SystemIds};
use proto::kpi::v1::kpi_service_client::KpiServiceClient;
use proto::offers::v1::offer_authorization_service_client::OfferAuthorizationServiceClient;
use proto::offers::v1::offer_program_service_client::OfferProgramServiceClient;
use proto::risk::v1::risk_scoring_service_client::RiskScoringServiceClient;
use proto::routing::v1::agent_desk_service_client::AgentDeskServiceClient;
use proto::routing::v1::intervention_service_client::InterventionServiceClient;
use proto::routing::v1::play_service_client::PlayServiceClient;
use proto::routing::v1::shopper_service_client::ShopperServiceClient;
use proto::session::v1::session_tracking_service_client::SessionTrackingServiceClient;
use standalone::suite::{Overrides, Ports, SERVICES, Suite, SuiteOptions};
use standalone::token::mint;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

pub(crate) const SESSIONS: &str = "session-tracking";
pub(crate) const RISK: &str = "risk-scoring";
pub(crate) const ROUTING: &str = "intervention-routing";
pub(crate) const OFFERS: &str = "offer-authorization";
pub(crate) const KPI: &str = "kpi";

/// A suite with one tenant, on free ports and a folder of its own.
pub(crate) struct Shop {
    suite: Suite,
    tenant: TenantId,
    _folder: TempDir,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut overrides = Overrides::default();
        for (service, _) in SERVICES {
            overrides.set(service, "server", "drain_accept_ms", 0);
        }
        // Everybody is treated, so that the flow does not depend on who is drawn.
        overrides.set(ROUTING, "rules", "holdout_bps", 0);
        let options = SuiteOptions {
            data: folder.path().to_owned(),
            ports: Ports::Free,
            overrides,
        };
        let suite = Suite::start(&options, CancellationToken::new())
            .await
            .unwrap();
        Self {
            suite,
            tenant: TenantId::parse("flow-shop").unwrap(),
            _folder: folder,
        }
    }

    pub(crate) async fn close(self) {
        self.suite.stop().await.unwrap();
    }

    pub(crate) fn uri(&self, service: &str) -> String {
        self.suite.addresses().uri(service)
    }

    pub(crate) fn token(&self, caller: CallerKind) -> String {
        mint(self.suite.keys(), &self.tenant, caller, None).unwrap()
    }

    fn client(&self, service: &str, caller: CallerKind) -> Client {
        connect_with_token(&self.uri(service), &self.token(caller)).unwrap()
    }

    pub(crate) fn sessions(&self) -> SessionTrackingServiceClient<Client> {
        SessionTrackingServiceClient::new(self.client(SESSIONS, CallerKind::Platform))
    }

    pub(crate) fn risk(&self) -> RiskScoringServiceClient<Client> {
        RiskScoringServiceClient::new(self.client(RISK, CallerKind::Platform))
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

    pub(crate) fn checkout(&self) -> OfferAuthorizationServiceClient<Client> {
        OfferAuthorizationServiceClient::new(self.client(OFFERS, CallerKind::Checkout))
    }

    pub(crate) fn kpis(&self) -> KpiServiceClient<Client> {
        KpiServiceClient::new(self.client(KPI, CallerKind::Operator))
    }
}

/// The one agent of these flows.
pub(crate) fn an_agent() -> CallerKind {
    CallerKind::Agent {
        partner: PartnerId::parse("acme-bpo").unwrap(),
        agent: AgentId::parse("ana").unwrap(),
    }
}

/// A new idempotency key.
pub(crate) fn request_id() -> String {
    SystemIds.next_uuid().to_string()
}
