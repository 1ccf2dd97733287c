//! What kpi is told. Written to the outbox in the transaction in which it happens, in order for each intervention.

use domain::fact::{Fact, FactBody};
use domain::id::{InterventionId, PersonId, RequestId, SessionId};
use messaging::{Message, outbox};
use platform::telemetry::TraceContext;
use prost::Message as _;
use proto::kpi::v1::RecordFactsRequest;
use storage::StoreError;

use super::Unit;
use crate::case::{Case, CaseAgent};
use crate::offer::Terms;

/// Audience and outbox destination of kpi.
pub(crate) const KPI: &str = "kpi";
const RECORD_FACTS: &str = "/rescate.kpi.v1.KpiService/RecordFacts";

/// Whom a fact is about.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    session: SessionId,
    person: PersonId,
    intervention: InterventionId,
    agent: CaseAgent,
}

impl Subject {
    /// The shopper and agent of an offer.
    pub(super) fn of(terms: &Terms) -> Self {
        Self {
            session: terms.session,
            person: terms.person,
            intervention: terms.intervention,
            agent: terms.agent.clone(),
        }
    }

    /// The shopper of a case, and whoever asked for an offer.
    pub(super) fn of_case(case: &Case, agent: &CaseAgent) -> Self {
        Self {
            session: case.session,
            person: case.person,
            intervention: case.intervention,
            agent: agent.clone(),
        }
    }
}

/// Sends one fact.
pub(super) async fn tell(
    unit: &Unit<'_>,
    subject: Subject,
    body: FactBody,
) -> Result<(), StoreError> {
    let message = message(unit, subject, body);
    outbox::enqueue(unit.tx, &[message], unit.now).await
}

/// What [`tell`] sends, in the trace of the running code.
pub(super) fn message(unit: &Unit<'_>, subject: Subject, body: FactBody) -> Message {
    let order_key = subject.intervention.to_string();
    let fact = Fact {
        id: unit.next(),
        occurred_at: unit.now,
        session: Some(subject.session),
        person: Some(subject.person),
        intervention: Some(subject.intervention),
        partner: Some(subject.agent.partner),
        agent: Some(subject.agent.agent),
        body,
    };
    let request = RecordFactsRequest {
        facts: vec![fact.into()],
    };
    Message {
        message_id: RequestId::from_uuid(unit.service.inner.ids.next_uuid()),
        tenant: unit.tenant.clone(),
        destination: KPI,
        method: RECORD_FACTS,
        order_key,
        payload: request.encode_to_vec(),
        expires_at: None,
        trace: TraceContext::current(),
    }
}
