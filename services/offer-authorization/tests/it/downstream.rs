//! A stand-in for kpi, which keeps what it is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::fact::Fact;
use platform::status::{Fault, Kind};
use platform::telemetry::TraceContext;
use proto::kpi::v1 as kpi;
use proto::kpi::v1::kpi_service_server::{KpiService, KpiServiceServer};
use testkit::eventually;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_stream::Empty;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

const DEADLINE: Duration = Duration::from_secs(10);

/// A fact, and the trace in which it was told.
#[derive(Debug, Clone)]
pub(crate) struct ToldFact {
    pub(crate) fact: Fact,
    pub(crate) trace_id: Option<String>,
}

/// What has been told so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    facts: Arc<Mutex<Vec<ToldFact>>>,
}

impl Told {
    pub(crate) fn facts(&self) -> Vec<ToldFact> {
        self.facts.lock().unwrap().clone()
    }

    /// Waits for so many facts.
    pub(crate) async fn some(&self, count: usize) -> Vec<ToldFact> {
        eventually(DEADLINE, || async {
            let facts = self.facts();
            (facts.len() >= count).then_some(facts)
        })
        .await
    }
}

/// A server of the contract, until it is dropped.
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
        let kpi = KpiServiceServer::new(told.clone());
        let task = tokio::spawn(async move {
            tonic::transport::Server::builder()
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
impl KpiService for Told {
    type WatchKpisStream = Empty<Result<kpi::WatchKpisResponse, Status>>;
    type ExportFactsStream = Empty<Result<kpi::ExportFactsResponse, Status>>;

    async fn record_facts(
        &self,
        request: Request<kpi::RecordFactsRequest>,
    ) -> Result<Response<kpi::RecordFactsResponse>, Status> {
        assert!(request.metadata().contains_key("authorization"));
        let trace = request.metadata().get("traceparent");
        let trace = trace.and_then(|trace| TraceContext::parse(trace.to_str().unwrap()).ok());
        let trace_id = trace.map(|trace| trace.trace_id());
        for fact in request.into_inner().facts {
            // What is sent must be what the receiver takes.
            let fact = Fact::try_from(fact).unwrap();
            let trace_id = trace_id.clone();
            self.facts.lock().unwrap().push(ToldFact { fact, trace_id });
        }
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
