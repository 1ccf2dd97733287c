//! `GetSession` and `ListSessions`.

use platform::auth::Caller;
use platform::paging::PageRequest;
use platform::status::into_status;
use proto::field::{InvalidField, read};
use proto::session::v1 as pb;
use tonic::{Request, Response, Status};

use super::convert;
use crate::service::{ListSessions, Service};
use crate::store::Hesitating;

pub(super) async fn get_session(
    service: &Service,
    request: Request<pb::GetSessionRequest>,
) -> Result<Response<pb::GetSessionResponse>, Status> {
    let tenant = Caller::of(&request)?.tenant().clone();
    let pb::GetSessionRequest { session_id } = request.into_inner();
    let session = read("session_id", session_id).map_err(into_status)?;
    let found = service.get(&tenant, session).await.map_err(into_status)?;
    Ok(Response::new(pb::GetSessionResponse {
        session: Some(convert::session(&found, service.now())),
    }))
}

pub(super) async fn list_sessions(
    service: &Service,
    request: Request<pb::ListSessionsRequest>,
) -> Result<Response<pb::ListSessionsResponse>, Status> {
    let tenant = Caller::of(&request)?.tenant().clone();
    let wanted = ListSessions::try_from(request.into_inner()).map_err(into_status)?;
    let now = service.now();
    let page = service
        .list(&tenant, wanted, now)
        .await
        .map_err(into_status)?;
    let page = page.map(|found| convert::session(&found, now));
    Ok(Response::new(pb::ListSessionsResponse {
        sessions: page.items,
        next_page_token: page.next_page_token,
    }))
}

impl TryFrom<pb::ListSessionsRequest> for ListSessions {
    type Error = InvalidField;

    fn try_from(request: pb::ListSessionsRequest) -> Result<Self, InvalidField> {
        let pb::ListSessionsRequest {
            phase,
            state,
            hesitating,
            page_size,
            page_token,
        } = request;
        let hesitating = hesitating.map(|wanted| {
            if wanted {
                Hesitating::Yes
            } else {
                Hesitating::No
            }
        });
        Ok(Self {
            filter: convert::filter(phase, state)?,
            hesitating,
            page: PageRequest::parse(page_size, &page_token)?,
        })
    }
}
