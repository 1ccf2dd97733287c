//! Clients for everybody who deals with the suite from outside, each with a token of their own.
//!
//! They speak plain gRPC, as the systems of a shop or of a partner do, and bring no trace: what they do late in a
//! recovery is continued by the suite in the trace of its first event.

use domain::id::TenantId;
use platform::auth::{CallerKind, DevelopmentKeys};
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
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use super::DemoError;
use crate::replay::{Access, Speed, Target};
use crate::suite::{Addresses, Suite};
use crate::token::mint;

/// A connection to one service with the token of one caller.
pub(super) type Line = InterceptedService<Channel, Bearer>;

/// A token, on every call.
#[derive(Debug, Clone)]
pub(super) struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request
            .metadata_mut()
            .insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// The ways into a running suite, for whoever shows a token of its tenant.
#[derive(Debug, Clone)]
pub(super) struct Doors {
    addresses: Addresses,
    keys: DevelopmentKeys,
    tenant: TenantId,
}

impl Doors {
    pub(super) fn of(suite: &Suite, tenant: TenantId) -> Self {
        Self {
            addresses: suite.addresses().clone(),
            keys: suite.keys().clone(),
            tenant,
        }
    }

    /// Where a recording is replayed, as `rescate replay` does it.
    pub(super) fn replay(&self, speed: Speed) -> Target {
        Target {
            uri: self.addresses.uri(session_tracking::NAME),
            access: Access::Keys {
                keys: self.keys.clone(),
                tenant: self.tenant.clone(),
            },
            speed,
        }
    }

    pub(super) fn sessions(
        &self,
        caller: CallerKind,
    ) -> Result<SessionTrackingServiceClient<Line>, DemoError> {
        let line = self.line(session_tracking::NAME, caller)?;
        Ok(SessionTrackingServiceClient::new(line))
    }

    pub(super) fn risk(&self) -> Result<RiskScoringServiceClient<Line>, DemoError> {
        let line = self.line(risk_scoring::NAME, CallerKind::Operator)?;
        Ok(RiskScoringServiceClient::new(line))
    }

    pub(super) fn models(&self) -> Result<ModelServiceClient<Line>, DemoError> {
        let line = self.line(risk_scoring::NAME, CallerKind::Operator)?;
        Ok(ModelServiceClient::new(line))
    }

    pub(super) fn interventions(&self) -> Result<InterventionServiceClient<Line>, DemoError> {
        let line = self.line(intervention_routing::NAME, CallerKind::Operator)?;
        Ok(InterventionServiceClient::new(line))
    }

    pub(super) fn plays(&self) -> Result<PlayServiceClient<Line>, DemoError> {
        let line = self.line(intervention_routing::NAME, CallerKind::Operator)?;
        Ok(PlayServiceClient::new(line))
    }

    pub(super) fn desk(
        &self,
        caller: CallerKind,
    ) -> Result<AgentDeskServiceClient<Line>, DemoError> {
        let line = self.line(intervention_routing::NAME, caller)?;
        Ok(AgentDeskServiceClient::new(line))
    }

    pub(super) fn storefront(
        &self,
        caller: CallerKind,
    ) -> Result<ShopperServiceClient<Line>, DemoError> {
        let line = self.line(intervention_routing::NAME, caller)?;
        Ok(ShopperServiceClient::new(line))
    }

    pub(super) fn offers(
        &self,
        caller: CallerKind,
    ) -> Result<OfferAuthorizationServiceClient<Line>, DemoError> {
        let line = self.line(offer_authorization::NAME, caller)?;
        Ok(OfferAuthorizationServiceClient::new(line))
    }

    pub(super) fn programmes(&self) -> Result<OfferProgramServiceClient<Line>, DemoError> {
        let line = self.line(offer_authorization::NAME, CallerKind::Operator)?;
        Ok(OfferProgramServiceClient::new(line))
    }

    pub(super) fn kpis(&self) -> Result<KpiServiceClient<Line>, DemoError> {
        let line = self.line(kpi::NAME, CallerKind::Operator)?;
        Ok(KpiServiceClient::new(line))
    }

    /// Connects with the first call.
    fn line(&self, service: &str, caller: CallerKind) -> Result<Line, DemoError> {
        let token = mint(&self.keys, &self.tenant, caller, None)?;
        let bearer = format!("Bearer {token}")
            .parse()
            .map_err(DemoError::Token)?;
        let channel = Endpoint::from_shared(self.addresses.uri(service))
            .map_err(DemoError::Endpoint)?
            .tcp_nodelay(true)
            .connect_lazy();
        Ok(InterceptedService::new(channel, Bearer(bearer)))
    }
}
