//! `rescate up` as a process, and typed clients for whoever deals with it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command as StdCommand;
use std::time::Duration;

use domain::id::{AgentId, PartnerId, SessionId, TenantId};
use platform::auth::{CallerKind, DevelopmentKeys};
use platform::client::{Client, connect_with_token};
use platform::ids::{IdSource, SystemIds};
use proto::cause::v1::Cause;
use proto::kpi::v1::kpi_service_client::KpiServiceClient;
use proto::offers::v1::offer_authorization_service_client::OfferAuthorizationServiceClient;
use proto::offers::v1::offer_program_service_client::OfferProgramServiceClient;
use proto::offers::v1::{CaseAgent, CreateProgrammeRequest, Programme, RecordCaseRequest};
use proto::routing::v1::agent_desk_service_client::AgentDeskServiceClient;
use proto::routing::v1::intervention_service_client::InterventionServiceClient;
use proto::routing::v1::shopper_service_client::ShopperServiceClient;
use proto::session::v1::session_tracking_service_client::SessionTrackingServiceClient;
use standalone::token::mint;
use testkit::messages::{Shopper, a_cart, a_programme};
use testkit::process::Child;
use tokio::process::Command;
use uuid::Uuid;

const START_LIMIT: Duration = Duration::from_mins(1);
const PARTNER: &str = "acme-bpo";
/// The agent who grants offers, and the one who takes reservations.
const GRANTOR: &str = "ana";
const AGENT: &str = "bea";

/// Everybody is treated, and nothing times out while the suite is down.
const ROUTING: [(&str, &str); 4] = [
    ("RULES__HOLDOUT_BPS", "0"),
    ("DESKS__CHAT_RESERVATION_TIMEOUT_MS", "600000"),
    ("DESKS__BEGIN_WITHIN_MS", "600000"),
    ("INVITATIONS__ANSWER_WITHIN_MS", "600000"),
];

/// No limit holds back whoever asks for everything again.
const LIMITS: [&str; 3] = [
    "TENANT_CALLS_PER_SECOND",
    "PARTNER_CALLS_PER_SECOND",
    "AGENT_CALLS_PER_SECOND",
];

/// The process, and the shop that it serves.
pub(super) struct Running {
    pub(super) child: Child,
    pub(super) shop: Shop,
}

/// Ways into the suite, for whoever shows a token.
#[derive(Clone)]
pub(super) struct Shop {
    addresses: BTreeMap<String, String>,
    keys: DevelopmentKeys,
}

impl Running {
    pub(super) async fn start(data: &Path) -> Self {
        let mut command = StdCommand::new(env!("CARGO_BIN_EXE_rescate"));
        command.args(["up", "--free-ports", "--data"]).arg(data);
        command.envs(settings());
        let child = Child::spawn(Command::from(command));
        let ready = child
            .line(START_LIMIT, |line| line.starts_with("rescate is ready"))
            .await;
        let addresses = ready
            .split_whitespace()
            .filter_map(|word| word.split_once('='))
            .map(|(service, uri)| (service.to_owned(), uri.to_owned()))
            .collect();
        let keys = DevelopmentKeys::create_or_load(&data.join("keys")).unwrap();
        let shop = Shop { addresses, keys };
        Self { child, shop }
    }
}

impl Shop {
    fn client(&self, service: &str, caller: CallerKind) -> Client {
        let tenant = TenantId::parse("crash-shop").unwrap();
        let token = mint(&self.keys, &tenant, caller, None).unwrap();
        connect_with_token(&self.addresses[service], &token).unwrap()
    }

    pub(super) fn sessions(&self) -> SessionTrackingServiceClient<Client> {
        SessionTrackingServiceClient::new(self.client("session-tracking", CallerKind::Platform))
    }

    pub(super) fn storefront(&self, session: SessionId) -> ShopperServiceClient<Client> {
        let caller = CallerKind::Storefront { session };
        ShopperServiceClient::new(self.client("intervention-routing", caller))
    }

    pub(super) fn desk(&self) -> AgentDeskServiceClient<Client> {
        AgentDeskServiceClient::new(self.client("intervention-routing", agent(AGENT)))
    }

    pub(super) fn interventions(&self) -> InterventionServiceClient<Client> {
        let client = self.client("intervention-routing", CallerKind::Operator);
        InterventionServiceClient::new(client)
    }

    pub(super) fn grantor(&self) -> OfferAuthorizationServiceClient<Client> {
        OfferAuthorizationServiceClient::new(self.client("offer-authorization", agent(GRANTOR)))
    }

    pub(super) fn programmes(&self) -> OfferProgramServiceClient<Client> {
        OfferProgramServiceClient::new(self.client("offer-authorization", CallerKind::Operator))
    }

    pub(super) fn kpis(&self) -> KpiServiceClient<Client> {
        KpiServiceClient::new(self.client("kpi", CallerKind::Operator))
    }

    /// Brings in money for offers, and a case on which they are asked for.
    pub(super) async fn open(&self) {
        let request = CreateProgrammeRequest {
            request_id: fresh(),
            programme: Some(Programme {
                offers_per_person: 1_000,
                ..a_programme("help", 100_000_000)
            }),
        };
        self.programmes().create_programme(request).await.unwrap();
        let shopper = Shopper::new();
        let request = RecordCaseRequest {
            request_id: fresh(),
            intervention_id: the_case(),
            revision: 1,
            session_id: shopper.session.to_string(),
            person_id: shopper.person(),
            cause: Cause::UnexpectedCost.into(),
            cart: Some(a_cart()),
            agent: Some(CaseAgent {
                partner_id: PARTNER.to_owned(),
                agent_id: GRANTOR.to_owned(),
            }),
            channel: None,
        };
        let caller = CallerKind::Service;
        OfferAuthorizationServiceClient::new(self.client("offer-authorization", caller))
            .record_case(request)
            .await
            .unwrap();
    }
}

/// Settings of this test, as environment variables.
fn settings() -> Vec<(String, &'static str)> {
    let routing = ROUTING.map(|(key, value)| (format!("RESCATE_ROUTING__{key}"), value));
    let mut settings = Vec::from(routing);
    for service in ["SESSIONS", "ROUTING", "OFFERS"] {
        let limits = LIMITS.map(|limit| (format!("RESCATE_{service}__SERVER__{limit}"), "10000"));
        settings.extend(limits);
    }
    settings
}

fn agent(name: &str) -> CallerKind {
    CallerKind::Agent {
        partner: PartnerId::parse(PARTNER).unwrap(),
        agent: AgentId::parse(name).unwrap(),
    }
}

/// The intervention on which offers are asked for.
pub(super) fn the_case() -> String {
    format!("itv_{}", Uuid::from_u128(9))
}

/// A new idempotency key.
pub(super) fn fresh() -> String {
    SystemIds.next_uuid().to_string()
}
