//! Errors on the wire: the only place in the suite that builds a `Status`.
//!
//! A service says what a caller can do about an error (`Kind`) and why (`ErrorReason`); this module makes code,
//! message and details of it, and logs the chain once. What is internal is logged and never leaves the process.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write;
use std::time::Duration;

use proto::error::v1::ErrorReason;
use proto::field::InvalidField;
use proto::{ERROR_DOMAIN, reason_name};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, QuotaViolation, StatusExt};
use tracing::{debug, error, warn};

mod fault;

pub use fault::Fault;

const REASON_PREFIX: &str = "ERROR_REASON_";
/// When nobody knows better: long enough that a retry is not part of the problem.
const RETRY_AFTER: Duration = Duration::from_millis(100);

/// What a caller can do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Correct the request.
    Invalid,
    /// Use the answer of the first request, or another `request_id`.
    RequestIdReused,
    /// Bring a valid token.
    Unauthenticated,
    /// Ask for the right to do this.
    Forbidden,
    /// Name something that exists.
    NotFound,
    /// Try again: another call changed the same thing at the same time.
    Conflict,
    /// Change the state of the system first.
    Precondition,
    /// Slow down, then try again.
    Exhausted,
    /// Try again later.
    Unavailable,
    /// Allow more time.
    Deadline,
    /// Call a method that exists.
    Unimplemented,
    /// Nothing; we are at fault.
    Internal,
}

impl Kind {
    fn code(self) -> Code {
        match self {
            Self::Invalid | Self::RequestIdReused => Code::InvalidArgument,
            Self::Unauthenticated => Code::Unauthenticated,
            Self::Forbidden => Code::PermissionDenied,
            Self::NotFound => Code::NotFound,
            Self::Conflict => Code::Aborted,
            Self::Precondition => Code::FailedPrecondition,
            Self::Exhausted => Code::ResourceExhausted,
            Self::Unavailable => Code::Unavailable,
            Self::Deadline => Code::DeadlineExceeded,
            Self::Unimplemented => Code::Unimplemented,
            Self::Internal => Code::Internal,
        }
    }

    /// The reason of an error that has no finer one.
    pub fn reason(self) -> ErrorReason {
        match self {
            Self::Invalid => ErrorReason::InvalidField,
            Self::RequestIdReused => ErrorReason::RequestIdReused,
            Self::Unauthenticated => ErrorReason::TokenInvalid,
            Self::Forbidden => ErrorReason::ScopeMissing,
            Self::NotFound | Self::Unimplemented => ErrorReason::NotFound,
            Self::Conflict => ErrorReason::ConcurrentChange,
            Self::Precondition => ErrorReason::IllegalState,
            Self::Exhausted => ErrorReason::Overloaded,
            Self::Unavailable => ErrorReason::Unavailable,
            Self::Deadline => ErrorReason::DeadlineExceeded,
            Self::Internal => ErrorReason::Internal,
        }
    }

    /// The only text that may leave for errors whose own text speaks of our inside.
    fn fixed_message(self) -> Option<&'static str> {
        match self {
            Self::Internal => Some("internal error"),
            Self::RequestIdReused => Some("the request id was used for another request"),
            Self::Unavailable => Some("temporarily unavailable"),
            Self::Deadline => Some("deadline exceeded"),
            Self::Invalid
            | Self::Unauthenticated
            | Self::Forbidden
            | Self::NotFound
            | Self::Conflict
            | Self::Precondition
            | Self::Exhausted
            | Self::Unimplemented => None,
        }
    }

    fn retry_after(self) -> Option<Duration> {
        matches!(self, Self::Conflict | Self::Exhausted).then_some(RETRY_AFTER)
    }
}

/// An error of a service, with what its caller can do about it. Its `Display` is what the caller reads, unless the
/// kind is internal, unavailable or deadline: it holds ids at most, never personal values.
pub trait ServiceError: Error {
    /// What the caller can do.
    fn kind(&self) -> Kind;

