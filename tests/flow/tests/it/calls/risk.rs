//! Calls of risk-scoring.

use CallerKind::{Operator, Platform};
use platform::auth::CallerKind;
use proto::cause::v1::Cause;
use proto::convert::time::wire_timestamp;
use proto::fact::v1::Ending;
use proto::risk::v1::{
    ActivateCauseTableRequest, ActivateModelRequest, AssessSessionRequest, AssessSessionsRequest,
    CompareModelsRequest, EvaluateModelRequest, ExplainAssessmentRequest, GetModelHealthRequest,
    LearnCausesRequest, ListAssessmentsRequest, ListCauseTablesRequest, ListModelsRequest,
    RecordCauseRequest, RecordOutcomeRequest, RegisterModelRequest,
};

use super::samples::{a_long_ago, a_moment};
use super::{Call, call};
use crate::people::now;
use crate::shop::request_id;
use crate::stage::{Stage, a_model, a_model_file};

pub(super) fn calls(stage: &Stage) -> Vec<Call> {
    [assessments(stage), models(), cause_tables()].concat()
}

fn assessments(stage: &Stage) -> Vec<Call> {
    // A preview is kept by nobody, and so has nothing to be known again by.
    let key = |preview: bool| (!preview).then(request_id).unwrap_or_default();
    let assess = |preview| AssessSessionRequest {
        request_id: key(preview),
        moment: Some(a_moment().into()),
        preview,
    };
    let stream = |preview| AssessSessionsRequest {
        request_id: key(preview),
        moment: Some(a_moment().into()),
        preview,
    };
    let explain = ExplainAssessmentRequest {
        assessment_id: stage.assessed.assessment_id.clone(),
        language: "es".to_owned(),
    };
    let list = ListAssessmentsRequest {
        session_id: stage.assessed.session_id.clone(),
        page_size: 10,
        page_token: String::new(),
        from: Some(a_long_ago()),
    };
    let cause = RecordCauseRequest {
        request_id: request_id(),
        assessment_id: stage.assessed.assessment_id.clone(),
        cause: Cause::UnexpectedCost.into(),
    };
    let outcome = RecordOutcomeRequest {
        request_id: request_id(),
        session_id: stage.assessed.session_id.clone(),
        ending: Ending::Ordered.into(),
        ended_at: Some(wire_timestamp(now())),
    };
    vec![
        call("AssessSession", Platform, assess(false)),
        call("AssessSession", Platform, assess(true)),
        call("AssessSessions", Platform, stream(false)),
        call("AssessSessions", Platform, stream(true)),
        call("ExplainAssessment", Operator, explain),
        call("ListAssessments", Operator, list),
        call("RecordOutcome", Platform, outcome),
        call("RecordCause", Platform, cause),
    ]
}

fn models() -> Vec<Call> {
    let list = ListModelsRequest {
        page_size: 10,
        page_token: String::new(),
    };
    let register = RegisterModelRequest {
        request_id: request_id(),
        ..a_model("careful")
    };
    let register_file = RegisterModelRequest {
        request_id: request_id(),
        ..a_model_file("written")
    };
    let evaluate = EvaluateModelRequest {
        model_id: "rescate.scorecard".to_owned(),
        version: 2,
        from: Some(a_long_ago()),
    };
    let compare = CompareModelsRequest {
        model_id: "rescate.scorecard".to_owned(),
        version: 2,
        other_model_id: "rescate.scorecard".to_owned(),
        other_version: 2,
        from: Some(a_long_ago()),
    };
    let activate = ActivateModelRequest {
        request_id: request_id(),
        model_id: "even".to_owned(),
        version: 1,
    };
    let health = GetModelHealthRequest {
        model_id: "even".to_owned(),
        version: 1,
    };
    vec![
        call("ListModels", Operator, list),
        call("RegisterModel", Operator, register),
        call("RegisterModel", Operator, register_file),
        call("EvaluateModel", Operator, evaluate),
        call("CompareModels", Operator, compare),
        call("ActivateModel", Operator, activate),
        call("GetModelHealth", Operator, health),
    ]
}

fn cause_tables() -> Vec<Call> {
    let learn = LearnCausesRequest {
        request_id: request_id(),
    };
    let back = ActivateCauseTableRequest {
        request_id: request_id(),
        version: 1,
    };
    vec![
        call("LearnCauses", Operator, learn),
        call("ListCauseTables", Operator, ListCauseTablesRequest {}),
        call("ActivateCauseTable", Operator, back),
    ]
}
