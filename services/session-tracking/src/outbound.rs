//! What leaves for other services: moments and outcomes to risk-scoring, facts to kpi, each as an outbox message.

use domain::fact::{Ending, Fact, FactBody};
use domain::id::{FactId, MomentId, PersonId, RequestId, SessionId, TenantId};
use domain::moment::Moment;
use domain::time::Timestamp;
use messaging::Message;
use messaging::outbox::Revision;
use platform::ids::IdSource;
use platform::telemetry::TraceContext;
use prost::Message as _;
use proto::field::WireField;
use proto::{kpi, risk};

const RISK_SCORING: &str = "risk-scoring";
const KPI: &str = "kpi";
const ASSESS_SESSION: &str = "/rescate.risk.v1.RiskScoringService/AssessSession";
const RECORD_OUTCOME: &str = "/rescate.risk.v1.RiskScoringService/RecordOutcome";
const RECORD_FACTS: &str = "/rescate.kpi.v1.KpiService/RecordFacts";

/// Who is told of sessions.
pub(crate) const DESTINATIONS: &[&str] = &[RISK_SCORING, KPI];

/// What is left of a message when its session is erased: facts that name nobody, so that sums stay as they are, and
/// nothing of a moment or an outcome.
pub(crate) fn blanked(method: &str, payload: &[u8]) -> Revision {
    if method != RECORD_FACTS {
        return Revision::Dropped;
    }
    let Ok(mut request) = kpi::v1::RecordFactsRequest::decode(payload) else {
        return Revision::Dropped;
    };
    for fact in &mut request.facts {
        fact.session_id = None;
        fact.person_id = None;
    }
    Revision::Replaced(request.encode_to_vec())
}

/// Writes the messages of one session.
pub(crate) struct Sender<'s> {
    pub(crate) ids: &'s dyn IdSource,
    pub(crate) tenant: &'s TenantId,
    pub(crate) session: SessionId,
    pub(crate) trace: Option<TraceContext>,
}

impl Sender<'_> {
    /// An id for the next moment.
    pub(crate) fn moment_id(&self) -> MomentId {
        self.ids.next()
    }

    pub(crate) fn moment(&self, moment: Moment) -> Message {
        let expires_at = moment.expires_at;
        let request_id: RequestId = self.request_id();
        let request = risk::v1::AssessSessionRequest {
            request_id: request_id.to_string(),
            moment: Some(moment.into()),
            preview: false,
        };
        let message = self.message(request_id, RISK_SCORING, ASSESS_SESSION);
        Message {
            payload: request.encode_to_vec(),
            expires_at: Some(expires_at),
            ..message
        }
    }

    pub(crate) fn outcome(&self, ending: Ending, ended_at: Timestamp) -> Message {
        let request_id = self.request_id();
        let request = risk::v1::RecordOutcomeRequest {
            request_id: request_id.to_string(),
            session_id: self.session.to_string(),
            ending: ending.into_wire(),
            ended_at: ended_at.into_wire(),
        };
        Message {
            payload: request.encode_to_vec(),
            ..self.message(request_id, RISK_SCORING, RECORD_OUTCOME)
        }
    }

    pub(crate) fn facts(&self, person: PersonId, facts: Vec<(Timestamp, FactBody)>) -> Message {
        let facts = facts
            .into_iter()
            .map(|(occurred_at, body)| self.fact(person, occurred_at, body).into())
            .collect();
        let request = kpi::v1::RecordFactsRequest { facts };
        Message {
            payload: request.encode_to_vec(),
            ..self.message(self.request_id(), KPI, RECORD_FACTS)
        }
    }

    fn fact(&self, person: PersonId, occurred_at: Timestamp, body: FactBody) -> Fact {
        let id: FactId = self.ids.next();
        Fact {
            id,
            occurred_at,
            session: Some(self.session),
            person: Some(person),
            intervention: None,
            partner: None,
            agent: None,
            body,
        }
    }

    fn request_id(&self) -> RequestId {
        RequestId::from_uuid(self.ids.next_uuid())
    }

    fn message(
        &self,
        message_id: RequestId,
        destination: &'static str,
        method: &'static str,
    ) -> Message {
        Message {
            message_id,
            tenant: self.tenant.clone(),
            destination,
            method,
            order_key: self.session.to_string(),
            payload: Vec::new(),
            expires_at: None,
            trace: self.trace.clone(),
        }
    }
}
