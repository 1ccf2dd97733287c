//! Stand-ins for session-tracking, risk-scoring, offer-authorization and kpi: they answer what a test says, and keep what
//! they are told.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use platform::status::{Fault, Kind};
use proto::fact::v1::Fact;
use proto::fact::v1::fact::Body;
use proto::offers::v1 as offers;
use proto::offers::v1::offer_authorization_service_server::{
    OfferAuthorizationService, OfferAuthorizationServiceServer,
};
use proto::remedy::v1::{OfferRefusal, RemedyKind};
use proto::risk::v1 as risk;
use proto::risk::v1::risk_scoring_service_server::{RiskScoringService, RiskScoringServiceServer};
use proto::session::v1 as session;
use proto::session::v1::session_tracking_service_server::{
    SessionTrackingService, SessionTrackingServiceServer,
};
use testkit::stand_in::{Intake, Kpi};
use testkit::{StandIn, nobody_asks};
use tokio_stream::Empty;
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming};

/// What offer-authorization says when it is asked.
#[derive(Debug, Clone)]
pub(crate) enum Authority {
    /// Somebody may grant something.
    Empowered,
    /// Nobody may, for these reasons.
    Refused(Vec<OfferRefusal>),
    /// It does not answer.
    Down,
}

/// What the stand-ins were told, and what they say.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    questions: Intake<offers::CheckAuthorityRequest>,
    cases: Intake<offers::RecordCaseRequest>,
    labels: Intake<risk::RecordCauseRequest>,
    session_questions: Intake<session::GetSessionRequest>,
    kpi: Kpi,
    says: Arc<Mutex<Says>>,
}

#[derive(Debug, Default)]
struct Says {
    /// Why nobody may grant anything; empty when somebody may.
    refusals: Vec<OfferRefusal>,
    sessions: HashMap<String, session::Session>,
    /// Assessments that risk-scoring has no more.
    forgotten: HashSet<String>,
}

impl Default for Told {
    fn default() -> Self {
        // What is sent must be what the receiver takes.
        let cases = Intake::checking(|case: &offers::RecordCaseRequest| {
            domain::cart::Cart::try_from(case.cart.clone().unwrap()).unwrap();
        });
        Self {
            questions: Intake::default(),
            cases: cases.once_each(|case| &case.request_id),
            labels: Intake::default().once_each(|label| &label.request_id),
            session_questions: Intake::default(),
            kpi: Kpi::default(),
            says: Arc::default(),
        }
    }
}

impl Told {
    /// Serves all four contracts.
    pub(crate) async fn serve(&self) -> StandIn {
        let routes = Routes::new(OfferAuthorizationServiceServer::new(self.clone()))
            .add_service(SessionTrackingServiceServer::new(self.clone()))
            .add_service(RiskScoringServiceServer::new(self.clone()))
            .add_service(self.kpi.server());
        StandIn::serve(routes).await
    }

    /// What offer-authorization says from now on.
    pub(crate) fn say(&self, authority: Authority) {
        let refusals = match authority {
            Authority::Empowered => Vec::new(),
            Authority::Refused(reasons) => reasons,
            Authority::Down => return self.questions.refuse(Kind::Unavailable),
        };
        self.says.lock().unwrap().refusals = refusals;
        self.questions.answer();
    }

    /// What session-tracking says of a session from now on.
    pub(crate) fn session_is(&self, session: session::Session) {
        let mut says = self.says.lock().unwrap();
        says.sessions.insert(session.session_id.clone(), session);
    }

    /// From now on risk-scoring does not know this assessment.
    pub(crate) fn forget(&self, assessment: String) {
        self.says.lock().unwrap().forgotten.insert(assessment);
    }

    /// How often session-tracking was asked.
    pub(crate) fn session_questions(&self) -> usize {
        self.session_questions.asked()
    }

    /// The questions about authority.
    pub(crate) fn questions(&self) -> Vec<offers::CheckAuthorityRequest> {
        self.questions.messages()
    }

    /// The records of cases.
    pub(crate) fn cases(&self) -> Vec<offers::RecordCaseRequest> {
        self.cases.messages()
    }

