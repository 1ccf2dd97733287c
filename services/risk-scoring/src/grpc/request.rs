//! What all writes have in common: who calls, and under which idempotency key.

use platform::auth::Caller;
use prost::Message;
use proto::field::{self, InvalidField};
use storage::RequestKey;

/// The key under which the first answer of a write is kept. A request without a valid `request_id` has none.
pub(super) fn key<M: Message>(
    caller: &Caller,
    method: &'static str,
    request_id: &str,
    body: &M,
) -> Result<RequestKey, InvalidField> {
    Ok(RequestKey {
        tenant: caller.tenant().clone(),
        client: caller.subject().to_owned(),
        method,
        request_id: field::read("request_id", request_id.to_owned())?,
        body_hash: RequestKey::body_hash(&body.encode_to_vec()),
    })
}
