//! What a refused call must look like to its caller: a code, a reason from the one enum, the field at fault, and
//! nothing of the value that was refused.

use proto::error::v1::ErrorReason;
use proto::{ERROR_DOMAIN, reason_name};
use tonic::{Code, Status, metadata::KeyAndValueRef};
use tonic_types::StatusExt;

use crate::canary::contains;

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
