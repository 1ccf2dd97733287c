//! `GetSession` and `ListSessions`.

use domain::money::Money;
use platform::auth::Caller;
use platform::paging::PageRequest;
use platform::status::into_status;
use proto::error::v1::ErrorReason;
use proto::field::{InvalidField, read};
use proto::session::v1 as pb;
use tonic::{Request, Response, Status};

use super::convert;
use crate::service::{ListSessions, Service};
use crate::store::{Hesitating, Listing, Ordering};

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
            min_cart_value,
            ordering,
        } = request;
        let hesitating = hesitating.map(|wanted| {
            if wanted {
                Hesitating::Yes
            } else {
                Hesitating::No
            }
        });
        let min_cart_value = least_value(min_cart_value)?;
        Ok(Self {
            listing: Listing {
                filter: convert::filter(phase, state)?,
                hesitating,
                min_cart_value,
                ordering: ordering_of(ordering, min_cart_value)?,
            },
            page: PageRequest::parse(page_size, &page_token)?,
        })
    }
}

fn least_value(value: Option<proto::money::v1::Money>) -> Result<Option<Money>, InvalidField> {
    let value: Option<Money> = read("min_cart_value", value)?;
    match value {
        Some(value) if value.minor_units() < 0 => {
            let rule = "must not be negative";
            let fault = InvalidField::new("minor_units", ErrorReason::OutOfRange, rule);
            Err(fault.within("min_cart_value"))
        }
        value => Ok(value),
    }
}

fn ordering_of(number: i32, least: Option<Money>) -> Result<Ordering, InvalidField> {
    let Ok(ordering) = pb::SessionOrdering::try_from(number) else {
        let rule = "must be a known order";
        return Err(InvalidField::new(
            "ordering",
            ErrorReason::UnknownEnum,
            rule,
        ));
    };
    match (ordering, least) {
        (pb::SessionOrdering::CartValue, Some(_)) => Ok(Ordering::CartValue),
        (pb::SessionOrdering::CartValue, None) => {
            let rule = "must be given with this order: carts compare in one currency";
            let reason = ErrorReason::Required;
            Err(InvalidField::new("min_cart_value", reason, rule))
        }
        (pb::SessionOrdering::Unspecified | pb::SessionOrdering::LastActive, _) => {
            Ok(Ordering::LastActive)
        }
    }
}
