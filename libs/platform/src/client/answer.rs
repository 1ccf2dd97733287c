//! What an answer means, before anybody trusts it.

use std::error::Error;
use std::time::Duration;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::{HeaderMap, Response};
use http_body_util::BodyExt;
use tonic::body::Body;
use tonic::{Code, Status, TimeoutExpired};

use crate::status::{self, Fault, Kind};

const DETAILS: &str = "grpc-status-details-bin";

/// gRPC allows both with and without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Removes error details that are no base64, from headers and trailers: tonic panics when it reads them.
pub(super) fn harmless(mut response: Response<Body>) -> Response<Body> {
    clean(response.headers_mut());
    response.map(|body| {
        Body::new(body.map_frame(|mut frame| {
            if let Some(trailers) = frame.trailers_mut() {
                clean(trailers);
            }
            frame
        }))
    })
}

fn clean(headers: &mut HeaderMap) {
    let broken = headers
        .get_all(DETAILS)
        .iter()
        .any(|details| BASE64.decode(details.as_bytes()).is_err());
    if broken {
        headers.remove(DETAILS);
    }
}

/// The refusal that an answer without a message is; `None` for an answer that has one.
pub(super) fn refusal(response: &Response<Body>) -> Option<Status> {
    Status::from_header_map(response.headers()).filter(|status| status.code() != Code::Ok)
}

/// What went wrong on the way. A call that our own side gave up or never sent is `UNAVAILABLE`, not `CANCELLED`: the
/// caller has cancelled nothing.
pub(super) fn transport(failure: tonic::transport::Error) -> Status {
    let mut source: Option<&(dyn Error + 'static)> = Some(&failure);
    while let Some(cause) = source {
        if cause.is::<TimeoutExpired>() {
            return exceeded();
        }
        source = cause.source();
    }
    tracing::debug!(error = %status::chain(&failure), "call did not arrive");
    let lost = Status::from_error(Box::new(failure));
    if lost.code() == Code::ResourceExhausted {
        return lost;
    }
    Fault::new(Kind::Unavailable, "service cannot be reached").to_status()
}

pub(super) fn exceeded() -> Status {
    Fault::new(Kind::Deadline, "deadline exceeded").to_status()
}

/// Whether another attempt may go better, and how long to wait for it at least.
pub(super) fn retry_after(failure: &Status) -> Option<Duration> {
    let asked = status::retry_after_of(failure);
    let code = failure.code();
    if code == Code::Unavailable {
        return Some(asked.unwrap_or_default());
    }
    asked.filter(|_| matches!(code, Code::Aborted | Code::ResourceExhausted))
}
