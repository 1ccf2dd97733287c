//! Stand-ins for intervention-routing and kpi, which keep what they are told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use platform::status::{Fault, Kind};
use proto::fact::v1::Fact;
use proto::kpi::v1 as kpi;
use proto::kpi::v1::kpi_service_server::{KpiService, KpiServiceServer};
use proto::routing::v1 as routing;
use proto::routing::v1::intervention_service_server::{
    InterventionService, InterventionServiceServer,
};
use testkit::eventually;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_stream::Empty;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

const DEADLINE: Duration = Duration::from_secs(10);

/// What has been told so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    proposals: Vec<routing::ProposeInterventionRequest>,
    facts: Vec<Fact>,
}

impl Told {
    pub(crate) fn proposals(&self) -> Vec<routing::ProposeInterventionRequest> {
        self.inner.lock().unwrap().proposals.clone()
    }

    pub(crate) fn facts(&self) -> Vec<Fact> {
        self.inner.lock().unwrap().facts.clone()
    }

    /// Waits for so many proposals.
    pub(crate) async fn some_proposals(
        &self,
        n: usize,
    ) -> Vec<routing::ProposeInterventionRequest> {
        eventually(DEADLINE, || async {
            let proposals = self.proposals();
            (proposals.len() >= n).then_some(proposals)
        })
        .await
    }

    /// Waits for so many facts.
    pub(crate) async fn some_facts(&self, n: usize) -> Vec<Fact> {
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
        let routing = InterventionServiceServer::new(told.clone());
        let kpi = KpiServiceServer::new(told.clone());
        let task = tokio::spawn(async move {
            tonic::transport::Server::builder()
                .add_service(routing)
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
impl InterventionService for Told {
    async fn propose_intervention(
        &self,
        request: Request<routing::ProposeInterventionRequest>,
    ) -> Result<Response<routing::ProposeInterventionResponse>, Status> {
        assert!(request.metadata().contains_key("authorization"));
        let request = request.into_inner();
        // What is sent must be what the receiver takes.
        let (moment, assessment) = (request.moment.clone(), request.assessment.clone());
        domain::moment::Moment::try_from(moment.unwrap()).unwrap();
        domain::assessment::Assessment::try_from(assessment.unwrap()).unwrap();
        self.inner.lock().unwrap().proposals.push(request);
        Ok(Response::new(
            routing::ProposeInterventionResponse::default(),
        ))
    }

    async fn get_intervention(
        &self,
        _request: Request<routing::GetInterventionRequest>,
    ) -> Result<Response<routing::GetInterventionResponse>, Status> {
        Err(not_asked())
    }

    async fn list_interventions(
        &self,
        _request: Request<routing::ListInterventionsRequest>,
    ) -> Result<Response<routing::ListInterventionsResponse>, Status> {
        Err(not_asked())
    }

    async fn explain_decision(
        &self,
        _request: Request<routing::ExplainDecisionRequest>,
    ) -> Result<Response<routing::ExplainDecisionResponse>, Status> {
        Err(not_asked())
    }

    async fn cancel_intervention(
        &self,
        _request: Request<routing::CancelInterventionRequest>,
    ) -> Result<Response<routing::CancelInterventionResponse>, Status> {
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
