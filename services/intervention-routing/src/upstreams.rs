//! The services that this one calls: offer-authorization and session-tracking are asked; kpi, offer-authorization and
//! risk-scoring are told through the relay.

use domain::cart::Cart;
use domain::consent::Consents;
use domain::id::{SessionId, TenantId};
use domain::moment::Page;
use messaging::DirectTransport;
use platform::auth::TokenSource;
use platform::client::{ClientError, Connection, connect as reach};
use proto::field;
use proto::offers::v1 as offers;
use proto::offers::v1::offer_authorization_service_client::OfferAuthorizationServiceClient;
use proto::session::v1 as session;
use proto::session::v1::session_tracking_service_client::SessionTrackingServiceClient;
use tonic::{Code, Status};

use crate::Config;
use crate::decide::Order;
use crate::error::RoutingError;

/// Audience and outbox destination of offer-authorization.
pub(crate) const OFFERS: &str = "offer-authorization";
/// Audience and outbox destination of risk-scoring.
pub(crate) const RISK: &str = "risk-scoring";
/// Audience and outbox destination of kpi.
pub(crate) const KPI: &str = "kpi";
const SESSIONS: &str = "session-tracking";

/// The services that are asked while a call is served.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    offers: Connection,
    sessions: Connection,
}

/// What a session looks like now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionNow {
    pub(crate) cart: Cart,
    pub(crate) page: Option<Page>,
    pub(crate) order: Order,
    pub(crate) consents: Consents,
}

/// The ways to those who are told through the relay.
pub(crate) fn told(config: &Config, tokens: &TokenSource) -> Result<DirectTransport, ClientError> {
    let at = &config.upstreams;
    let destinations = [
        (OFFERS, at.offer_authorization.as_str()),
        (RISK, at.risk_scoring.as_str()),
        (KPI, at.kpi.as_str()),
    ];
    DirectTransport::connect(&config.client, tokens, destinations)
}

impl Clients {
    /// Connections as the settings say; each is made with its first call.
    pub(crate) fn connect(config: &Config, tokens: &TokenSource) -> Result<Self, ClientError> {
        let at = &config.upstreams;
        let to = |audience, uri: &str| reach(&config.client, uri, audience, tokens.clone());
        Ok(Self {
            offers: to(OFFERS, &at.offer_authorization)?,
            sessions: to(SESSIONS, &at.session_tracking)?,
        })
    }

    /// Asks what may be granted.
    pub(crate) async fn check_authority(
        &self,
        tenant: &TenantId,
        request: offers::CheckAuthorityRequest,
    ) -> Result<offers::CheckAuthorityResponse, RoutingError> {
        OfferAuthorizationServiceClient::new(self.offers.for_tenant(tenant))
            .check_authority(request)
            .await
            .map(tonic::Response::into_inner)
            .map_err(|status| unanswered(OFFERS, status))
    }

    /// Asks what a session looks like now; `None` when session-tracking knows of none.
    pub(crate) async fn session_now(
        &self,
        tenant: &TenantId,
        session: SessionId,
    ) -> Result<Option<SessionNow>, RoutingError> {
        let request = session::GetSessionRequest {
            session_id: session.to_string(),
        };
        let answer = SessionTrackingServiceClient::new(self.sessions.for_tenant(tenant))
            .get_session(request)
            .await;
        match answer {
            Ok(answer) => match answer.into_inner().session {
                Some(session) => SessionNow::read(session).map(Some),
                None => Ok(None),
            },
            Err(status) if status.code() == Code::NotFound => Ok(None),
            Err(status) => Err(unanswered(SESSIONS, status)),
        }
    }
}

impl SessionNow {
    fn read(wire: session::Session) -> Result<Self, RoutingError> {
        let misunderstood = |source| RoutingError::Misunderstood {
            service: SESSIONS,
            source,
        };
        let ordered = wire.state() == session::SessionState::Ordered || !wire.orders.is_empty();
        Ok(Self {
            cart: field::read("session.cart", wire.cart).map_err(misunderstood)?,
            page: Page::parse(&wire.page).ok(),
            order: if ordered { Order::Placed } else { Order::None },
            consents: field::read("session.consents", wire.consents).map_err(misunderstood)?,
        })
    }
}

fn unanswered(service: &'static str, status: Status) -> RoutingError {
    RoutingError::Upstream {
        service,
        status: Box::new(status),
    }
}
