//! Stand-ins for risk-scoring and kpi, which keep what they are told.

use proto::fact::v1::fact::Body;
use proto::moment::v1::{Moment, MomentKind};
use proto::risk::v1 as risk;
use proto::risk::v1::risk_scoring_service_server::{RiskScoringService, RiskScoringServiceServer};
use testkit::stand_in::{Intake, Kpi};
use testkit::{StandIn, nobody_asks};
use tokio_stream::Empty;
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming};

/// What has been told so far.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    moments: Intake<Moment>,
    outcomes: Intake<risk::RecordOutcomeRequest>,
    kpi: Kpi,
}

impl Default for Told {
    fn default() -> Self {
        // What is sent must be what the receiver takes.
        let moments = Intake::checking(|moment: &Moment| {
            domain::moment::Moment::try_from(moment.clone()).unwrap();
        });
        Self {
            moments: moments.once_each(|moment| &moment.moment_id),
            outcomes: Intake::default().once_each(|outcome| &outcome.request_id),
            kpi: Kpi::default(),
        }
    }
}

impl Told {
    /// Serves both contracts.
    pub(crate) async fn serve(&self) -> StandIn {
        let risk = RiskScoringServiceServer::new(self.clone());
        StandIn::serve(Routes::new(risk).add_service(self.kpi.server())).await
    }

    pub(crate) fn moments(&self) -> Vec<Moment> {
        self.moments.messages()
    }

    pub(crate) fn kinds(&self) -> Vec<MomentKind> {
        self.moments().iter().map(Moment::kind).collect()
    }

    /// The trace that each moment came in, as its `traceparent`.
    pub(crate) fn traces(&self) -> Vec<String> {
        let traces = self.moments.traces().into_iter();
        traces.map(|trace| trace.as_str().to_owned()).collect()
    }

    pub(crate) fn outcomes(&self) -> Vec<risk::RecordOutcomeRequest> {
        self.outcomes.messages()
    }

    pub(crate) fn facts(&self) -> Vec<Body> {
        let facts = self.kpi.facts.messages().into_iter();
        facts.filter_map(|fact| fact.body).collect()
    }

    /// Waits for the `n`th moment, counted from 1.
    pub(crate) async fn moment(&self, n: usize) -> Moment {
        self.moments.nth(n).await
    }

    pub(crate) async fn outcome(&self, n: usize) -> risk::RecordOutcomeRequest {
        self.outcomes.nth(n).await
    }

    /// Waits for so many facts.
    pub(crate) async fn some_facts(&self, n: usize) -> Vec<Body> {
        self.kpi.facts.some(n).await;
        self.facts()
    }
}

#[tonic::async_trait]
impl RiskScoringService for Told {
    type AssessSessionsStream = Empty<Result<risk::AssessSessionsResponse, Status>>;

    async fn assess_session(
        &self,
        request: Request<risk::AssessSessionRequest>,
    ) -> Result<Response<risk::AssessSessionResponse>, Status> {
        let moment = |asked: risk::AssessSessionRequest| vec![asked.moment.unwrap()];
        self.moments.take_each(request, moment).await?;
        Ok(Response::new(risk::AssessSessionResponse::default()))
    }

    async fn record_outcome(
        &self,
        request: Request<risk::RecordOutcomeRequest>,
    ) -> Result<Response<risk::RecordOutcomeResponse>, Status> {
        self.outcomes.take(request).await?;
        Ok(Response::new(risk::RecordOutcomeResponse::default()))
    }

    nobody_asks! {
        assess_sessions(Streaming<risk::AssessSessionsRequest>) -> Self::AssessSessionsStream;
        record_cause(risk::RecordCauseRequest) -> risk::RecordCauseResponse;
        explain_assessment(risk::ExplainAssessmentRequest) -> risk::ExplainAssessmentResponse;
        list_assessments(risk::ListAssessmentsRequest) -> risk::ListAssessmentsResponse;
    }
}
