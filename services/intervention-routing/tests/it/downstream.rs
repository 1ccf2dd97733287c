//! Stand-ins for session-tracking, offer-authorization and kpi: they answer what a test says, and keep what they are told.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use platform::status::{Fault, Kind};
use proto::fact::v1::Fact;
use proto::fact::v1::fact::Body;
use proto::kpi::v1 as kpi;
use proto::kpi::v1::kpi_service_server::{KpiService, KpiServiceServer};
use proto::offers::v1 as offers;
use proto::offers::v1::offer_authorization_service_server::{
    OfferAuthorizationService, OfferAuthorizationServiceServer,
};
use proto::remedy::v1::{OfferRefusal, RemedyKind};
use proto::session::v1 as session;
use proto::session::v1::session_tracking_service_server::{
    SessionTrackingService, SessionTrackingServiceServer,
};
use testkit::eventually;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_stream::Empty;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, Streaming};

const DEADLINE: Duration = Duration::from_secs(10);

/// What offer-authorization says when it is asked.
#[derive(Debug, Clone, Default)]
pub(crate) enum Authority {
    /// Somebody may grant something.
    #[default]
    Empowered,
    /// Nobody may, for these reasons.
    Refused(Vec<OfferRefusal>),
    /// It does not answer.
    Down,
}

/// What the stand-ins were told, and what they say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    authority: Authority,
    questions: Vec<offers::CheckAuthorityRequest>,
    cases: Vec<offers::RecordCaseRequest>,
    facts: Vec<(Fact, Option<String>)>,
    sessions: HashMap<String, session::Session>,
    session_questions: usize,
}

impl Told {
    /// What offer-authorization says from now on.
    pub(crate) fn say(&self, authority: Authority) {
        self.inner.lock().unwrap().authority = authority;
    }

    /// What session-tracking says of a session from now on.
    pub(crate) fn session_is(&self, session: session::Session) {
        let mut inner = self.inner.lock().unwrap();
        inner.sessions.insert(session.session_id.clone(), session);
    }

    /// How often session-tracking was asked.
    pub(crate) fn session_questions(&self) -> usize {
        self.inner.lock().unwrap().session_questions
    }

    /// The questions about authority.
    pub(crate) fn questions(&self) -> Vec<offers::CheckAuthorityRequest> {
        self.inner.lock().unwrap().questions.clone()
    }

    /// The records of cases.
    pub(crate) fn cases(&self) -> Vec<offers::RecordCaseRequest> {
        self.inner.lock().unwrap().cases.clone()
    }

    /// The facts.
    pub(crate) fn facts(&self) -> Vec<Fact> {
        let inner = self.inner.lock().unwrap();
        inner.facts.iter().map(|(fact, _)| fact.clone()).collect()
    }

    /// The trace that each fact came in, as its `traceparent`.
    pub(crate) fn traces(&self) -> Vec<String> {
        let inner = self.inner.lock().unwrap();
        let traces = inner.facts.iter().filter_map(|(_, trace)| trace.clone());
        traces.collect()
    }

    /// Waits until so many cases were recorded.
    pub(crate) async fn some_cases(&self, n: usize) -> Vec<offers::RecordCaseRequest> {
        eventually(DEADLINE, || async {
            let cases = self.cases();
            (cases.len() >= n).then_some(cases)
        })
        .await
    }

    /// Waits until so many facts were told.
    pub(crate) async fn some_facts(&self, n: usize) -> Vec<Fact> {
        eventually(DEADLINE, || async {
            let facts = self.facts();
            (facts.len() >= n).then_some(facts)
        })
        .await
    }

    /// Waits for a fact of one kind.
    pub(crate) async fn fact(&self, wanted: fn(&Body) -> bool) -> Fact {
        eventually(DEADLINE, || async {
            self.facts()
                .into_iter()
                .find(|fact| fact.body.as_ref().is_some_and(wanted))
        })
        .await
    }
}

/// A server of all three contracts, until it is dropped.
#[derive(Debug)]
pub(crate) struct Downstream {
    address: SocketAddr,
    pub(crate) told: Told,
    task: JoinHandle<()>,
}

impl Downstream {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let told = Told::default();
        let server = tonic::transport::Server::builder()
            .add_service(OfferAuthorizationServiceServer::new(told.clone()))
            .add_service(SessionTrackingServiceServer::new(told.clone()))
            .add_service(KpiServiceServer::new(told.clone()))
            .serve_with_incoming(TcpListenerStream::new(listener));
        let task = tokio::spawn(async move { server.await.unwrap() });
        Self {
            address,
            told,
            task,
        }
    }

    pub(crate) fn uri(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Downstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn not_asked() -> Status {
    Fault::new(Kind::Unimplemented, "nobody should ask").to_status()
}

macro_rules! nobody_asks {
    ($( $method:ident($request:ty) -> $answer:ty; )+) => { $(
        fn $method<'a: 'f, 'f>(
            &'a self,
            _request: Request<$request>,
        ) -> futures::future::BoxFuture<'f, Result<Response<$answer>, Status>>
        where
            Self: 'f,
        {
            Box::pin(async { Err(not_asked()) })
        }
    )+ };
}

