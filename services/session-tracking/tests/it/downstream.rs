//! Stand-ins for risk-scoring and kpi, which keep what they are told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use platform::status::{Fault, Kind};
use proto::fact::v1::Fact;
use proto::fact::v1::fact::Body;
use proto::kpi::v1 as kpi;
use proto::kpi::v1::kpi_service_server::{KpiService, KpiServiceServer};
use proto::moment::v1::{Moment, MomentKind};
use proto::risk::v1 as risk;
use proto::risk::v1::risk_scoring_service_server::{RiskScoringService, RiskScoringServiceServer};
use testkit::eventually;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_stream::Empty;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, Streaming};

const DEADLINE: Duration = Duration::from_secs(10);

/// What has been told so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    moments: Vec<(Moment, Option<String>)>,
    outcomes: Vec<risk::RecordOutcomeRequest>,
    facts: Vec<Fact>,
}

impl Told {
    pub(crate) fn moments(&self) -> Vec<Moment> {
        let inner = self.inner.lock().unwrap();
        inner
            .moments
            .iter()
            .map(|(moment, _)| moment.clone())
            .collect()
    }

    pub(crate) fn kinds(&self) -> Vec<MomentKind> {
        self.moments().iter().map(Moment::kind).collect()
    }

    /// The trace that each moment came in, as its `traceparent`.
    pub(crate) fn traces(&self) -> Vec<String> {
        let inner = self.inner.lock().unwrap();
        let traces = inner.moments.iter().filter_map(|(_, trace)| trace.clone());
        traces.collect()
    }

    pub(crate) fn outcomes(&self) -> Vec<risk::RecordOutcomeRequest> {
        self.inner.lock().unwrap().outcomes.clone()
    }

    pub(crate) fn facts(&self) -> Vec<Body> {
        let inner = self.inner.lock().unwrap();
        inner
            .facts
            .iter()
            .filter_map(|fact| fact.body.clone())
            .collect()
    }

    /// Waits for the `n`th moment, counted from 1.
    pub(crate) async fn moment(&self, n: usize) -> Moment {
        eventually(DEADLINE, || async { self.moments().get(n - 1).cloned() }).await
    }

    pub(crate) async fn outcome(&self, n: usize) -> risk::RecordOutcomeRequest {
        eventually(DEADLINE, || async { self.outcomes().get(n - 1).cloned() }).await
    }

    /// Waits for so many facts.
    pub(crate) async fn some_facts(&self, n: usize) -> Vec<Body> {
        eventually(DEADLINE, || async {
            let facts = self.facts();
            (facts.len() >= n).then_some(facts)
        })
        .await
    }
}

/// A server of both contracts, until it is dropped.
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
        let (risk, kpi) = (
            RiskScoringServiceServer::new(told.clone()),
            KpiServiceServer::new(told.clone()),
        );
        let task = tokio::spawn(async move {
            tonic::transport::Server::builder()
                .add_service(risk)
                .add_service(kpi)
                .serve_with_incoming(TcpListenerStream::new(listener))
                .await
                .unwrap();
        });
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

#[tonic::async_trait]
impl RiskScoringService for Told {
    type AssessSessionsStream = Empty<Result<risk::AssessSessionsResponse, Status>>;

    async fn assess_session(
        &self,
        request: Request<risk::AssessSessionRequest>,
    ) -> Result<Response<risk::AssessSessionResponse>, Status> {
        let trace = request.metadata().get("traceparent");
        let trace = trace.map(|trace| trace.to_str().unwrap().to_owned());
        let moment = request.into_inner().moment.unwrap();
        // What is sent must be what the receiver takes.
        domain::moment::Moment::try_from(moment.clone()).unwrap();
        self.inner.lock().unwrap().moments.push((moment, trace));
        Ok(Response::new(risk::AssessSessionResponse::default()))
    }

    async fn record_outcome(
        &self,
        request: Request<risk::RecordOutcomeRequest>,
    ) -> Result<Response<risk::RecordOutcomeResponse>, Status> {
        let request = request.into_inner();
        self.inner.lock().unwrap().outcomes.push(request);
        Ok(Response::new(risk::RecordOutcomeResponse::default()))
    }

    async fn assess_sessions(
        &self,
        _request: Request<Streaming<risk::AssessSessionsRequest>>,
    ) -> Result<Response<Self::AssessSessionsStream>, Status> {
        Err(not_asked())
    }

    async fn explain_assessment(
        &self,
        _request: Request<risk::ExplainAssessmentRequest>,
    ) -> Result<Response<risk::ExplainAssessmentResponse>, Status> {
        Err(not_asked())
    }

    async fn list_assessments(
        &self,
        _request: Request<risk::ListAssessmentsRequest>,
    ) -> Result<Response<risk::ListAssessmentsResponse>, Status> {
        Err(not_asked())
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
        let facts = request.into_inner().facts;
        for fact in &facts {
            domain::fact::Fact::try_from(fact.clone()).unwrap();
        }
        self.inner.lock().unwrap().facts.extend(facts);
        Ok(Response::new(kpi::RecordFactsResponse::default()))
    }

    async fn query_kpis(
        &self,
        _request: Request<kpi::QueryKpisRequest>,
    ) -> Result<Response<kpi::QueryKpisResponse>, Status> {
        Err(not_asked())
    }

    async fn watch_kpis(
        &self,
        _request: Request<kpi::WatchKpisRequest>,
    ) -> Result<Response<Self::WatchKpisStream>, Status> {
        Err(not_asked())
    }

    async fn get_experiment(
        &self,
        _request: Request<kpi::GetExperimentRequest>,
    ) -> Result<Response<kpi::GetExperimentResponse>, Status> {
        Err(not_asked())
    }

    async fn estimate_recovery(
        &self,
        _request: Request<kpi::EstimateRecoveryRequest>,
    ) -> Result<Response<kpi::EstimateRecoveryResponse>, Status> {
        Err(not_asked())
    }

    async fn plan_staffing(
        &self,
        _request: Request<kpi::PlanStaffingRequest>,
    ) -> Result<Response<kpi::PlanStaffingResponse>, Status> {
        Err(not_asked())
    }

    async fn audit_kpis(
        &self,
        _request: Request<kpi::AuditKpisRequest>,
    ) -> Result<Response<kpi::AuditKpisResponse>, Status> {
        Err(not_asked())
    }

    async fn export_facts(
        &self,
        _request: Request<kpi::ExportFactsRequest>,
    ) -> Result<Response<Self::ExportFactsStream>, Status> {
        Err(not_asked())
    }
}
