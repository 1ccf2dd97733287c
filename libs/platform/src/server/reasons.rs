//! A reason for each refusal that the transport makes by itself: of a message that cannot be read or is too large, and of a
//! method that does not exist. No handler sees those calls, so no service error stands behind them, and the transport calls
//! an unreadable message an internal error, which it is not.

use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use proto::error::v1::ErrorReason;
use tonic::body::Body;
use tonic::{Code, Status};

use super::around::{Middleware, Next};
use crate::status::{Fault, Kind};

#[derive(Debug, Clone, Copy)]
pub(super) struct Reasons;

impl Middleware for Reasons {
    async fn handle<N: Next>(self, request: Request<Body>, next: N) -> Response<Body> {
        let mut response = next.run(request).await;
        explain(response.headers_mut());
        response.map(|body| {
            Body::new(body.map_frame(|mut frame| {
                if let Some(trailers) = frame.trailers_mut() {
                    explain(trailers);
                }
                frame
            }))
        })
    }
}

/// Puts our own refusal in the place of one that has no details. All refusals of ours have some.
fn explain(headers: &mut HeaderMap) {
    if headers.contains_key(Status::GRPC_STATUS_DETAILS) {
        return;
    }
    let status = headers.get(Status::GRPC_STATUS);
    let Some(fault) = status.and_then(|code| fault(Code::from_bytes(code.as_bytes()))) else {
        return;
    };
    // What does not fit in a header is left as it was; ours does.
    let _ = fault.to_status().add_header(headers);
}

fn fault(code: Code) -> Option<Fault> {
    match code {
        Code::Internal => Some(unreadable("the message is none of this method")),
        Code::OutOfRange => Some(unreadable("the message, or its answer, is too large")),
        Code::Unimplemented => Some(Fault::new(Kind::Unimplemented, "no such method")),
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::InvalidArgument
        | Code::DeadlineExceeded
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::Unavailable
        | Code::DataLoss
        | Code::Unauthenticated => None,
    }
}

fn unreadable(message: &'static str) -> Fault {
    Fault::new(Kind::Invalid, message).because(ErrorReason::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::reason_of;

    fn headers(code: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(Status::GRPC_STATUS, code.parse().unwrap());
        headers.insert("grpc-message", "invalid%20varint".parse().unwrap());
        headers
    }

    fn explained(mut headers: HeaderMap) -> Status {
        explain(&mut headers);
        Status::from_header_map(&headers).unwrap()
    }

    #[test]
    fn what_the_transport_refuses_has_a_reason() {
        for (code, meant, reason) in [
            ("13", Code::InvalidArgument, ErrorReason::Unreadable),
            ("11", Code::InvalidArgument, ErrorReason::Unreadable),
            ("12", Code::Unimplemented, ErrorReason::NotFound),
        ] {
            let status = explained(headers(code));
            assert_eq!((status.code(), reason_of(&status)), (meant, Some(reason)));
            assert!(!status.message().contains("varint"));
        }
    }

    #[test]
    fn what_has_a_reason_keeps_it() {
        let mut headers = HeaderMap::new();
        let ours = Fault::new(Kind::Internal, "a fault of ours").to_status();
        ours.add_header(&mut headers).unwrap();
        let status = explained(headers);
        assert_eq!(status.code(), Code::Internal);
        assert_eq!(reason_of(&status), Some(ErrorReason::Internal));
        assert_eq!(explained(self::headers("0")).code(), Code::Ok);
    }
}