#[tonic::async_trait]
impl OfferAuthorizationService for Told {
    async fn record_case(
        &self,
        request: Request<offers::RecordCaseRequest>,
    ) -> Result<Response<offers::RecordCaseResponse>, Status> {
        let request = request.into_inner();
        // What is sent must be what the receiver takes.
        domain::cart::Cart::try_from(request.cart.clone().unwrap()).unwrap();
        let revision = request.revision;
        self.inner.lock().unwrap().cases.push(request);
        Ok(Response::new(offers::RecordCaseResponse { revision }))
    }

    async fn check_authority(
        &self,
        request: Request<offers::CheckAuthorityRequest>,
    ) -> Result<Response<offers::CheckAuthorityResponse>, Status> {
        let mut inner = self.inner.lock().unwrap();
        inner.questions.push(request.into_inner());
        let answer = match &inner.authority {
            Authority::Empowered => offers::CheckAuthorityResponse {
                empowered: true,
                ..Default::default()
            },
            Authority::Refused(reasons) => offers::CheckAuthorityResponse {
                refused: vec![offers::RefusedRemedy {
                    kind: RemedyKind::WaiveShipping.into(),
                    reasons: reasons.iter().map(|reason| (*reason).into()).collect(),
                }],
                ..Default::default()
            },
            Authority::Down => {
                return Err(Fault::new(Kind::Unavailable, "down").to_status());
            }
        };
        Ok(Response::new(answer))
    }

    nobody_asks! {
        authorize_offer(offers::AuthorizeOfferRequest) -> offers::AuthorizeOfferResponse;
        request_approval(offers::RequestApprovalRequest) -> offers::RequestApprovalResponse;
        approve_offer(offers::ApproveOfferRequest) -> offers::ApproveOfferResponse;
        deny_offer(offers::DenyOfferRequest) -> offers::DenyOfferResponse;
        release_offer(offers::ReleaseOfferRequest) -> offers::ReleaseOfferResponse;
        redeem_offer(offers::RedeemOfferRequest) -> offers::RedeemOfferResponse;
        reverse_redemption(offers::ReverseRedemptionRequest) -> offers::ReverseRedemptionResponse;
        get_offer(offers::GetOfferRequest) -> offers::GetOfferResponse;
        list_offers(offers::ListOffersRequest) -> offers::ListOffersResponse;
        get_offer_keys(offers::GetOfferKeysRequest) -> offers::GetOfferKeysResponse;
    }
}

#[tonic::async_trait]
impl SessionTrackingService for Told {
    type StreamEventsStream = Empty<Result<session::StreamEventsResponse, Status>>;
    type WatchSessionsStream = Empty<Result<session::WatchSessionsResponse, Status>>;

    async fn get_session(
        &self,
        request: Request<session::GetSessionRequest>,
    ) -> Result<Response<session::GetSessionResponse>, Status> {
        let mut inner = self.inner.lock().unwrap();
        inner.session_questions += 1;
        match inner.sessions.get(&request.into_inner().session_id) {
            Some(session) => Ok(Response::new(session::GetSessionResponse {
                session: Some(session.clone()),
            })),
            None => Err(Fault::new(Kind::NotFound, "no such session").to_status()),
        }
    }

    nobody_asks! {
        record_events(session::RecordEventsRequest) -> session::RecordEventsResponse;
        stream_events(Streaming<session::StreamEventsRequest>) -> Self::StreamEventsStream;
        list_sessions(session::ListSessionsRequest) -> session::ListSessionsResponse;
        watch_sessions(session::WatchSessionsRequest) -> Self::WatchSessionsStream;
        erase_shopper(session::EraseShopperRequest) -> session::EraseShopperResponse;
    }
}

#[tonic::async_trait]
impl KpiService for Told {
    type WatchKpisStream = Empty<Result<kpi::WatchKpisResponse, Status>>;
    type ExportFactsStream = Empty<Result<kpi::ExportFactsResponse, Status>>;

    async fn record_facts(
        &self,
        request: Request<kpi::RecordFactsRequest>,
    ) -> Result<Response<kpi::RecordFactsResponse>, Status> {
        let trace = request.metadata().get("traceparent");
        let trace = trace.map(|trace| trace.to_str().unwrap().to_owned());
        let facts = request.into_inner().facts;
        for fact in &facts {
            domain::fact::Fact::try_from(fact.clone()).unwrap();
        }
        let told = facts.into_iter().map(|fact| (fact, trace.clone()));
        self.inner.lock().unwrap().facts.extend(told);
        Ok(Response::new(kpi::RecordFactsResponse::default()))
    }

    nobody_asks! {
        query_kpis(kpi::QueryKpisRequest) -> kpi::QueryKpisResponse;
        watch_kpis(kpi::WatchKpisRequest) -> Self::WatchKpisStream;
        get_experiment(kpi::GetExperimentRequest) -> kpi::GetExperimentResponse;
        estimate_recovery(kpi::EstimateRecoveryRequest) -> kpi::EstimateRecoveryResponse;
        plan_staffing(kpi::PlanStaffingRequest) -> kpi::PlanStaffingResponse;
        audit_kpis(kpi::AuditKpisRequest) -> kpi::AuditKpisResponse;
        export_facts(kpi::ExportFactsRequest) -> Self::ExportFactsStream;
    }
}