    /// Why, for programs.
    fn reason(&self) -> ErrorReason {
        self.invalid_field()
            .map_or_else(|| self.kind().reason(), |fault| fault.reason)
    }

    /// The field at fault, for [`Kind::Invalid`].
    fn invalid_field(&self) -> Option<&InvalidField> {
        None
    }

    /// How long to wait before a retry, where the error knows better than its kind.
    fn retry_after(&self) -> Option<Duration> {
        None
    }

    /// The limit that was reached, for [`Kind::Exhausted`]: what is limited, never by whom.
    fn quota(&self) -> Option<&str> {
        None
    }

    /// Further facts for programs, such as a resume token.
    fn metadata(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

impl ServiceError for InvalidField {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn invalid_field(&self) -> Option<&InvalidField> {
        Some(self)
    }
}

/// Renders an error for the wire and logs it, with its chain, once.
pub fn to_status<E: ServiceError + ?Sized>(failure: &E) -> Status {
    let kind = failure.kind();
    log(failure, kind);
    let message = kind
        .fixed_message()
        .map_or_else(|| failure.to_string(), str::to_owned);
    Status::with_error_details(kind.code(), message, details(failure, kind))
}

/// [`to_status`] for use in `map_err`: `.map_err(status::into_status)?`.
#[expect(clippy::needless_pass_by_value, reason = "the shape `map_err` wants")]
pub fn into_status<E: ServiceError>(failure: E) -> Status {
    to_status(&failure)
}

fn details<E: ServiceError + ?Sized>(failure: &E, kind: Kind) -> ErrorDetails {
    let metadata: HashMap<String, String> = failure
        .metadata()
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    let mut details =
        ErrorDetails::with_error_info(reason_name(failure.reason()), ERROR_DOMAIN, metadata);
    if let Some(fault) = failure.invalid_field() {
        details.add_bad_request_violation(&fault.field, &fault.description);
    } else if kind == Kind::RequestIdReused {
        details.add_bad_request_violation("request_id", "must be new for another request");
    }
    if let Some(quota) = failure.quota() {
        details.set_quota_failure(vec![QuotaViolation::new(quota, "limit reached")]);
    }
    if let Some(after) = failure.retry_after().or(kind.retry_after()) {
        details.set_retry_info(Some(after));
    }
    details
}

fn log<E: ServiceError + ?Sized>(failure: &E, kind: Kind) {
    let reason = reason_name(failure.reason());
    match kind {
        Kind::Internal => error!(reason, error = %chain(failure), "call failed"),
        Kind::Unavailable => warn!(reason, error = %chain(failure), "call failed"),
        Kind::Invalid
        | Kind::RequestIdReused
        | Kind::Unauthenticated
        | Kind::Forbidden
        | Kind::NotFound
        | Kind::Conflict
        | Kind::Precondition
        | Kind::Exhausted
        | Kind::Deadline
        | Kind::Unimplemented => debug!(reason, error = %chain(failure), "call refused"),
    }
}

/// An error and its sources on one line, for the log.
pub fn chain<E: Error + ?Sized>(failure: &E) -> String {
    let mut text = failure.to_string();
    let mut source = failure.source();
    while let Some(cause) = source {
        // Writing to a string cannot fail.
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}

/// The reason that a service of the suite gave, read back from its status.
pub fn reason_of(status: &Status) -> Option<ErrorReason> {
    let info = status.get_details_error_info()?;
    (info.domain == ERROR_DOMAIN)
        .then(|| ErrorReason::from_str_name(&format!("{REASON_PREFIX}{}", info.reason)))
        .flatten()
}

/// How long a service asked its caller to wait before a retry, read back from its status.
pub fn retry_after_of(status: &Status) -> Option<Duration> {
    status.get_details_retry_info()?.retry_delay
}

#[cfg(test)]
mod tests;
