//! What is asked of a moment: the one way for calls and for the messages of a stream.

use domain::moment::Moment;
use platform::auth::Caller;
use platform::status::into_status;
use proto::assessment::v1::Assessment;
use proto::field::InvalidField;
use proto::risk::v1 as pb;
use tonic::Status;

use super::{convert, render, request};
use crate::error::RiskError;
use crate::service::{Call, Service};

const ASSESS_SESSION: &str = "/rescate.risk.v1.RiskScoringService/AssessSession";

/// What a message asks of its moment.
pub(super) enum Ask {
    /// To assess it, and to store and propose the assessment.
    Assess(Call),
    /// Only to say what the assessment would be.
    Preview(Moment),
}

/// Does what a message asks.
pub(super) async fn assess(
    service: &Service,
    caller: &Caller,
    message: pb::AssessSessionRequest,
) -> Result<pb::AssessSessionResponse, Status> {
    let ask = ask(caller, message).map_err(into_status)?;
    let assessment = answer(service, caller, ask).await.map_err(into_status)?;
    Ok(pb::AssessSessionResponse {
        assessment: Some(assessment),
    })
}

async fn answer(service: &Service, caller: &Caller, ask: Ask) -> Result<Assessment, RiskError> {
    match ask {
        Ask::Assess((key, moment)) => Ok(service.assess(key, moment).await?.into()),
        Ask::Preview(moment) => {
            let previewer = service.previewer(caller.tenant()).await?;
            Ok(render::preview(previewer.preview(&moment)))
        }
    }
}

/// Reads what a message asks.
pub(super) fn ask(caller: &Caller, message: pb::AssessSessionRequest) -> Result<Ask, InvalidField> {
    if message.preview {
        return convert::previewed(message).map(Ask::Preview);
    }
    let key = request::key(caller, ASSESS_SESSION, &message.request_id, &message)?;
    Ok(Ask::Assess((key, convert::moment(message)?)))
}
