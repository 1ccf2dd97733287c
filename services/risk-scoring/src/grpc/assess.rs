//! The assessment of one moment: the one way for calls and for the messages of a stream.

use platform::auth::Caller;
use platform::status::into_status;
use proto::risk::v1 as pb;
use tonic::Status;

use super::{convert, request};
use crate::service::{Call, Service};

const ASSESS_SESSION: &str = "/rescate.risk.v1.RiskScoringService/AssessSession";

/// Assesses the moment of a message, and stores the assessment.
pub(super) async fn assess(
    service: &Service,
    caller: &Caller,
    message: pb::AssessSessionRequest,
) -> Result<pb::AssessSessionResponse, Status> {
    let (key, moment) = call(caller, message)?;
    let assessment = service.assess(key, moment).await.map_err(into_status)?;
    Ok(pb::AssessSessionResponse {
        assessment: Some(assessment.into()),
    })
}

/// The moment of a message, and the key under which it came.
pub(super) fn call(caller: &Caller, message: pb::AssessSessionRequest) -> Result<Call, Status> {
    let key =
        request::key(caller, ASSESS_SESSION, &message.request_id, &message).map_err(into_status)?;
    let moment = convert::moment(message).map_err(into_status)?;
    Ok((key, moment))
}
