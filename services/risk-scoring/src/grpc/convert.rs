//! Requests as commands of domain types, or the name of the first field at fault.

use domain::cause::Cause;
use domain::fact::Ending;
use domain::id::{AssessmentId, SessionId};
use domain::moment::Moment;
use domain::time::Timestamp;
use platform::paging::PageRequest;
use proto::error::v1::ErrorReason;
use proto::field::{self, FieldFault, InvalidField, read};
use proto::risk::v1 as pb;

use crate::evaluator::Checked;
use crate::features::{Feature, SessionFeatures, Tongue, UnknownFeature};
use crate::model::{ModelKey, ModelName};
use crate::model_file::{self, ModelFormat};
use crate::scorecard::{InvalidScorecard, Line, LineFault, Scorecard, ScorecardParts};
use crate::service::{NewModel, Sample};
use crate::store::Cursor;

/// How far the score of a sample row may be from what is expected, ...
const EXACT: f64 = 1e-9;
/// ... and where the trainer itself adds up in 32 bits.
const SINGLE_PRECISION: f64 = 1e-6;

/// Which assessments to list.
pub(super) struct Listing {
    pub(super) session: Option<SessionId>,
    pub(super) from: Option<Timestamp>,
    pub(super) page: PageRequest<Cursor>,
}

/// How a session ended.
pub(super) struct Outcome {
    pub(super) session: SessionId,
    pub(super) ending: Ending,
    pub(super) ended_at: Timestamp,
}

pub(super) fn moment(request: pb::AssessSessionRequest) -> Result<Moment, InvalidField> {
    let pb::AssessSessionRequest {
        request_id: _,
        moment,
        preview: _,
    } = request;
    read("moment", moment)
}

/// The moment of a preview. It has no key: one would say that something is to be kept, and a server that knows no previews
/// refuses what has none, where it would else store the assessment.
pub(super) fn previewed(request: pb::AssessSessionRequest) -> Result<Moment, InvalidField> {
    if request.request_id.is_empty() {
        return moment(request);
    }
    let reason = ErrorReason::InvalidField;
    Err(InvalidField::new(
        "request_id",
        reason,
        "must be empty in a preview",
    ))
}

/// A message of a stream is the unary request, so that both have one idempotency key.
pub(super) fn unary(message: pb::AssessSessionsRequest) -> pb::AssessSessionRequest {
    let pb::AssessSessionsRequest {
        request_id,
        moment,
        preview,
    } = message;
    pb::AssessSessionRequest {
        request_id,
        moment,
        preview,
    }
}

pub(super) fn explanation(
    request: pb::ExplainAssessmentRequest,
) -> Result<(AssessmentId, Tongue), InvalidField> {
    let pb::ExplainAssessmentRequest {
        assessment_id,
        language,
    } = request;
    let language = (!language.is_empty()).then(|| read("language", language));
    Ok((
        read("assessment_id", assessment_id)?,
        Tongue::of(language.transpose()?),
    ))
}

pub(super) fn listing(request: pb::ListAssessmentsRequest) -> Result<Listing, InvalidField> {
    let pb::ListAssessmentsRequest {
        session_id,
        page_size,
        page_token,
        from,
    } = request;
    let session = (!session_id.is_empty()).then_some(session_id);
    Ok(Listing {
        session: session.map(|id| read("session_id", id)).transpose()?,
        from: read("from", from)?,
        page: PageRequest::parse(page_size, &page_token)?,
    })
}

pub(super) fn outcome(request: pb::RecordOutcomeRequest) -> Result<Outcome, InvalidField> {
    let pb::RecordOutcomeRequest {
        request_id: _,
        session_id,
        ending,
        ended_at,
    } = request;
    Ok(Outcome {
        session: read("session_id", session_id)?,
        ending: read("ending", ending)?,
        ended_at: read("ended_at", ended_at)?,
    })
}

pub(super) fn true_cause(
    request: pb::RecordCauseRequest,
) -> Result<(AssessmentId, Cause), InvalidField> {
    let pb::RecordCauseRequest {
        request_id: _,
        assessment_id,
        cause,
    } = request;
    Ok((read("assessment_id", assessment_id)?, read("cause", cause)?))
}

/// The version of a table of causes.
pub(super) fn cause_table(request: &pb::ActivateCauseTableRequest) -> Result<u32, InvalidField> {
    let pb::ActivateCauseTableRequest {
        request_id: _,
        version,
    } = request;
    if *version == 0 {
        return Err(InvalidField::absent("version"));
    }
    Ok(*version)
}

pub(super) fn models(
    request: pb::ListModelsRequest,
) -> Result<PageRequest<ModelKey>, InvalidField> {
    let pb::ListModelsRequest {
        page_size,
        page_token,
    } = request;
    PageRequest::parse(page_size, &page_token)
}

pub(super) fn model_name(model_id: String, version: u32) -> Result<ModelName, InvalidField> {
    Ok(ModelName {
        id: read("model_id", model_id)?,
        version: (version > 0).then_some(version),
    })
}

/// The two models of a comparison, and the time from which on.
pub(super) fn comparison(
    request: pb::CompareModelsRequest,
) -> Result<(ModelName, ModelName, Option<Timestamp>), InvalidField> {
    let pb::CompareModelsRequest {
        model_id,
        version,
        other_model_id,
        other_version,
        from,
    } = request;
    let other = ModelName {
        id: read("other_model_id", other_model_id)?,
        version: (other_version > 0).then_some(other_version),
    };
    Ok((model_name(model_id, version)?, other, read("from", from)?))
}

