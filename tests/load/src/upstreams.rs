//! Stand-ins for risk-scoring, intervention-routing and kpi: they take what they are told, count it and drop it. The moments
//! of some sessions are noted with the time at which they came, and everything, where somebody wants to judge it.

mod ledger;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::time::Timestamp;
use platform::clock::{Clock, SystemClock};
use platform::server::deliveries;
use platform::status::{Fault, Kind};
use proto::kpi::v1 as kpi;
use proto::kpi::v1::kpi_service_server::{KpiService, KpiServiceServer};
use proto::moment::v1::{Moment, MomentKind};
use proto::risk::v1 as risk;
use proto::risk::v1::risk_scoring_service_server::{RiskScoringService, RiskScoringServiceServer};
use proto::routing::v1 as routing;
use proto::routing::v1::intervention_service_server::{
    InterventionService, InterventionServiceServer,
};
use testkit::nobody_asks;
use tokio::net::TcpListener;
use tokio_stream::Empty;
use tokio_util::task::AbortOnDropHandle;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

use crate::error::LoadError;
pub(crate) use ledger::{About, Ledger, Told};

/// The stand-ins, which end when they are dropped.
#[derive(Debug)]
pub(crate) struct Upstreams {
    address: SocketAddr,
    taken: Arc<Taken>,
    _serving: AbortOnDropHandle<Result<(), tonic::transport::Error>>,
}

/// What has come.
#[derive(Debug, Default)]
struct Taken {
    calls: AtomicU64,
    /// Moments of the sessions that are watched, by session.
    watched: Mutex<HashMap<String, Vec<Seen>>>,
    /// Everything, while somebody wants it.
    ledger: Mutex<Option<Ledger>>,
}

/// A moment that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) kind: MomentKind,
    pub(crate) at: Timestamp,
}

impl Upstreams {
    pub(crate) async fn serve() -> Result<Self, LoadError> {
        let refused = LoadError::at("127.0.0.1:0");
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(refused)?;
        let address = listener
            .local_addr()
            .map_err(LoadError::at("127.0.0.1:0"))?;
        let taken = Arc::<Taken>::default();
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let routes = Routes::new(RiskScoringServiceServer::new(Risk(Arc::clone(&taken))))
            .add_service(InterventionServiceServer::new(Routing(Arc::clone(&taken))))
            .add_service(KpiServiceServer::new(Kpi(Arc::clone(&taken))))
            .prepare();
        let serving = Server::builder()
            .add_routes(routes.clone().add_service(deliveries(routes)))
            .serve_with_incoming(incoming);
        Ok(Self {
            address,
            taken,
            _serving: AbortOnDropHandle::new(tokio::spawn(serving)),
        })
    }

    /// Where they are called.
    pub(crate) fn uri(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Calls so far.
    pub(crate) fn calls(&self) -> u64 {
        self.taken.calls.load(Ordering::Relaxed)
    }

    /// From now on, keeps everything that is told.
    pub(crate) fn open_ledger(&self) {
        *self.taken.ledger() = Some(Ledger::default());
    }

    /// Judges what was told since.
    pub(crate) fn judged<J>(&self, judge: impl FnOnce(&Ledger) -> J) -> J {
        judge(self.taken.ledger().get_or_insert_default())
    }

    /// From now on, notes the moments of these sessions.
    pub(crate) fn watch(&self, sessions: impl IntoIterator<Item = String>) {
        let sessions = sessions.into_iter().map(|session| (session, Vec::new()));
        self.taken.watched().extend(sessions);
    }

    /// The moments of a session that is watched.
    pub(crate) fn seen(&self, session: &str) -> Vec<Seen> {
        self.taken
            .watched()
            .get(session)
            .cloned()
            .unwrap_or_default()
    }
}

impl Taken {
    fn watched(&self) -> MutexGuard<'_, HashMap<String, Vec<Seen>>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ledger(&self) -> MutexGuard<'_, Option<Ledger>> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn called(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    fn note(&self, moment: &Moment) {
        if let Some(ledger) = self.ledger().as_mut() {
            ledger.moment(moment);
        }
        if let Some(seen) = self.watched().get_mut(&moment.session_id) {
            seen.push(Seen {
                kind: moment.kind(),
                at: SystemClock.now(),
            });
        }
    }
}

struct Risk(Arc<Taken>);

#[tonic::async_trait]
impl RiskScoringService for Risk {
    type AssessSessionsStream = Empty<Result<risk::AssessSessionsResponse, Status>>;

    async fn assess_session(
        &self,
        request: Request<risk::AssessSessionRequest>,
    ) -> Result<Response<risk::AssessSessionResponse>, Status> {
        let asked = request.into_inner();
        let Some(moment) = asked.moment else {
            return Err(Fault::new(Kind::Invalid, "no moment").to_status());
        };
        self.0.called();
        self.0.note(&moment);
        Ok(Response::new(risk::AssessSessionResponse::default()))
    }

    async fn record_outcome(
        &self,
        request: Request<risk::RecordOutcomeRequest>,
    ) -> Result<Response<risk::RecordOutcomeResponse>, Status> {
        self.0.called();
        if let Some(ledger) = self.0.ledger().as_mut() {
            ledger.outcome(&request.into_inner());
        }
        Ok(Response::new(risk::RecordOutcomeResponse::default()))
    }

    nobody_asks! {
        assess_sessions(Streaming<risk::AssessSessionsRequest>) -> Self::AssessSessionsStream;
        explain_assessment(risk::ExplainAssessmentRequest) -> risk::ExplainAssessmentResponse;
        list_assessments(risk::ListAssessmentsRequest) -> risk::ListAssessmentsResponse;
        record_cause(risk::RecordCauseRequest) -> risk::RecordCauseResponse;
    }
}

struct Routing(Arc<Taken>);

#[tonic::async_trait]
impl InterventionService for Routing {
    async fn propose_intervention(
        &self,
        _request: Request<routing::ProposeInterventionRequest>,
    ) -> Result<Response<routing::ProposeInterventionResponse>, Status> {
        self.0.called();
        Ok(Response::new(
            routing::ProposeInterventionResponse::default(),
        ))
    }

    nobody_asks! {
        get_intervention(routing::GetInterventionRequest) -> routing::GetInterventionResponse;
        list_interventions(routing::ListInterventionsRequest) -> routing::ListInterventionsResponse;
        explain_decision(routing::ExplainDecisionRequest) -> routing::ExplainDecisionResponse;
        cancel_intervention(routing::CancelInterventionRequest) -> routing::CancelInterventionResponse;
    }
}

struct Kpi(Arc<Taken>);

#[tonic::async_trait]
impl KpiService for Kpi {
    type WatchKpisStream = Empty<Result<kpi::WatchKpisResponse, Status>>;
    type ExportFactsStream = Empty<Result<kpi::ExportFactsResponse, Status>>;

    async fn record_facts(
        &self,
        request: Request<kpi::RecordFactsRequest>,
    ) -> Result<Response<kpi::RecordFactsResponse>, Status> {
        self.0.called();
        if let Some(ledger) = self.0.ledger().as_mut() {
            request
                .into_inner()
                .facts
                .iter()
                .for_each(|fact| ledger.fact(fact));
        }
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