    /// What risk-scoring is told of causes.
    pub(crate) fn labels(&self) -> &Intake<risk::RecordCauseRequest> {
        &self.labels
    }

    /// The facts.
    pub(crate) fn facts(&self) -> Vec<Fact> {
        self.kpi.facts.messages()
    }

    /// The trace that each fact came in, as its `traceparent`.
    pub(crate) fn traces(&self) -> Vec<String> {
        let traces = self.kpi.facts.traces().into_iter();
        traces.map(|trace| trace.as_str().to_owned()).collect()
    }

    /// Waits until so many cases were recorded.
    pub(crate) async fn some_cases(&self, n: usize) -> Vec<offers::RecordCaseRequest> {
        self.cases.some(n).await
    }

    /// Waits until so many facts were told.
    pub(crate) async fn some_facts(&self, n: usize) -> Vec<Fact> {
        self.kpi.facts.some(n).await
    }

    /// Waits for a fact of one kind.
    pub(crate) async fn fact(&self, wanted: fn(&Body) -> bool) -> Fact {
        let wanted = |fact: &Fact| fact.body.as_ref().is_some_and(wanted);
        self.kpi.facts.found(wanted).await
    }
}

#[tonic::async_trait]
impl OfferAuthorizationService for Told {
    type WatchApprovalsStream = Empty<Result<offers::WatchApprovalsResponse, Status>>;

    async fn record_case(
        &self,
        request: Request<offers::RecordCaseRequest>,
    ) -> Result<Response<offers::RecordCaseResponse>, Status> {
        let revision = self.cases.take(request).await?.revision;
        Ok(Response::new(offers::RecordCaseResponse { revision }))
    }

    async fn check_authority(
        &self,
        request: Request<offers::CheckAuthorityRequest>,
    ) -> Result<Response<offers::CheckAuthorityResponse>, Status> {
        self.questions.take(request).await?;
        let reasons = self.says.lock().unwrap().refusals.clone();
        let refused = offers::RefusedRemedy {
            kind: RemedyKind::WaiveShipping.into(),
            reasons: reasons.iter().map(|reason| (*reason).into()).collect(),
            ..offers::RefusedRemedy::default()
        };
        Ok(Response::new(offers::CheckAuthorityResponse {
            empowered: reasons.is_empty(),
            refused: Vec::from_iter((!reasons.is_empty()).then_some(refused)),
            ..Default::default()
        }))
    }

    nobody_asks! {
        authorize_offer(offers::AuthorizeOfferRequest) -> offers::AuthorizeOfferResponse;
        request_approval(offers::RequestApprovalRequest) -> offers::RequestApprovalResponse;
        approve_offer(offers::ApproveOfferRequest) -> offers::ApproveOfferResponse;
        deny_offer(offers::DenyOfferRequest) -> offers::DenyOfferResponse;
        watch_approvals(offers::WatchApprovalsRequest) -> Self::WatchApprovalsStream;
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
        let asked = self.session_questions.take(request).await?;
        match self.says.lock().unwrap().sessions.get(&asked.session_id) {
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
impl RiskScoringService for Told {
    type AssessSessionsStream = Empty<Result<risk::AssessSessionsResponse, Status>>;

    async fn record_cause(
        &self,
        request: Request<risk::RecordCauseRequest>,
    ) -> Result<Response<risk::RecordCauseResponse>, Status> {
        let label = self.labels.take(request).await?;
        if self
            .says
            .lock()
            .unwrap()
            .forgotten
            .contains(&label.assessment_id)
        {
            return Err(Fault::new(Kind::NotFound, "no such assessment").to_status());
        }
        Ok(Response::new(risk::RecordCauseResponse::default()))
    }

    nobody_asks! {
        assess_session(risk::AssessSessionRequest) -> risk::AssessSessionResponse;
        assess_sessions(Streaming<risk::AssessSessionsRequest>) -> Self::AssessSessionsStream;
        explain_assessment(risk::ExplainAssessmentRequest) -> risk::ExplainAssessmentResponse;
        list_assessments(risk::ListAssessmentsRequest) -> risk::ListAssessmentsResponse;
        record_outcome(risk::RecordOutcomeRequest) -> risk::RecordOutcomeResponse;
    }
}
