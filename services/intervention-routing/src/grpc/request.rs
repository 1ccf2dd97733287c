//! What all requests have in common: who calls, and under which idempotency key.

use domain::id::RequestId;
use platform::auth::Caller;
use platform::status::into_status;
use prost::Message;
use proto::field;
use storage::RequestKey;
use tonic::{Request, Status};

use crate::service::Viewer;

/// The key under which the first answer of a write is kept. A request without a valid `request_id` has none.
pub(super) fn key<M: Message>(
    request: &Request<M>,
    method: &'static str,
    request_id: &str,
) -> Result<RequestKey, Status> {
    let caller = Caller::of(request)?;
    let request_id: RequestId =
        field::read("request_id", request_id.to_owned()).map_err(into_status)?;
    Ok(RequestKey {
        tenant: caller.tenant().clone(),
        client: caller.subject().to_owned(),
        method,
        request_id,
        body_hash: RequestKey::body_hash(&request.get_ref().encode_to_vec()),
    })
}

/// Who looks at interventions: all of the tenant, or what one partner handles.
pub(super) fn viewer<M>(request: &Request<M>) -> Result<Viewer, Status> {
    let caller = Caller::of(request)?;
    Ok(Viewer {
        tenant: caller.tenant().clone(),
        partner: caller.partner().cloned(),
    })
}
