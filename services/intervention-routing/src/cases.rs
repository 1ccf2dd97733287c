//! What offer-authorization is told of an intervention: the record on which offers are decided.

use domain::cart::Cart;
use domain::id::RequestId;
use domain::time::Timestamp;
use messaging::{Message, outbox};
use platform::ids::IdSource;
use prost::Message as _;
use proto::field::WireField;
use proto::offers::v1::{CaseAgent, RecordCaseRequest};
use storage::{StoreError, Tx};

use crate::intervention::{AssignedAgent, Intervention};
use crate::upstreams::OFFERS;

const RECORD_CASE: &str = "/rescate.offers.v1.OfferAuthorizationService/RecordCase";

/// Tells offer-authorization how the intervention stands, with the cart as it is now. Gives the intervention with its
/// case counted up, which the caller stores in the same transaction.
pub(crate) async fn record(
    tx: &Tx,
    ids: &dyn IdSource,
    intervention: Intervention,
    cart: &Cart,
    now: Timestamp,
) -> Result<Intervention, StoreError> {
    let told = Intervention {
        case_revision: intervention.case_revision.saturating_add(1),
        case_cart_version: cart.version(),
        ..intervention
    };
    let message = message(RequestId::from_uuid(ids.next_uuid()), &told, cart);
    outbox::enqueue(tx, &[message], now).await?;
    Ok(told)
}

/// The message of one revision of a case.
fn message(message_id: RequestId, intervention: &Intervention, cart: &Cart) -> Message {
    let request = RecordCaseRequest {
        request_id: message_id.to_string(),
        intervention_id: intervention.id.to_string(),
        revision: intervention.case_revision,
        session_id: intervention.session.to_string(),
        person_id: intervention.person.to_string(),
        cause: intervention.cause.into_wire(),
        cart: Some(cart.clone().into()),
        agent: intervention.agent.clone().map(CaseAgent::from),
        channel: Some(intervention.channel.into_wire()),
    };
    Message {
        message_id,
        tenant: intervention.tenant.clone(),
        destination: OFFERS,
        method: RECORD_CASE,
        order_key: intervention.id.to_string(),
        payload: request.encode_to_vec(),
        expires_at: None,
        trace: None,
    }
}

impl From<AssignedAgent> for CaseAgent {
    fn from(assigned: AssignedAgent) -> Self {
        let AssignedAgent { partner, agent } = assigned;
        Self {
            partner_id: partner.into_wire(),
            agent_id: agent.into_wire(),
        }
    }
}
