//! What a refused call must look like to its caller: a code, a reason from the one enum, the field at fault, and
//! nothing of the value that was refused.

use proto::error::v1::ErrorReason;
use proto::{ERROR_DOMAIN, reason_name};
use tonic::metadata::KeyAndValueRef;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use crate::canary::contains;

/// A request that carries this bearer token.
pub fn request<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let bearer = format!("Bearer {token}").parse().expect("a token");
    request.metadata_mut().insert("authorization", bearer);
    request
}

/// Fails unless `status` has this code and this reason and, as the only field at fault, `field`.
#[track_caller]
pub fn assert_refused(status: &Status, code: Code, reason: ErrorReason, field: Option<&str>) {
    assert_eq!(status.code(), code, "{status:?}");
    let details = status.get_error_details();
    let info = details
        .error_info()
        .unwrap_or_else(|| panic!("no ErrorInfo in {status:?}"));
    assert_eq!(info.domain, ERROR_DOMAIN);
    assert_eq!(info.reason, reason_name(reason));
    let at_fault: Vec<&str> = details
        .bad_request()
        .into_iter()
        .flat_map(|bad| &bad.field_violations)
        .map(|violation| violation.field.as_str())
        .collect();
    assert_eq!(at_fault, Vec::from_iter(field), "the fields at fault");
}

/// Fails when `secret` occurs anywhere in what the caller receives: message, details or trailers.
#[track_caller]
pub fn assert_hides(status: &Status, secret: &str) {
    let mut parts = vec![
        ("message", status.message().as_bytes().to_vec()),
        ("details", status.details().to_vec()),
    ];
    for entry in status.metadata().iter() {
        match entry {
            KeyAndValueRef::Ascii(_, value) => parts.push(("trailer", value.as_bytes().to_vec())),
            KeyAndValueRef::Binary(_, value) => {
                parts.push(("trailer", value.to_bytes().unwrap().to_vec()));
            }
        }
    }
    for (part, bytes) in parts {
        assert!(
            !contains(&bytes, secret.as_bytes()),
            "the {part} of the status echoes what it refused"
        );
    }
}

#[cfg(test)]
mod tests {
    use platform::status::{Fault, Kind};

    use super::*;

    fn not_found(message: &'static str) -> Status {
        Fault::new(Kind::NotFound, message).to_status()
    }

    #[test]
    fn a_refusal_with_its_reason_passes() {
        let status = not_found("no such offer");

        assert_refused(&status, Code::NotFound, ErrorReason::NotFound, None);
        assert_hides(&status, "secret");
    }

    #[test]
    #[should_panic(expected = "the fields at fault")]
    fn a_field_that_is_not_named_fails() {
        let status = not_found("no such offer");

        assert_refused(
            &status,
            Code::NotFound,
            ErrorReason::NotFound,
            Some("offer_id"),
        );
    }

    #[test]
    #[should_panic(expected = "the message of the status echoes what it refused")]
    fn an_echoed_value_fails() {
        assert_hides(
            &not_found("no offer for ana@example.com"),
            "ana@example.com",
        );
    }
}