pub(super) fn new_model(request: pb::RegisterModelRequest) -> Result<NewModel, InvalidField> {
    let pb::RegisterModelRequest {
        request_id: _,
        model_id,
        description,
        scorecard,
        samples,
        file,
    } = request;
    let (model, tolerance) = checked(scorecard, file)?;
    if samples.is_empty() {
        return Err(InvalidField::absent("samples"));
    }
    Ok(NewModel {
        id: read("model_id", model_id)?,
        description: read("description", description)?,
        model,
        tolerance,
        samples: field::messages("samples", samples)?,
    })
}

/// The one model of the request, and how far its samples may be off.
fn checked(
    scorecard: Option<pb::Scorecard>,
    file: Option<pb::ModelFile>,
) -> Result<(Checked, f64), InvalidField> {
    match (scorecard, file) {
        (Some(_), Some(_)) => Err(InvalidField::new(
            "file",
            ErrorReason::InvalidField,
            "must be absent when there is a scorecard",
        )),
        (scorecard, None) => {
            let card = field::required("scorecard", scorecard)?;
            let card = scorecard_of(card).map_err(|fault| fault.within("scorecard"))?;
            Ok((Checked::from(card), EXACT))
        }
        (None, Some(file)) => file_of(file).map_err(|fault| fault.within("file")),
    }
}

fn file_of(wire: pb::ModelFile) -> Result<(Checked, f64), InvalidField> {
    let format = wire.format();
    let pb::ModelFile { format: _, content } = wire;
    let (format, tolerance) = match format {
        pb::ModelFormat::Unspecified => return Err(InvalidField::absent("format")),
        pb::ModelFormat::RescateJson => (ModelFormat::Rescate, EXACT),
        pb::ModelFormat::LightgbmText => (ModelFormat::LightGbmText, EXACT),
        pb::ModelFormat::XgboostJson => (ModelFormat::XgBoostJson, SINGLE_PRECISION),
    };
    if content.is_empty() {
        return Err(InvalidField::absent("content"));
    }
    let model = model_file::read(format, &content).map_err(|fault| {
        InvalidField::new("content", ErrorReason::InvalidField, fault.to_string())
    })?;
    Ok((model, tolerance))
}

fn scorecard_of(wire: pb::Scorecard) -> Result<Scorecard, InvalidField> {
    let pb::Scorecard {
        baseline_log_odds,
        lines,
        calibration_slope,
        calibration_intercept,
    } = wire;
    if lines.is_empty() {
        return Err(InvalidField::absent("lines"));
    }
    let parts = ScorecardParts {
        baseline_log_odds,
        calibration_slope,
        calibration_intercept,
        lines: field::messages("lines", lines)?,
    };
    Scorecard::new(parts).map_err(invalid_scorecard)
}

impl TryFrom<pb::ScorecardLine> for Line {
    type Error = InvalidField;

    fn try_from(line: pb::ScorecardLine) -> Result<Self, InvalidField> {
        let pb::ScorecardLine {
            feature,
            at_least,
            below,
            log_odds,
            reason,
        } = line;
        Ok(Self {
            feature: field::parse("feature", &feature, Feature::parse)?,
            at_least,
            below,
            log_odds,
            reason: read("reason", reason)?,
        })
    }
}

impl TryFrom<pb::SampleRow> for Sample {
    type Error = InvalidField;

    fn try_from(row: pb::SampleRow) -> Result<Self, InvalidField> {
        let pb::SampleRow {
            values,
            expected_abandonment,
        } = row;
        field::within_count("values", values.len(), field::MAX_ITEMS)?;
        let values = values.into_iter().enumerate().map(|(index, value)| {
            feature_value(value).map_err(|fault| fault.within_index("values", index))
        });
        let values: Vec<(Feature, f64)> = values.collect::<Result<_, _>>()?;
        field::distinct("values", values.iter().map(|(feature, _)| *feature))?;
        let features: SessionFeatures = values.into_iter().collect();
        let expected: domain::assessment::Probability =
            read("expected_abandonment", expected_abandonment)?;
        Ok(Self {
            features,
            expected: expected.get(),
        })
    }
}

fn feature_value(wire: pb::FeatureValue) -> Result<(Feature, f64), InvalidField> {
    let pb::FeatureValue { feature, value } = wire;
    let feature = field::parse("feature", &feature, Feature::parse)?;
    if value.is_finite() {
        return Ok((feature, value));
    }
    let reason = ErrorReason::OutOfRange;
    Err(InvalidField::new("value", reason, "must be finite"))
}

impl FieldFault for UnknownFeature {
    fn reason(&self) -> ErrorReason {
        ErrorReason::InvalidField
    }

    fn description(&self) -> String {
        self.to_string()
    }
}

fn invalid_scorecard(fault: InvalidScorecard) -> InvalidField {
    let description = fault.to_string();
    let field = match fault {
        InvalidScorecard::LineCount => {
            return InvalidField::new("lines", ErrorReason::TooManyItems, description);
        }
        InvalidScorecard::Baseline => "baseline_log_odds",
        InvalidScorecard::Slope => "calibration_slope",
        InvalidScorecard::Intercept => "calibration_intercept",
        InvalidScorecard::Line { index, fault } => {
            let at_fault = match fault {
                LineFault::Name => "feature",
                LineFault::AtLeast => "at_least",
                LineFault::Below => "below",
                LineFault::LogOdds | LineFault::Falls | LineFault::Rises => "log_odds",
            };
            return InvalidField::new(at_fault, ErrorReason::OutOfRange, description)
                .within_index("lines", index);
        }
    };
    InvalidField::new(field, ErrorReason::OutOfRange, description)
}
