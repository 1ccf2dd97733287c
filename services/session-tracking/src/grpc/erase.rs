//! `EraseShopper`.

use domain::id::PersonId;
use platform::auth::Caller;
use platform::status::into_status;
use prost::Message;
use proto::field::{WireField, read};
use proto::session::v1 as pb;
use storage::RequestKey;
use tonic::{Request, Response, Status};

use super::record::count;
use crate::service::Service;

const METHOD: &str = "/rescate.session.v1.SessionTrackingService/EraseShopper";

pub(super) async fn erase_shopper(
    service: &Service,
    request: Request<pb::EraseShopperRequest>,
) -> Result<Response<pb::EraseShopperResponse>, Status> {
    let caller = Caller::of(&request)?.clone();
    let request = request.into_inner();
    let body_hash = RequestKey::body_hash(&request.encode_to_vec());
    let pb::EraseShopperRequest {
        request_id,
        person_id,
    } = request;
    let key = RequestKey {
        tenant: caller.tenant().clone(),
        client: caller.subject().to_owned(),
        method: METHOD,
        request_id: read("request_id", request_id).map_err(into_status)?,
        body_hash,
    };
    let person: PersonId = read("person_id", person_id).map_err(into_status)?;
    let erased = service.erase(key, person).await.map_err(into_status)?;
    Ok(Response::new(pb::EraseShopperResponse {
        session_count: count(erased.session_count),
        erased_at: erased.erased_at.into_wire(),
    }))
}
