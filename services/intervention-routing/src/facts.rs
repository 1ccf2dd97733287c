//! What kpi is told of an intervention.

use domain::fact::{Fact, FactBody};
use domain::id::{FactId, RequestId, TenantId};
use domain::time::Timestamp;
use messaging::{Message, outbox};
use platform::ids::IdSource;
use prost::Message as _;
use proto::kpi::v1::RecordFactsRequest;
use storage::{StoreError, Tx};

use crate::intervention::Intervention;
use crate::upstreams::KPI;

const RECORD_FACTS: &str = "/rescate.kpi.v1.KpiService/RecordFacts";

/// A fact about an intervention, of its agent once there is one.
pub(crate) fn fact(
    id: FactId,
    intervention: &Intervention,
    body: FactBody,
    now: Timestamp,
) -> Fact {
    let agent = intervention.agent.as_ref();
    Fact {
        id,
        occurred_at: now,
        session: Some(intervention.session),
        person: Some(intervention.person),
        intervention: Some(intervention.id),
        partner: agent.map(|agent| agent.partner.clone()),
        agent: agent.map(|agent| agent.agent.clone()),
        body,
    }
}

/// The message that brings facts about one intervention to kpi, after those sent before.
pub(crate) fn message(
    message_id: RequestId,
    tenant: &TenantId,
    intervention: &Intervention,
    facts: Vec<Fact>,
) -> Message {
    let request = RecordFactsRequest {
        facts: facts.into_iter().map(Into::into).collect(),
    };
    Message {
        message_id,
        tenant: tenant.clone(),
        destination: KPI,
        method: RECORD_FACTS,
        order_key: intervention.id.to_string(),
        payload: request.encode_to_vec(),
        expires_at: None,
        trace: None,
    }
}

/// Tells kpi what happened to an intervention, in the transaction in which it happens.
pub(crate) async fn record(
    tx: &Tx,
    ids: &dyn IdSource,
    intervention: &Intervention,
    bodies: Vec<FactBody>,
    now: Timestamp,
) -> Result<(), StoreError> {
    if bodies.is_empty() {
        return Ok(());
    }
    let facts = bodies
        .into_iter()
        .map(|body| fact(ids.next(), intervention, body, now))
        .collect();
    let message_id = RequestId::from_uuid(ids.next_uuid());
    let message = message(message_id, &intervention.tenant, intervention, facts);
    outbox::enqueue(tx, &[message], now).await
}
