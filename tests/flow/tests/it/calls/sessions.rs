//! Calls of session-tracking.

use CallerKind::{Operator, Platform};
use platform::auth::CallerKind;
use proto::cause::v1::RiskPhase;
use proto::money::v1::Money;
use proto::session::v1::{
    EraseShopperRequest, GetSessionRequest, ListSessionsRequest, RecordEventsRequest,
    SessionOrdering, SessionState, StreamEventsRequest, WatchSessionsRequest,
};

use super::samples::events;
use super::{Call, call};
use crate::shop::request_id;
use crate::stage::Stage;

pub(super) fn calls(stage: &Stage) -> Vec<Call> {
    let friction = RiskPhase::TransactionalFriction.into();
    let active = SessionState::Active.into();
    let get = GetSessionRequest {
        session_id: stage.forgotten.session.to_string(),
    };
    let list = ListSessionsRequest {
        phase: Some(friction),
        state: Some(active),
        hesitating: Some(true),
        page_size: 10,
        page_token: String::new(),
        min_cart_value: Some(Money {
            minor_units: 0,
            currency: "USD".to_owned(),
        }),
        ordering: SessionOrdering::CartValue.into(),
    };
    let watch = WatchSessionsRequest {
        phase: Some(friction),
        state: Some(active),
        resume_token: String::new(),
    };
    let erase = EraseShopperRequest {
        request_id: request_id(),
        person_id: stage.forgotten.person(),
    };
    let mut calls = vec![
        call("GetSession", Platform, get),
        call("ListSessions", Operator, list),
        call("WatchSessions", Operator, watch),
        call("EraseShopper", Operator, erase),
    ];
    for event in events() {
        let events = vec![event];
        let batch = StreamEventsRequest {
            batch: 1,
            events: events.clone(),
        };
        calls.push(call(
            "RecordEvents",
            Platform,
            RecordEventsRequest { events },
        ));
        calls.push(call("StreamEvents", Platform, batch));
    }
    calls
}
