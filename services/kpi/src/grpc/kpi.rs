//! `rescate.kpi.v1.KpiService`.

use std::sync::Arc;

use platform::auth::Caller;
use platform::lifecycle::Tasks;
use platform::status::into_status;
use platform::stream::{Inlet, StreamLimits, open};
use proto::kpi::v1 as pb;
use proto::kpi::v1::kpi_service_server::KpiService;
use tonic::{Request, Response, Status};

use super::{convert, export, render, watch};
use crate::formulas::staff;
use crate::service::Service;

/// The service on the wire.
pub(crate) struct Api {
    service: Arc<Service>,
    tasks: Tasks,
}

impl Api {
    /// Streams are produced by `tasks`, which are awaited at the end.
    pub(crate) fn new(service: Arc<Service>, tasks: Tasks) -> Self {
        Self { service, tasks }
    }
}

#[tonic::async_trait]
impl KpiService for Api {
    type WatchKpisStream = Inlet<pb::WatchKpisResponse>;
    type ExportFactsStream = Inlet<pb::ExportFactsResponse>;

    async fn record_facts(
        &self,
        request: Request<pb::RecordFactsRequest>,
    ) -> Result<Response<pb::RecordFactsResponse>, Status> {
        let tenant = Caller::of(&request)?.tenant().clone();
        let batch = convert::batch(request.into_inner()).map_err(into_status)?;
        let recorded = self
            .service
            .record(&tenant, batch)
            .await
            .map_err(into_status)?;
        Ok(Response::new(render::recorded(recorded)))
    }

    async fn query_kpis(
        &self,
        request: Request<pb::QueryKpisRequest>,
    ) -> Result<Response<pb::QueryKpisResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let query = convert::query(request.into_inner()).map_err(into_status)?;
        let selection = query
            .selection
            .for_caller(caller.partner())
            .map_err(into_status)?;
        let answer = self.service.query(caller.tenant(), query.window, selection);
        let report = Some(render::report(answer.await.map_err(into_status)?));
        Ok(Response::new(pb::QueryKpisResponse { report }))
    }

    async fn watch_kpis(
        &self,
        request: Request<pb::WatchKpisRequest>,
    ) -> Result<Response<Self::WatchKpisStream>, Status> {
        let caller = Caller::of(&request)?.clone();
        let (outlet, inlet) = open(&request, self.service.now(), StreamLimits::default())?;
        let wanted = convert::watch(request.into_inner()).map_err(into_status)?;
        let selection = wanted
            .selection
            .for_caller(caller.partner())
            .map_err(into_status)?;
        let watching = self
            .service
            .watch(caller.tenant(), wanted.length, selection)
            .map_err(into_status)?;
        self.tasks
            .spawn("watch-kpis", watch::produce(watching, outlet));
        Ok(Response::new(inlet))
    }

    async fn get_experiment(
        &self,
        request: Request<pb::GetExperimentRequest>,
    ) -> Result<Response<pb::GetExperimentResponse>, Status> {
        let tenant = Caller::of(&request)?.tenant().clone();
        let query = convert::experiment(request.into_inner()).map_err(into_status)?;
        let reading = self
            .service
            .experiment(&tenant, &query)
            .await
            .map_err(into_status)?;
        Ok(Response::new(render::experiment(&reading)))
    }

    async fn estimate_recovery(
        &self,
        request: Request<pb::EstimateRecoveryRequest>,
    ) -> Result<Response<pb::EstimateRecoveryResponse>, Status> {
        let assumptions = convert::assumptions(request.into_inner()).map_err(into_status)?;
        let case = assumptions
            .estimate()
            .map_err(convert::impossible_case)
            .map_err(into_status)?;
        Ok(Response::new(render::business_case(case)))
    }

    async fn plan_staffing(
        &self,
        request: Request<pb::PlanStaffingRequest>,
    ) -> Result<Response<pb::PlanStaffingResponse>, Status> {
        let (demand, target) = convert::staffing(request.into_inner()).map_err(into_status)?;
        let staffing = staff(demand, target)
            .map_err(convert::impossible_demand)
            .map_err(into_status)?;
        Ok(Response::new(render::staffing(staffing)))
    }

    async fn audit_kpis(
        &self,
        request: Request<pb::AuditKpisRequest>,
    ) -> Result<Response<pb::AuditKpisResponse>, Status> {
        let tenant = Caller::of(&request)?.tenant().clone();
        let query = convert::audit(request.into_inner()).map_err(into_status)?;
        let audit = self.service.audit(&tenant, query.window, query.selection);
        Ok(Response::new(render::audit(
            audit.await.map_err(into_status)?,
        )))
    }

    async fn export_facts(
        &self,
        request: Request<pb::ExportFactsRequest>,
    ) -> Result<Response<Self::ExportFactsStream>, Status> {
        let tenant = Caller::of(&request)?.tenant().clone();
        let limits = export::limits();
        let (outlet, inlet) = open(&request, self.service.now(), limits)?;
        let window = convert::export(request.into_inner()).map_err(into_status)?;
        let source = export::Source::new(Arc::clone(&self.service), tenant, window);
        self.tasks
            .spawn("export-facts", export::produce(source, outlet));
        Ok(Response::new(inlet))
    }
}
