//! The stand-in for kpi, whom every other service tells its facts.

use proto::fact::v1::Fact;
use proto::kpi::v1::kpi_service_server::{KpiService, KpiServiceServer};
use proto::kpi::v1::{
    AuditKpisRequest, AuditKpisResponse, EstimateRecoveryRequest, EstimateRecoveryResponse,
    ExportFactsRequest, ExportFactsResponse, GetExperimentRequest, GetExperimentResponse,
    PlanStaffingRequest, PlanStaffingResponse, QueryKpisRequest, QueryKpisResponse,
    RecordFactsRequest, RecordFactsResponse, WatchKpisRequest, WatchKpisResponse,
};
use tokio_stream::Empty;
use tonic::{Request, Response, Status};

use super::Intake;
use crate::nobody_asks;

/// Stands in for kpi: keeps facts, and takes only what kpi would take.
#[derive(Debug, Clone)]
pub struct Kpi {
    pub facts: Intake<Fact>,
}

impl Default for Kpi {
    fn default() -> Self {
        let facts = Intake::checking(|fact: &Fact| {
            domain::fact::Fact::try_from(fact.clone()).unwrap();
        });
        let facts = facts.once_each(|fact| &fact.fact_id);
        Self { facts }
    }
}

impl Kpi {
    /// Its contract, to be served.
    pub fn server(&self) -> KpiServiceServer<Self> {
        KpiServiceServer::new(self.clone())
    }
}

#[tonic::async_trait]
impl KpiService for Kpi {
    type WatchKpisStream = Empty<Result<WatchKpisResponse, Status>>;
    type ExportFactsStream = Empty<Result<ExportFactsResponse, Status>>;

    async fn record_facts(
        &self,
        request: Request<RecordFactsRequest>,
    ) -> Result<Response<RecordFactsResponse>, Status> {
        self.facts.take_each(request, |told| told.facts).await?;
        Ok(Response::new(RecordFactsResponse::default()))
    }

    nobody_asks! {
        query_kpis(QueryKpisRequest) -> QueryKpisResponse;
        watch_kpis(WatchKpisRequest) -> Self::WatchKpisStream;
        get_experiment(GetExperimentRequest) -> GetExperimentResponse;
        estimate_recovery(EstimateRecoveryRequest) -> EstimateRecoveryResponse;
        plan_staffing(PlanStaffingRequest) -> PlanStaffingResponse;
        audit_kpis(AuditKpisRequest) -> AuditKpisResponse;
        export_facts(ExportFactsRequest) -> Self::ExportFactsStream;
    }
}
