//! `rescate.risk.v1.RiskScoringService`.

use platform::auth::Caller;
use platform::lifecycle::Tasks;
use platform::status::into_status;
use platform::stream::open;
use proto::field::WireField;
use proto::risk::v1 as pb;
use proto::risk::v1::risk_scoring_service_server::RiskScoringService;
use tonic::{Request, Response, Status, Streaming};
use tracing::Instrument;

use super::assess::assess;
use super::{convert, render, request, stream};
use crate::service::Service;

const RECORD_CAUSE: &str = "/rescate.risk.v1.RiskScoringService/RecordCause";
const RECORD_OUTCOME: &str = "/rescate.risk.v1.RiskScoringService/RecordOutcome";

/// The service on the wire.
pub(crate) struct Api {
    service: Service,
    tasks: Tasks,
}

impl Api {
    /// Streams are produced by `tasks`, which are awaited at the end.
    pub(crate) fn new(service: Service, tasks: Tasks) -> Self {
        Self { service, tasks }
    }
}

#[tonic::async_trait]
impl RiskScoringService for Api {
    type AssessSessionsStream = stream::Answers;

    async fn assess_session(
        &self,
        request: Request<pb::AssessSessionRequest>,
    ) -> Result<Response<pb::AssessSessionResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let answer = assess(&self.service, &caller, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn assess_sessions(
        &self,
        request: Request<Streaming<pb::AssessSessionsRequest>>,
    ) -> Result<Response<Self::AssessSessionsStream>, Status> {
        let caller = Caller::of(&request)?.clone();
        let (outlet, inlet) = open(&request, self.service.now(), stream::limits())?;
        let source = stream::Source::new(self.service.clone(), caller, request.into_inner());
        let produced = stream::produce(source, outlet).in_current_span();
        self.tasks.spawn("assess-sessions", produced);
        Ok(Response::new(inlet.into()))
    }

    async fn explain_assessment(
        &self,
        request: Request<pb::ExplainAssessmentRequest>,
    ) -> Result<Response<pb::ExplainAssessmentResponse>, Status> {
        let tenant = Caller::of(&request)?.tenant().clone();
        let (id, tongue) = convert::explanation(request.into_inner()).map_err(into_status)?;
        let stored = self
            .service
            .assessment(&tenant, id)
            .await
            .map_err(into_status)?;
        Ok(Response::new(render::explained(stored, tongue)))
    }

    async fn list_assessments(
        &self,
        request: Request<pb::ListAssessmentsRequest>,
    ) -> Result<Response<pb::ListAssessmentsResponse>, Status> {
        let tenant = Caller::of(&request)?.tenant().clone();
        let convert::Listing {
            session,
            from,
            page,
        } = convert::listing(request.into_inner()).map_err(into_status)?;
        let page = self
            .service
            .assessments(&tenant, session, from, &page)
            .await
            .map_err(into_status)?
            .map(Into::into);
        Ok(Response::new(pb::ListAssessmentsResponse {
            assessments: page.items,
            next_page_token: page.next_page_token,
        }))
    }

    async fn record_cause(
        &self,
        request: Request<pb::RecordCauseRequest>,
    ) -> Result<Response<pb::RecordCauseResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let message = request.into_inner();
        let key = request::key(&caller, RECORD_CAUSE, &message.request_id, &message)
            .map_err(into_status)?;
        let (assessment, cause) = convert::true_cause(message).map_err(into_status)?;
        let found = self
            .service
            .record_cause(key, assessment, cause)
            .await
            .map_err(into_status)?;
        Ok(Response::new(pb::RecordCauseResponse {
            found: found.into_wire(),
        }))
    }

    async fn record_outcome(
        &self,
        request: Request<pb::RecordOutcomeRequest>,
    ) -> Result<Response<pb::RecordOutcomeResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let message = request.into_inner();
        let key = request::key(&caller, RECORD_OUTCOME, &message.request_id, &message)
            .map_err(into_status)?;
        let outcome = convert::outcome(message).map_err(into_status)?;
        let judged = self
            .service
            .record_outcome(key, outcome.session, outcome.ending, outcome.ended_at)
            .await
            .map_err(into_status)?;
        Ok(Response::new(pb::RecordOutcomeResponse {
            assessment_count: u32::try_from(judged).unwrap_or(u32::MAX),
        }))
    }
}
