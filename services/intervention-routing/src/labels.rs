//! What risk-scoring is told of a contact: the cause that the agent found, as the label of the assessment it rested on.
//!
//! Told through the outbox, so that a wrap-up waits for nobody. Deliberately absent: contacts that ended without the
//! agent's word, which are no label.

use domain::cause::Cause;
use domain::id::RequestId;
use domain::time::Timestamp;
use messaging::{Message, outbox};
use platform::ids::IdSource;
use prost::Message as _;
use proto::field::WireField;
use proto::risk::v1::RecordCauseRequest;
use storage::{StoreError, Tx};

use crate::intervention::Intervention;
use crate::upstreams::RISK;

const RECORD_CAUSE: &str = "/rescate.risk.v1.RiskScoringService/RecordCause";

/// Tells risk-scoring what the cause was in truth, in the transaction of the wrap-up.
pub(crate) async fn record(
    tx: &Tx,
    ids: &dyn IdSource,
    intervention: &Intervention,
    cause: Cause,
    now: Timestamp,
) -> Result<(), StoreError> {
    let message_id = RequestId::from_uuid(ids.next_uuid());
    outbox::enqueue(tx, &[message(message_id, intervention, cause)], now).await
}

/// The message never expires: a label is as good a week later.
fn message(message_id: RequestId, intervention: &Intervention, cause: Cause) -> Message {
    let request = RecordCauseRequest {
        request_id: message_id.to_string(),
        assessment_id: intervention.assessment.to_string(),
        cause: cause.into_wire(),
    };
    Message {
        message_id,
        tenant: intervention.tenant.clone(),
        destination: RISK,
        method: RECORD_CAUSE,
        order_key: intervention.id.to_string(),
        payload: request.encode_to_vec(),
        expires_at: None,
        trace: None,
    }
}
